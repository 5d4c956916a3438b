/* ldap_op.h - LDAP's operations: what an operation has to look like, and what it changes for the messages to come. */
#ifndef CONNLOG_SERVICE_LDAP_OP_H
#define CONNLOG_SERVICE_LDAP_OP_H

#include "service/directory/ldap_ber.h"

/* How the next message of either side is to be read. */
enum ldap_mode { LDAP_PLAIN, LDAP_MS_KRB5, LDAP_TLS, LDAP_MAYBE, LDAP_ENCRYPTED };
enum ldap_mechanism { LDAP_NO_SASL, LDAP_SASL, LDAP_GSS, LDAP_SPNEGO };

struct ldap_context {
	uint8_t mode, mechanism;
	bool    starttls; /* was asked for */
};

/* How far an operation was read that is not complete. */
struct ldap_progress {
	uint64_t need;   /* so many of its bytes are looked for next */
	bool     result; /* its result was there, and has had its effect */
};

/* Returns whether Zeek knows the operation but skips it. */
bool ldap_op_skipped(unsigned opcode);
/* Looks at `have`, the beginning of an operation of `length` bytes, and updates `*c`: where it is complete and good, but for
 * the effect of a result, which it has when it is there. */
enum ber_fit
ldap_op(unsigned opcode, struct bytes have, uint64_t length, struct ldap_context *c, struct ldap_progress *p);

#endif
