/* registry.c - see registry.h. */
#include "service/registry.h"

#include <stdlib.h>

extern const struct recogniser recogniser_dce_rpc;
extern const struct recogniser recogniser_dhcp;
extern const struct recogniser recogniser_dnp3_tcp;
extern const struct recogniser recogniser_dnp3_udp;
extern const struct recogniser recogniser_dns;
extern const struct recogniser recogniser_dtls;
extern const struct recogniser recogniser_finger;
extern const struct recogniser recogniser_ftp;
extern const struct recogniser recogniser_gssapi;
extern const struct recogniser recogniser_http;
extern const struct recogniser recogniser_imap;
extern const struct recogniser recogniser_irc;
extern const struct recogniser recogniser_krb;
extern const struct recogniser recogniser_krb_tcp;
extern const struct recogniser recogniser_ldap_tcp;
extern const struct recogniser recogniser_ldap_udp;
extern const struct recogniser recogniser_modbus;
extern const struct recogniser recogniser_mqtt;
extern const struct recogniser recogniser_mysql;
extern const struct recogniser recogniser_ntlm;
extern const struct recogniser recogniser_ntp;
extern const struct recogniser recogniser_pop3;
extern const struct recogniser recogniser_postgresql;
extern const struct recogniser recogniser_quic;
extern const struct recogniser recogniser_radius;
extern const struct recogniser recogniser_rdp;
extern const struct recogniser recogniser_rdpeudp;
extern const struct recogniser recogniser_redis;
extern const struct recogniser recogniser_rfb;
extern const struct recogniser recogniser_sip;
extern const struct recogniser recogniser_smb;
extern const struct recogniser recogniser_smtp;
extern const struct recogniser recogniser_snmp;
extern const struct recogniser recogniser_socks;
extern const struct recogniser recogniser_ssh;
extern const struct recogniser recogniser_ssl;
extern const struct recogniser recogniser_syslog;
extern const struct recogniser recogniser_websocket;
extern const struct recogniser recogniser_xmpp;

/* clang-format off */
static const struct recogniser *const all[] = {
	&recogniser_dce_rpc,
	&recogniser_dhcp,
	&recogniser_dnp3_tcp,
	&recogniser_dnp3_udp,
	&recogniser_dns,
	&recogniser_dtls,
	&recogniser_finger,
	&recogniser_ftp,
	&recogniser_gssapi,
	&recogniser_http,
	&recogniser_imap,
	&recogniser_irc,
	&recogniser_krb,
	&recogniser_krb_tcp,
	&recogniser_ldap_tcp,
	&recogniser_ldap_udp,
	&recogniser_modbus,
	&recogniser_mqtt,
	&recogniser_mysql,
	&recogniser_ntlm,
	&recogniser_ntp,
	&recogniser_pop3,
	&recogniser_postgresql,
	&recogniser_quic,
	&recogniser_radius,
	&recogniser_rdp,
	&recogniser_rdpeudp,
	&recogniser_redis,
	&recogniser_rfb,
	&recogniser_sip,
	&recogniser_smb,
	&recogniser_smtp,
	&recogniser_snmp,
	&recogniser_socks,
	&recogniser_ssh,
	&recogniser_ssl,
	&recogniser_syslog,
	&recogniser_websocket,
	&recogniser_xmpp,
};
/* clang-format on */
#define N_ALL (sizeof all / sizeof *all) /* NOLINT(bugprone-sizeof-expression): of pointers, it is */

static unsigned
count(const uint16_t *ports)
{
	unsigned n = 0;

	while (ports && ports[n])
		n++;
	return n;
}

/* Sorted in, behind those of the same port. */
static void
claim(struct registry *r, const struct recogniser *what, bool udp)
{
	for (const uint16_t *p = udp ? what->udp_ports : what->tcp_ports; p && *p; p++) {
		const uint32_t at = (uint32_t)udp << 16 | *p;
		unsigned       k = r->n_claims++;

		for (; k > 0 && r->claims[k - 1].at > at; k--)
			r->claims[k] = r->claims[k - 1];
		r->claims[k] = (struct port_claim){ at, what };
	}
}

bool
registry_init(struct registry *r)
{
	unsigned n = 0;

	*r = (struct registry){ 0 };
	for (size_t i = 0; i < N_ALL; i++) {
		r->of[all[i]->service] = all[i];
		n += count(all[i]->tcp_ports) + count(all[i]->udp_ports);
	}
	r->claims = malloc(n * sizeof *r->claims);
	if (!r->claims)
		return false;
	for (unsigned s = 0; s < SERVICE_COUNT; s++)
		for (int udp = 0; r->of[s] && udp < 2; udp++)
			claim(r, r->of[s], udp);
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
	unsigned       low = 0, high = r->n_claims, n = 0;

	while (low < high) {
		const unsigned middle = (low + high) / 2;
		if (r->claims[middle].at < at)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < r->n_claims && r->claims[low].at == at && n < PORT_CLAIMS; low++)
		out[n++] = r->claims[low].by;
	return n;
}
