/* names.h - the services, and their names in the columns of conn.log. */
#ifndef CONNLOG_DPD_NAMES_H
#define CONNLOG_DPD_NAMES_H

/* X(id, name), in the order in which Zeek numbers its analyzers, which decides which comes first if two claim a port (names of
 * plugins; Spicy's come after SOCKS and before SSH). */
#define SERVICES(X)                                                                                                    \
	X(AYIYA, "ayiya")                                                                                                  \
	X(DCE_RPC, "dce_rpc")                                                                                              \
	X(DHCP, "dhcp")                                                                                                    \
	X(DNP3_TCP, "dnp3_tcp")                                                                                            \
	X(DNP3_UDP, "dnp3_udp")                                                                                            \
	X(DNS, "dns")                                                                                                      \
	X(FTP, "ftp")                                                                                                      \
	X(FTP_DATA, "ftp-data")                                                                                            \
	X(GENEVE, "geneve")                                                                                                \
	X(GRIDFTP, "gridftp")                                                                                              \
	X(GRIDFTP_DATA, "gridftp-data")                                                                                    \
	X(GSSAPI, "gssapi")                                                                                                \
	X(GTPV1, "gtpv1")                                                                                                  \
	X(HTTP, "http")                                                                                                    \
	X(IMAP, "imap")                                                                                                    \
	X(IRC, "irc")                                                                                                      \
	X(IRC_DCC_DATA, "irc-dcc-data")                                                                                    \
	X(KRB, "krb")                                                                                                      \
	X(KRB_TCP, "krb_tcp")                                                                                              \
	X(MODBUS, "modbus")                                                                                                \
	X(MQTT, "mqtt")                                                                                                    \
	X(MYSQL, "mysql")                                                                                                  \
	X(NTLM, "ntlm")                                                                                                    \
	X(NTP, "ntp")                                                                                                      \
	X(POP3, "pop3")                                                                                                    \
	X(RADIUS, "radius")                                                                                                \
	X(RDP, "rdp")                                                                                                      \
	X(RDPEUDP, "rdpeudp")                                                                                              \
	X(RFB, "rfb")                                                                                                      \
	X(SIP, "sip")                                                                                                      \
	X(SMB, "smb")                                                                                                      \
	X(SMTP, "smtp")                                                                                                    \
	X(SNMP, "snmp")                                                                                                    \
	X(SOCKS, "socks")                                                                                                  \
	X(FINGER, "finger")                                                                                                \
	X(LDAP_TCP, "ldap_tcp")                                                                                            \
	X(LDAP_UDP, "ldap_udp")                                                                                            \
	X(POSTGRESQL, "postgresql")                                                                                        \
	X(QUIC, "quic")                                                                                                    \
	X(REDIS, "redis")                                                                                                  \
	X(SYSLOG, "syslog")                                                                                                \
	X(SSH, "ssh")                                                                                                      \
	X(DTLS, "dtls")                                                                                                    \
	X(SSL, "ssl")                                                                                                      \
	X(TEREDO, "teredo")                                                                                                \
	X(VXLAN, "vxlan")                                                                                                  \
	X(WEBSOCKET, "websocket")                                                                                          \
	X(XMPP, "xmpp")

#define SERVICE_ENUM(id, name) SERVICE_##id,
enum service { SERVICE_NONE, SERVICES(SERVICE_ENUM) SERVICE_COUNT };

/* Returns the name, or "" for SERVICE_NONE. */
const char *service_name(enum service s);

#endif
