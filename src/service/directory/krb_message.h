/* krb_message.h - one Kerberos message, for both transports. */
#ifndef CONNLOG_SERVICE_KRB_MESSAGE_H
#define CONNLOG_SERVICE_KRB_MESSAGE_H

#include "dpd/talk.h"

/* Parses it; confirms at its end, or at that of an AP-REQ inside.  Returns false if it does not parse. */
bool krb_message(struct talk *t, struct bytes b);

#endif
