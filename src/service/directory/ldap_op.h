/* ldap_op.h - LDAP's operations: the required form, and their effect on later messages. */
#ifndef CONNLOG_SERVICE_LDAP_OP_H
#define CONNLOG_SERVICE_LDAP_OP_H

#include "service/directory/ldap_ber.h"

/* How to read the next message of either side. */
enum ldap_mode { LDAP_PLAIN, LDAP_MS_KRB5, LDAP_TLS, LDAP_MAYBE, LDAP_ENCRYPTED };
enum ldap_mechanism { LDAP_NO_SASL, LDAP_SASL, LDAP_GSS, LDAP_SPNEGO };

struct ldap_context {
	uint8_t mode, mechanism;
	bool    starttls; /* StartTLS was requested */
};

/* How far an incomplete operation has been read. */
struct ldap_progress {
	uint64_t need;   /* how many of its bytes are needed next */
	bool     result; /* its result was parsed, and has taken effect */
};

/* Returns whether Zeek knows the operation but skips it. */
bool ldap_op_skipped(unsigned opcode);
/* Parses `have`, the beginning of an operation of `length` bytes. Updates `*c` if the operation is complete and valid;
 * a result takes effect as soon as it has arrived. */
enum ber_fit
ldap_op(unsigned opcode, struct bytes have, uint64_t length, struct ldap_context *c, struct ldap_progress *p);

#endif
