/* ldap_flow.h - one direction of LDAP, shared by ldap.c and ldap_sasl.c. */
#ifndef CONNLOG_SERVICE_LDAP_FLOW_H
#define CONNLOG_SERVICE_LDAP_FLOW_H

#include "dpd/talk.h"
#include "service/directory/ldap_op.h"
#include "service/gather.h"

/* The kind of bytes expected next. */
enum ldap_phase {
	FLOW_START,
	FLOW_HEAD,
	FLOW_OP,
	FLOW_OP_PASSED,
	FLOW_TAIL,
	FLOW_DECIDE,
	FLOW_SEALED,
	FLOW_KRB5,
	FLOW_TOKEN,
	FLOW_DOOMED,
	FLOW_LOST,
	FLOW_TLS,
	FLOW_DEAD
};

struct ldap_flow {
	struct gather        g;
	struct ldap_progress progress; /* of the operation; and how many bytes of the headers are needed next */
	uint64_t             skip;     /* bytes to skip */
	uint64_t message, before, op;  /* lengths: of a message, of what precedes its operation, of the operation */
	uint64_t limit;                /* of a plaintext token: bytes left */
	uint32_t tried;                /* bytes of the operation without an error */
	uint16_t trailer;              /* of the token */
	uint8_t  phase, opcode;
	bool     limited;
};

/* Returns how many bytes are buffered from earlier chunks. */
static inline size_t
ldap_held(const struct ldap_flow *f)
{
	return gather_held(&f->g).n;
}

/* Reports a parse error, which ends both sides. */
static inline bool
ldap_fail(struct talk *t, struct ldap_flow *f)
{
	f->phase = FLOW_DEAD;
	talk_violate(t);
	talk_skip(t);
	return false;
}

/* ---- ldap_sasl.c: one step each.  Return false if there are not enough bytes, or after an error. */

/* A message begins, wrapped or not. */
bool ldap_start(struct talk *t, struct ldap_flow *f, struct ldap_context *c, struct bytes *in);
/* The first token after a bind tells how messages are wrapped. */
bool ldap_decide(struct talk *t, struct ldap_flow *f, struct ldap_context *c, struct bytes *in);
bool ldap_sealed(struct ldap_flow *f, struct bytes *in);
bool ldap_krb5(struct talk *t, struct ldap_flow *f, struct bytes *in);

#endif
