/* registry.c - see registry.h. */
#include "service/registry.h"

/* recognisers */
extern const struct recogniser recogniser_dns;
extern const struct recogniser recogniser_dtls;
extern const struct recogniser recogniser_ntp;
extern const struct recogniser recogniser_quic;
extern const struct recogniser recogniser_ssl;

static const struct recogniser *const all[] = {
	&recogniser_dns,
	&recogniser_dtls,
	&recogniser_ntp,
	&recogniser_quic,
	&recogniser_ssl,
	NULL, /* ends the list */
};
#define N_ALL (sizeof all / sizeof *all - 1)

const struct recogniser *
recogniser_of(enum service s)
{
	for (size_t i = 0; i < N_ALL; i++)
		if (all[i]->service == s)
			return all[i];
	return NULL;
}

static bool
claims(const uint16_t *ports, uint16_t port)
{
	for (; ports && *ports; ports++)
		if (*ports == port)
			return true;
	return false;
}

unsigned
recognisers_at(bool udp, uint16_t port, const struct recogniser *out[PORT_CLAIMS])
{
	unsigned n = 0;

	for (size_t i = 0; i < N_ALL && n < PORT_CLAIMS; i++)
		if (port != 0 && claims(udp ? all[i]->udp_ports : all[i]->tcp_ports, port))
			out[n++] = all[i];
	if (n == 2 && out[0]->service > out[1]->service) {
		const struct recogniser *first = out[1];
		out[1] = out[0];
		out[0] = first;
	}
	return n;
}
