/* table.h - the hash table from connection keys to handles.
 *
 * Open addressing with linear probing over slots of eight bytes: 32 bits of the key's hash and the connection's
 * handle, so that a probe reads a connection only if the hashes agree.  Deletion moves the following entries back, so there are no
 * tombstones.  The table does not know keys: the caller compares.
 */
#ifndef CONNLOG_CONN_TABLE_H
#define CONNLOG_CONN_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fetch.h"
#include "base/memory.h"

struct table_slot {
	uint32_t hash;
	uint32_t handle; /* 0: empty */
};

struct table {
	struct table_slot *slots;
	uint32_t           mask; /* slots - 1 */
	uint32_t           used;
	struct memory     *memory; /* a bound, of which `leave` must be left for others; or NULL */
	uint64_t           leave;
};

bool   table_init(struct table *t);
void   table_free(struct table *t);
void   table_bound(struct table *t, struct memory *m, uint64_t leave);
size_t table_bytes(const struct table *t);
/* Removes everything, and frees memory that a small table does not need. */
void table_clear(struct table *t);

/* Returns false when out of memory; the table is unchanged. */
bool table_insert(struct table *t, uint32_t hash, uint32_t handle);
void table_remove(struct table *t, uint32_t hash, uint32_t handle);

static inline void
table_fetch(const struct table *t, uint32_t hash)
{
	fetch(&t->slots[hash & t->mask]);
}

/* Iterates over the handles that may belong to `hash`: start with *at = hash & mask and call until it returns 0. */
static inline uint32_t
table_probe(const struct table *t, uint32_t hash, uint32_t *at)
{
	const struct table_slot *s;

	do { /* an empty slot ends the walk, whatever its hash says */
		s = &t->slots[*at];
		*at = (*at + 1) & t->mask;
	} while (s->hash != hash && s->handle != 0);
	return s->handle;
}

#endif
