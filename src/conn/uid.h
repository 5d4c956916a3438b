/* uid.h - the 96 bits that identify a connection, and their text. */
#ifndef CONNLOG_CONN_UID_H
#define CONNLOG_CONN_UID_H

#include <stddef.h>

#include "base/siphash.h"
#include "decode/pkt.h"

/* "C" and up to 17 base-62 digits for 96 bits, written in pieces of eight bytes. */
#define UID_TEXT_MAX 24

/* Returns a keyed hash of what identifies a connection: its tuple in either direction, its start, and the index of its
 * first packet among those of that time. It cannot be guessed without the key; the same key and connection give the
 * same uid, whatever else is in the input. */
struct uid uid_make(const struct siphash_key *key, const struct addr *a, uint16_t port_a, const struct addr *b,
                    uint16_t port_b, uint8_t proto, double start, uint32_t salt);

/* Writes "C" and the base-62 digits, lowest first as Zeek prints them (UID::Base62). Returns the length, without a
 * NUL. */
size_t uid_format(const struct uid *uid, char out[UID_TEXT_MAX]);

static inline bool
uid_equal(const struct uid *a, const struct uid *b)
{
	return a->hi == b->hi && a->lo == b->lo;
}

#endif
