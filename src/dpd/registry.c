/* registry.c - see registry.h. */
#include "dpd/registry.h"

#include <stdlib.h>

static unsigned
count(const uint16_t *ports)
{
	unsigned n = 0;

	while (ports && ports[n])
		n++;
	return n;
}

/* Adds a claim for each port, after all others. */
static void
claim(struct registry *r, const struct recogniser *what, bool udp)
{
	for (const uint16_t *p = udp ? what->udp_ports : what->tcp_ports; p && *p; p++)
		r->claims[r->n_claims++] = (struct port_claim){ .at = (uint32_t)udp << 16 | *p, .by = what };
}

static unsigned
hash_of(uint32_t at)
{
	return (at ^ at >> 8) % REGISTRY_HASH;
}

/* Links claims from the last to the first, so that those with the same hash are found in order. */
static void
chain_claims(struct registry *r)
{
	for (unsigned k = r->n_claims; k > 0; k--) {
		uint16_t *first = &r->first[hash_of(r->claims[k - 1].at)];
		r->claims[k - 1].next = *first;
		*first = (uint16_t)k;
	}
}

bool
registry_init(struct registry *r, const struct recogniser *const *of)
{
	unsigned n = 0;

	*r = (struct registry){ .of = of };
	for (unsigned s = 0; s < SERVICE_COUNT; s++)
		if (of[s])
			n += count(of[s]->tcp_ports) + count(of[s]->udp_ports);
	r->claims = malloc(n * sizeof *r->claims);
	if (!r->claims)
		return false;
	for (unsigned s = 0; s < SERVICE_COUNT; s++)
		for (int udp = 0; of[s] && udp < 2; udp++)
			claim(r, of[s], udp);
	chain_claims(r);
	return true;
}

void
registry_free(struct registry *r)
{
	free(r->claims);
	r->claims = NULL;
}

unsigned
recognisers_at(const struct registry *r, bool udp, uint16_t port, const struct recogniser *out[PORT_CLAIMS])
{
	const uint32_t at = (uint32_t)udp << 16 | port;
	unsigned       n = 0;

	for (unsigned k = r->first[hash_of(at)]; k > 0 && n < PORT_CLAIMS; k = r->claims[k - 1].next)
		if (r->claims[k - 1].at == at)
			out[n++] = r->claims[k - 1].by;
	return n;
}
