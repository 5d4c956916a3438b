/* registry.c - see registry.h. */
#include "service/registry.h"

extern const struct recogniser recogniser_dce_rpc;
extern const struct recogniser recogniser_dhcp;
extern const struct recogniser recogniser_dns;
extern const struct recogniser recogniser_dtls;
extern const struct recogniser recogniser_ftp;
extern const struct recogniser recogniser_gssapi;
extern const struct recogniser recogniser_http;
extern const struct recogniser recogniser_krb;
extern const struct recogniser recogniser_krb_tcp;
extern const struct recogniser recogniser_ldap_tcp;
extern const struct recogniser recogniser_ldap_udp;
extern const struct recogniser recogniser_modbus;
extern const struct recogniser recogniser_mqtt;
extern const struct recogniser recogniser_mysql;
extern const struct recogniser recogniser_ntlm;
extern const struct recogniser recogniser_ntp;
extern const struct recogniser recogniser_quic;
extern const struct recogniser recogniser_radius;
extern const struct recogniser recogniser_rdp;
extern const struct recogniser recogniser_rdpeudp;
extern const struct recogniser recogniser_sip;
extern const struct recogniser recogniser_smtp;
extern const struct recogniser recogniser_snmp;
extern const struct recogniser recogniser_ssh;
extern const struct recogniser recogniser_ssl;
extern const struct recogniser recogniser_syslog;

static const struct recogniser *const all[] = {
	&recogniser_dce_rpc,
	&recogniser_dhcp,
	&recogniser_dns,
	&recogniser_dtls,
	&recogniser_ftp,
	&recogniser_gssapi,
	&recogniser_http,
	&recogniser_krb,
	&recogniser_krb_tcp,
	&recogniser_ldap_tcp,
	&recogniser_ldap_udp,
	&recogniser_modbus,
	&recogniser_mqtt,
	&recogniser_mysql,
	&recogniser_ntlm,
	&recogniser_ntp,
	&recogniser_quic,
	&recogniser_radius,
	&recogniser_rdp,
	&recogniser_rdpeudp,
	&recogniser_sip,
	&recogniser_smtp,
	&recogniser_snmp,
	&recogniser_ssh,
	&recogniser_ssl,
	&recogniser_syslog,
};
#define N_ALL (sizeof all / sizeof *all)

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
