/* ldap_bind.h - LDAP's bind operation, and what it shares with the others of ldap_op.c. */
#ifndef CONNLOG_SERVICE_LDAP_BIND_H
#define CONNLOG_SERVICE_LDAP_BIND_H

#include "service/directory/ldap_op.h"

#define TRY(call)                                                                                                      \
	do {                                                                                                               \
		const enum ber_fit fit_ = (call);                                                                              \
		if (fit_ != BER_OK)                                                                                            \
			return fit_;                                                                                               \
	} while (0)

enum ber_fit ldap_bind_request(struct ber *b, struct ldap_context *c);
/* The result at the beginning of a response takes effect before the rest has arrived. */
enum ber_fit ldap_bind_result(struct ber *b, struct ldap_context *c, struct ldap_progress *p);
enum ber_fit ldap_bind_response(struct ber *b, struct ldap_context *c);

/* ---- ldap_op.c */

/* Reads an LDAPResult without its referral. */
enum ber_fit ldap_result(struct ber *b, int64_t *code);

#endif
