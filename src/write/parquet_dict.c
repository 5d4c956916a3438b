/* parquet_dict.c - the dictionary of a column's chunk: each distinct value once, in order of appearance.
 *
 * Values are found in a hash table.  The values come from outside and the hash has no key, because the output should
 * depend on the records alone; therefore a value that is not found within a few slots ends the dictionary, and an
 * attacker who makes values collide only gets a column without one.
 */
#include <endian.h>
#include <stdlib.h>

#include "write/parquet.h"

enum {
	SLOTS_LEAST = 256,
	PROBES = 64,   /* slots searched for a value */
	SAMPLE = 1024, /* number of values after which the dictionary is first checked for usefulness */
	REST = 7,      /* row groups without a dictionary after one in which it did not help */
};

static uint64_t
mix(uint64_t a, uint64_t b)
{
	const unsigned __int128 product = (unsigned __int128)a * b;
	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static inline uint64_t
hash_of(const char *p, size_t n)
{
	uint64_t h = 0x9e3779b97f4a7c15u ^ n, word;

	for (; n >= 8; n -= 8, p += 8) {
		memcpy(&word, p, 8);
		h = mix(h ^ word, 0xd6e8feb86659fd93u);
	}
	word = 0;
	memcpy(&word, p, n);
	return mix(h ^ word, 0xa0761d6478bd642fu);
}

static uint32_t
text_length(const char *p)
{
	uint32_t n;

	memcpy(&n, p, 4);
	return le32toh(n);
}

struct entry {
	const char *p;
	size_t      n;
};

static inline struct entry
entry_at(const struct pq_dict *d, unsigned width, uint32_t i)
{
	uint32_t at;

	if (width > 0)
		return (struct entry){ d->entries.p + (size_t)i * width, width };
	memcpy(&at, d->places.p + 4 * (size_t)i, 4);
	return (struct entry){ d->entries.p + at, 4 + text_length(d->entries.p + at) };
}

/* Moves all entries into twice as many slots.  Returns false when out of memory. */
static bool
grow(struct pq_dict *d, unsigned width)
{
	const uint32_t room = d->room > 0 ? 2 * d->room : SLOTS_LEAST;
	uint32_t      *slots = calloc(room, sizeof *slots);

	if (slots == NULL)
		return false;
	for (uint32_t i = 0; i < d->n; i++) {
		const struct entry k = entry_at(d, width, i);
		uint64_t           at = hash_of(k.p, k.n) >> 20;
		while (slots[at & (room - 1)] != 0)
			at++;
		slots[at & (room - 1)] = i + 1;
	}
	free(d->slots);
	d->slots = slots;
	d->room = room;
	return true;
}

/* Returns the number of the new entry, or UINT32_MAX if there is no more room. */
static uint32_t
add(struct pq_dict *d, unsigned width, struct entry k)
{
	const uint32_t at = (uint32_t)d->entries.n;

	if (d->n == PQ_DICT_ENTRIES || d->entries.n + k.n > PQ_DICT_BYTES)
		return UINT32_MAX;
	if (width == 0)
		outbuf_put(&d->places, (const char *)&at, 4);
	outbuf_put(&d->entries, k.p, k.n);
	return d->entries.failed || d->places.failed ? UINT32_MAX : d->n++;
}

/* Returns the value's number, adding the value if necessary, or UINT32_MAX if it cannot be added. */
static inline uint32_t
number_of(struct pq_dict *d, unsigned width, struct entry k)
{
	uint64_t at = hash_of(k.p, k.n) >> 20;

	for (unsigned i = 0; i < PROBES; i++, at++) {
		uint32_t *slot = &d->slots[at & (d->room - 1)];
		if (*slot == 0) {
			const uint32_t number = add(d, width, k);
			*slot = number + 1;
			return number;
		}
		const struct entry entry = entry_at(d, width, *slot - 1);
		if (entry.n == k.n && memcmp(entry.p, k.p, k.n) == 0)
			return *slot - 1;
	}
	return UINT32_MAX;
}

/* Returns whether all values got a number.  Inline, so that the width is known at compile time. */
static inline bool
number_all(struct pq_dict *d, unsigned width, const char *p, uint32_t set, uint32_t *numbers)
{
	const uint32_t before = d->n;
	struct entry   last = { p, 0 };

	for (uint32_t i = 0; i < set; i++) {
		const struct entry k = { p, width > 0 ? width : 4 + text_length(p) };
		p += k.n;
		if (k.n == last.n && memcmp(k.p, last.p, k.n) == 0) {
			numbers[i] = numbers[i - 1];
			continue;
		}
		last = k;
		if (d->n >= d->room / 2 && !grow(d, width))
			return false;
		numbers[i] = number_of(d, width, k);
		if (numbers[i] == UINT32_MAX || (before == 0 && i >= SAMPLE && d->n > i / 4 * 3))
			return false;
	}
	return before > 0 || d->n <= set / 3 * 2 + 1;
}

static bool
number_page(struct pq_column *c, uint32_t *numbers)
{
	switch (pq_kinds[c->kind].width) {
	case 4:
		return number_all(&c->dict, 4, c->values.p, c->set, numbers);
	case 8:
		return number_all(&c->dict, 8, c->values.p, c->set, numbers);
	case 16:
		return number_all(&c->dict, 16, c->values.p, c->set, numbers);
	default: /* texts */
		return number_all(&c->dict, 0, c->values.p, c->set, numbers);
	}
}

bool
pq_dict_number(struct pq_column *c, struct outbuf *numbers)
{
	struct pq_dict *d = &c->dict;
	const uint32_t  before = d->n;
	const size_t    bytes = d->entries.n, places = d->places.n;

	if (c->set == 0 || c->distinct || d->given_up || d->rest > 0)
		return false;
	numbers->n = 0;
	uint32_t *v = (void *)outbuf_reserve(numbers, (c->set + 1u) * sizeof *v);
	if (v != NULL && number_page(c, v) && !d->entries.failed && !d->places.failed)
		return true;
	d->n = before; /* the slots are no longer valid and no longer used */
	d->entries.n = bytes;
	d->places.n = places;
	d->given_up = true;
	return false;
}

void
pq_dict_clear(struct pq_dict *d)
{
	if (d->rest > 0)
		d->rest--;
	else if (d->given_up && d->n == 0)
		d->rest = REST;
	d->given_up = false;
	d->n = 0;
	d->entries.n = d->places.n = 0;
	if (d->slots != NULL)
		memset(d->slots, 0, d->room * sizeof *d->slots);
}

void
pq_dict_free(struct pq_dict *d)
{
	free(d->slots);
	outbuf_free(&d->entries);
	outbuf_free(&d->places);
	*d = (struct pq_dict){ .rest = d->rest };
}
