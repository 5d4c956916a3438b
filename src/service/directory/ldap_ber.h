/* ldap_ber.h - BER elements as Zeek's LDAP parser reads them (ldap/asn1.spicy), from bytes that may be incomplete. */
#ifndef CONNLOG_SERVICE_LDAP_BER_H
#define CONNLOG_SERVICE_LDAP_BER_H

#include "base/bytes.h"

/* The result of parsing: an error, more bytes are needed, or success. */
enum ber_fit { BER_BAD, BER_MORE, BER_OK };

enum { BER_UNIVERSAL, BER_APPLICATION, BER_CONTEXT, BER_PRIVATE }; /* classes */
enum { BER_BOOLEAN = 1, BER_INTEGER = 2, BER_OCTETS = 4, BER_OID = 6, BER_ENUMERATED = 10, BER_SEQUENCE = 16, BER_SET };

/* A cursor: at <= have <= end; the bytes up to `have` have arrived, those up to `end` belong to it.  If more are
 * needed, `*need` (unless NULL) is set to how many. */
struct ber {
	const uint8_t *p;
	uint64_t       at, have, end;
	uint64_t      *need;
};

struct ber_head {
	uint64_t len;
	uint8_t  cls, type;
};

/* An element: its head, and what was read after it (nothing of a sequence or set that was not descended into). */
struct ber_element {
	struct ber_head head;
	struct bytes    body;
};

/* Returns a cursor over complete bytes. */
struct ber ber_over(struct bytes b);

/* All of these move the cursor only if they return BER_OK. */
enum ber_fit ber_take(struct ber *b, uint64_t n, const uint8_t **p);
enum ber_fit ber_length(struct ber *b, uint64_t *len);
enum ber_fit ber_header(struct ber *b, struct ber_head *h);
/* Sequences and sets are checked recursively (32 levels) if `descend`, otherwise left to be read. */
enum ber_fit ber_next(struct ber *b, bool descend, struct ber_element *e);
/* Do what ber_next() does with `descend`, but accept only a number, or a string. */
enum ber_fit ber_number(struct ber *b, int64_t *n);
enum ber_fit ber_string(struct ber *b, struct ber_element *e);

bool ber_is_string(const struct ber_head *h);
/* Returns whether the element is a number of 1 to 8 bytes, and stores its value. */
bool ber_value(const struct ber_element *e, int64_t *n);
/* Returns whether the object identifier's text is that of the `n` arcs. */
bool ber_oid_is(struct bytes oid, const uint32_t *arcs, size_t n);

#endif
