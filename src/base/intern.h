/* intern.h - values of sixteen bytes that many share, each kept once under a number.
 *
 * Who keeps a number has asked for it with intern_add() and gives it back with intern_drop(); a value
 * that nobody uses any more makes room for another.  Numbers begin with 1.
 */
#ifndef CONNLOG_BASE_INTERN_H
#define CONNLOG_BASE_INTERN_H

#include <stddef.h>
#include <stdint.h>

#include "base/siphash.h"

#define INTERN_SIZE 16

struct interned {
	uint64_t value[INTERN_SIZE / 8];
	uint32_t uses; /* 0: free */
	uint32_t next; /* of its chain, or of the free ones */
};

struct intern {
	const struct siphash_key *key;
	struct interned          *at;    /* by number */
	uint32_t                 *heads; /* first of each chain; `chains` of them, a power of two */
	uint32_t                  chains, room, top, free, most;
	uint32_t                  used;   /* values */
	uint32_t                  latest; /* what was asked for last */
};

/* No number is greater than `most`.  `key` stays the caller's and does not change once there are values. */
void intern_init(struct intern *n, const struct siphash_key *key, uint32_t most);
void intern_free(struct intern *n);

/* Returns the value's number, or 0 where there is no room or no memory. */
uint32_t intern_add(struct intern *n, const void *value);
void     intern_drop(struct intern *n, uint32_t number);

/* The value of a number that is in use, until the next is added. */
static inline const void *
intern_at(const struct intern *n, uint32_t number)
{
	return n->at[number].value;
}

/* Bytes of memory held. */
size_t intern_bytes(const struct intern *n);

#endif
