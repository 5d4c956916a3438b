/* registry.c - see registry.h. */
#include "service/registry.h"

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
#define N_ALL (sizeof all / sizeof *all)

void
registry_init(struct registry *r)
{
	*r = (struct registry){ 0 };
	for (size_t i = 0; i < N_ALL; i++) {
		r->of[all[i]->service] = all[i];
		for (const uint16_t *p = all[i]->tcp_ports; p && *p; p++)
			port_set_add(&r->claimed[0], *p);
		for (const uint16_t *p = all[i]->udp_ports; p && *p; p++)
			port_set_add(&r->claimed[1], *p);
	}
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
recognisers_at(const struct registry *r, bool udp, uint16_t port, const struct recogniser *out[PORT_CLAIMS])
{
	unsigned n = 0;

	if (!port_set_has(&r->claimed[udp], port))
		return 0;
	for (unsigned s = 0; s < SERVICE_COUNT && n < PORT_CLAIMS; s++) /* in the order of Zeek's numbers */
		if (r->of[s] && claims(udp ? r->of[s]->udp_ports : r->of[s]->tcp_ports, port))
			out[n++] = r->of[s];
	return n;
}
