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
const struct recogniser *const recognisers[SERVICE_COUNT] = {
	[SERVICE_DCE_RPC] = &recogniser_dce_rpc,
	[SERVICE_DHCP] = &recogniser_dhcp,
	[SERVICE_DNP3_TCP] = &recogniser_dnp3_tcp,
	[SERVICE_DNP3_UDP] = &recogniser_dnp3_udp,
	[SERVICE_DNS] = &recogniser_dns,
	[SERVICE_DTLS] = &recogniser_dtls,
	[SERVICE_FINGER] = &recogniser_finger,
	[SERVICE_FTP] = &recogniser_ftp,
	[SERVICE_GSSAPI] = &recogniser_gssapi,
	[SERVICE_HTTP] = &recogniser_http,
	[SERVICE_IMAP] = &recogniser_imap,
	[SERVICE_IRC] = &recogniser_irc,
	[SERVICE_KRB] = &recogniser_krb,
	[SERVICE_KRB_TCP] = &recogniser_krb_tcp,
	[SERVICE_LDAP_TCP] = &recogniser_ldap_tcp,
	[SERVICE_LDAP_UDP] = &recogniser_ldap_udp,
	[SERVICE_MODBUS] = &recogniser_modbus,
	[SERVICE_MQTT] = &recogniser_mqtt,
	[SERVICE_MYSQL] = &recogniser_mysql,
	[SERVICE_NTLM] = &recogniser_ntlm,
	[SERVICE_NTP] = &recogniser_ntp,
	[SERVICE_POP3] = &recogniser_pop3,
	[SERVICE_POSTGRESQL] = &recogniser_postgresql,
	[SERVICE_QUIC] = &recogniser_quic,
	[SERVICE_RADIUS] = &recogniser_radius,
	[SERVICE_RDP] = &recogniser_rdp,
	[SERVICE_RDPEUDP] = &recogniser_rdpeudp,
	[SERVICE_REDIS] = &recogniser_redis,
	[SERVICE_RFB] = &recogniser_rfb,
	[SERVICE_SIP] = &recogniser_sip,
	[SERVICE_SMB] = &recogniser_smb,
	[SERVICE_SMTP] = &recogniser_smtp,
	[SERVICE_SNMP] = &recogniser_snmp,
	[SERVICE_SOCKS] = &recogniser_socks,
	[SERVICE_SSH] = &recogniser_ssh,
	[SERVICE_SSL] = &recogniser_ssl,
	[SERVICE_SYSLOG] = &recogniser_syslog,
	[SERVICE_WEBSOCKET] = &recogniser_websocket,
	[SERVICE_XMPP] = &recogniser_xmpp,
};
/* clang-format on */

static unsigned
count(const uint16_t *ports)
{
	unsigned n = 0;

	while (ports && ports[n])
		n++;
	return n;
}

/* Inserts in order, after those of the same port. */
static void
claim(struct registry *r, const struct recogniser *what, bool udp)
{
	for (const uint16_t *p = udp ? what->udp_ports : what->tcp_ports; p && *p; p++) {
		const uint32_t at = (uint32_t)udp << 16 | *p;
		unsigned       k = r->n_claims++;

		for (; k > 0 && r->claims[k - 1].at > at; k--)
			r->claims[k] = r->claims[k - 1];
		r->claims[k] = (struct port_claim){ .at = at, .by = what };
	}
}

static unsigned
hash_of(uint32_t at)
{
	return (at ^ at >> 8) % REGISTRY_HASH;
}

/* From the last to the first, so that those of a hash are found in their order. */
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
registry_init(struct registry *r)
{
	unsigned n = 0;

	*r = (struct registry){ 0 };
	for (unsigned s = 0; s < SERVICE_COUNT; s++)
		if (recognisers[s])
			n += count(recognisers[s]->tcp_ports) + count(recognisers[s]->udp_ports);
	r->claims = malloc(n * sizeof *r->claims);
	if (!r->claims)
		return false;
	for (unsigned s = 0; s < SERVICE_COUNT; s++)
		for (int udp = 0; recognisers[s] && udp < 2; udp++)
			claim(r, recognisers[s], udp);
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
