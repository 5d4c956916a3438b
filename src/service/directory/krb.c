/* krb.c - Kerberos over UDP (RFC 4120), and the messages inside GSSAPI, which are passed one by one as over UDP; Zeek's
 * krb/KRB.cc.
 *
 * A datagram that parses as a message confirms, any other violates.  Nothing is buffered.
 */
#include "service/directory/krb_message.h"

static void
feed(struct talk *t, int side, struct bytes b)
{
	(void)side;
	if (!krb_message(t, b))
		talk_violate(t);
}

static const uint16_t ports[] = { 88, 0 };

const struct recogniser recogniser_krb = {
	.service = SERVICE_KRB,
	.udp_ports = ports,
	.feed = feed,
};
