/* ldap_ber.h - BER elements as Zeek's LDAP parser reads them (ldap/asn1.spicy), over bytes that may not all be there yet. */
#ifndef CONNLOG_SERVICE_LDAP_BER_H
#define CONNLOG_SERVICE_LDAP_BER_H

#include "base/bytes.h"

/* What a look at bytes found: an error, that more bytes have to come before it is known, or what was looked for. */
enum ber_fit { BER_BAD, BER_MORE, BER_OK };

enum { BER_UNIVERSAL, BER_APPLICATION, BER_CONTEXT, BER_PRIVATE }; /* classes */
enum { BER_BOOLEAN = 1, BER_INTEGER = 2, BER_OCTETS = 4, BER_OID = 6, BER_ENUMERATED = 10, BER_SEQUENCE = 16, BER_SET };

/* A cursor: at <= have <= end; the bytes up to `have` are there, those up to `end` belong to it.  Where more have to come,
 * `*need` tells how many have to be there, unless it is NULL. */
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

/* Returns a cursor over bytes that are all there. */
struct ber ber_over(struct bytes b);

/* All of these move the cursor only where they answer BER_OK. */
enum ber_fit ber_take(struct ber *b, uint64_t n, const uint8_t **p);
enum ber_fit ber_length(struct ber *b, uint64_t *len);
enum ber_fit ber_header(struct ber *b, struct ber_head *h);
/* Sequences and sets are checked to the bottom (32 levels) if `descend`, otherwise left to be read. */
enum ber_fit ber_next(struct ber *b, bool descend, struct ber_element *e);
/* As ber_next() that descends, but anything but a number, or a string, is bad. */
enum ber_fit ber_number(struct ber *b, int64_t *n);
enum ber_fit ber_string(struct ber *b, struct ber_element *e);

bool ber_is_string(const struct ber_head *h);
/* Returns whether a number of 1 to 8 bytes, with its value. */
bool ber_value(const struct ber_element *e, int64_t *n);
/* Returns whether the object identifier's text would be that of the `n` arcs. */
bool ber_oid_is(struct bytes oid, const uint32_t *arcs, size_t n);

#endif
