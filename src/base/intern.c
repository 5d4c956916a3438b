/* intern.c - see intern.h.  A hash table with chains; the values themselves are in one array, ordered by number. */
#include "base/intern.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/keyhash.h"

void
intern_init(struct intern *n, const struct siphash_key *key, uint32_t most)
{
	*n = (struct intern){ .key = key, .most = most, .top = 1 };
}

void
intern_free(struct intern *n)
{
	free(n->at);
	free(n->heads);
	intern_init(n, n->key, n->most);
}

static uint32_t *
head_of(const struct intern *n, const uint64_t value[2])
{
	return &n->heads[keyhash_one(n->key, value[0], value[1]) & (n->chains - 1)];
}

static void
chain(struct intern *n, uint32_t number)
{
	uint32_t *head = head_of(n, n->at[number].value);

	n->at[number].next = *head;
	*head = number;
}

/* Doubles the room for values, and the number of chains with it.  Returns whether there is room. */
static bool
grow(struct intern *n)
{
	const uint32_t   room = n->room ? 2 * n->room : 64;
	struct interned *at = realloc(n->at, room * sizeof *at);

	if (!at)
		return false;
	n->at = at;
	uint32_t *heads = calloc(room, sizeof *heads);
	if (!heads)
		return false;
	free(n->heads);
	n->heads = heads;
	n->chains = n->room = room;
	for (uint32_t i = 1; i < n->top; i++)
		if (n->at[i].uses > 0)
			chain(n, i);
	return true;
}

/* Returns a number that is not in use, or 0. */
static uint32_t
number_for_new(struct intern *n)
{
	const uint32_t number = n->free;

	if (number) {
		n->free = n->at[number].next;
		return number;
	}
	if (n->top > n->most || (n->top >= n->room && !grow(n)))
		return 0;
	return n->top++;
}

static bool
is(const struct intern *n, uint32_t number, const uint64_t value[2])
{
	const uint64_t *have = n->at[number].value;

	return have[0] == value[0] && have[1] == value[1];
}

static uint32_t
find(const struct intern *n, const uint64_t value[2])
{
	uint32_t number = n->chains ? *head_of(n, value) : 0;

	while (number && !is(n, number, value))
		number = n->at[number].next;
	return number;
}

static uint32_t
add_new(struct intern *n, const uint64_t value[2])
{
	const uint32_t number = number_for_new(n);

	if (!number)
		return 0;
	memcpy(n->at[number].value, value, INTERN_SIZE);
	n->at[number].uses = 0;
	chain(n, number);
	n->used++;
	return number;
}

uint32_t
intern_add(struct intern *n, const void *value)
{
	uint64_t w[2];
	uint32_t number = n->latest;

	memcpy(w, value, INTERN_SIZE);
	if (!number || !is(n, number, w)) {
		number = find(n, w);
		if (!number)
			number = add_new(n, w);
		if (!number)
			return 0;
		n->latest = number;
	}
	n->at[number].uses++;
	return number;
}

void
intern_drop(struct intern *n, uint32_t number)
{
	if (--n->at[number].uses > 0)
		return;
	uint32_t *at = head_of(n, n->at[number].value);
	while (*at != number)
		at = &n->at[*at].next;
	*at = n->at[number].next;
	n->at[number].next = n->free;
	n->free = number;
	n->used--;
	if (n->latest == number)
		n->latest = 0;
}

size_t
intern_bytes(const struct intern *n)
{
	return n->room * (sizeof *n->at + sizeof *n->heads);
}
