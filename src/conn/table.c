/* table.c - see table.h. */
#include "conn/table.h"

#include <string.h>

#include "base/pages.h"

#define TABLE_START 1024u

bool
table_init(struct table *t)
{
	*t = (struct table){ .slots = pages_alloc(TABLE_START * sizeof *t->slots), .mask = TABLE_START - 1 };
	return t->slots != NULL;
}

size_t
table_bytes(const struct table *t)
{
	return ((size_t)t->mask + 1) * sizeof *t->slots;
}

void
table_bound(struct table *t, struct memory *m, uint64_t leave)
{
	t->memory = m;
	t->leave = leave;
	m->mapped += table_bytes(t);
}

void
table_free(struct table *t)
{
	if (t->slots)
		pages_release(t->slots, table_bytes(t), table_bytes(t));
	*t = (struct table){ 0 };
}

void
table_clear(struct table *t)
{
	struct table small;

	/* A large table is freed: clearing it would mean writing all of it again. */
	if (t->mask >= TABLE_START && table_init(&small)) {
		if (t->memory)
			memory_give(t->memory, table_bytes(t) - table_bytes(&small));
		pages_free(t->slots, table_bytes(t));
		t->slots = small.slots;
		t->mask = small.mask;
	} else {
		memset(t->slots, 0, table_bytes(t));
	}
	t->used = 0;
}

static void
put(struct table *t, struct table_slot entry)
{
	uint32_t i = entry.hash & t->mask;
	while (t->slots[i].handle)
		i = (i + 1) & t->mask;
	t->slots[i] = entry;
}

/* Returns memory for the slots of a table, or NULL when out of memory. */
static struct table_slot *
new_slots(const struct table *t)
{
	if (t->memory && !memory_take(t->memory, table_bytes(t), t->leave))
		return NULL;
	struct table_slot *slots = pages_alloc(table_bytes(t));
	if (!slots && t->memory)
		memory_give(t->memory, table_bytes(t));
	return slots;
}

/* Doubles the table when it is three quarters full. When out of memory, the table may fill further, but not so far that
 * lookups become slow. */
static bool
reserve(struct table *t)
{
	if ((uint64_t)t->used * 4 < ((uint64_t)t->mask + 1) * 3)
		return true;
	struct table old = *t;
	t->mask = 2 * old.mask + 1;
	t->slots = new_slots(t);
	if (!t->slots) {
		*t = old;
		return t->used < t->mask - t->mask / 8;
	}
	for (size_t i = 0; i <= old.mask; i++)
		if (old.slots[i].handle)
			put(t, old.slots[i]);
	pages_free(old.slots, table_bytes(&old));
	if (t->memory)
		memory_give(t->memory, table_bytes(&old));
	return true;
}

bool
table_insert(struct table *t, uint32_t hash, uint32_t handle)
{
	if (!reserve(t))
		return false;
	put(t, (struct table_slot){ hash, handle });
	t->used++;
	return true;
}

void
table_remove(struct table *t, uint32_t hash, uint32_t handle)
{
	uint32_t hole = hash & t->mask;
	while (t->slots[hole].handle != handle) {
		if (!t->slots[hole].handle)
			return;
		hole = (hole + 1) & t->mask;
	}
	/* Move back entries that could no longer be found from their home slots. */
	for (uint32_t i = (hole + 1) & t->mask; t->slots[i].handle; i = (i + 1) & t->mask) {
		const uint32_t home = t->slots[i].hash & t->mask;
		if (((i - home) & t->mask) >= ((i - hole) & t->mask)) {
			t->slots[hole] = t->slots[i];
			hole = i;
		}
	}
	t->slots[hole].handle = 0;
	t->used--;
}
