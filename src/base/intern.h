/* intern.h - keeps each of many shared values of sixteen bytes once, under a number.
 *
 * A number is obtained from intern_add() and returned with intern_drop(); a value that is no longer used makes room
 * for another.  Numbers begin with 1.
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
	uint32_t next; /* the next in its chain, or in the free list */
};

struct intern {
	const struct siphash_key *key;
	struct interned          *at;    /* by number */
	uint32_t                 *heads; /* first of each chain; `chains` of them, a power of two */
	uint32_t                  chains, room, top, free, most;
	uint32_t                  used;   /* values */
	uint32_t                  latest; /* the most recent lookup */
};

/* No number exceeds `most`.  `key` remains the caller's and must not change once there are values. */
void intern_init(struct intern *n, const struct siphash_key *key, uint32_t most);
void intern_free(struct intern *n);

/* Returns the value's number, or 0 if there is no room or no memory. */
uint32_t intern_add(struct intern *n, const void *value);
void     intern_drop(struct intern *n, uint32_t number);

/* Returns the value of a number in use; the pointer is valid until the next value is added. */
static inline const void *
intern_at(const struct intern *n, uint32_t number)
{
	return n->at[number].value;
}

/* Returns the bytes of memory held. */
size_t intern_bytes(const struct intern *n);

#endif
