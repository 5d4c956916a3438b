/* recognisers.c - see recognisers.h. */
#include "service/recognisers.h"

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
