/* distinct.c - see distinct.h. */
#include "fold/distinct.h"

#include <math.h>
#include <stdlib.h>

#include "base/siphash.h"

enum {
	FIRST_ROOM = 16,
	LAST_ROOM = 2 * 1024, /* of which three quarters may be used */
	PORT_BYTES = 65536 / 8,
	REGISTER_BITS = 12,
	REGISTERS = 1 << REGISTER_BITS,
};
_Static_assert(LAST_ROOM / 4 * 3 == DISTINCT_EXACT, "a full table has as many");

struct distinct_more {
	struct addr samples[DISTINCT_SAMPLES];
	uint64_t   *slots; /* tokens, 0: empty; NULL: everything is in `dense` */
	uint32_t    room;
	uint8_t    *dense; /* one bit per port, or the registers for hosts */
};

/* Returns what represents a value in the table, never 0: a port itself, or the hash of an address. */
static uint64_t
token_of(const struct distinct *d, const struct addr *value)
{
	static const struct siphash_key fixed = { 0x636f6e6e6c6f6766u, 0x6f6c646564726f77u };
	uint64_t                        words[2];

	if (d->kind == DISTINCT_PORTS)
		return 0x10000u | (uint64_t)value->b[14] << 8 | value->b[15];
	memcpy(words, value->b, sizeof words);
	return siphash13(&fixed, words, 2) | 1;
}

/* Returns the slot with the token, or the one where it would be inserted. */
static uint64_t *
seek(const struct distinct_more *m, uint64_t token)
{
	uint32_t i = (uint32_t)((token * UINT64_C(0x9e3779b97f4a7c15)) >> 32) & (m->room - 1);

	while (m->slots[i] != 0 && m->slots[i] != token)
		i = (i + 1) & (m->room - 1);
	return &m->slots[i];
}

/* Returns whether the value is new. */
static bool
put_dense(struct distinct *d, uint64_t token)
{
	uint8_t *at = d->more->dense;

	if (d->kind == DISTINCT_PORTS) {
		const uint8_t bit = (uint8_t)(1u << (token & 7));
		at += (token & 0xffff) >> 3;
		const bool fresh = !(*at & bit);
		*at |= bit;
		return fresh;
	}
	const uint64_t rest = token << REGISTER_BITS | UINT64_C(1) << (REGISTER_BITS - 1);
	const uint8_t  rank = (uint8_t)(__builtin_clzll(rest) + 1);
	at += token >> (64 - REGISTER_BITS);
	if (*at < rank)
		*at = rank;
	return false;
}

static struct distinct_more *
more_new(struct distinct *d, size_t *bytes)
{
	struct distinct_more *m = calloc(1, sizeof *m);

	if (!m || !(m->slots = calloc(FIRST_ROOM, sizeof *m->slots))) {
		free(m);
		return NULL;
	}
	m->room = FIRST_ROOM;
	m->samples[0] = d->first;
	*seek(m, token_of(d, &d->first)) = token_of(d, &d->first);
	*bytes += sizeof *m + FIRST_ROOM * sizeof *m->slots;
	return m;
}

/* Switches to `dense`. Returns false when out of memory. */
static bool
make_dense(struct distinct *d, size_t *bytes)
{
	struct distinct_more *m = d->more;
	const size_t          size = d->kind == DISTINCT_PORTS ? PORT_BYTES : REGISTERS;

	if (!(m->dense = calloc(1, size)))
		return false;
	for (uint32_t i = 0; i < m->room; i++)
		if (m->slots[i] != 0)
			put_dense(d, m->slots[i]);
	*bytes += size;
	*bytes -= m->room * sizeof *m->slots;
	free(m->slots);
	m->slots = NULL;
	return true;
}

static bool
grow(struct distinct *d, size_t *bytes)
{
	struct distinct_more *m = d->more;
	struct distinct_more  wider = { .room = 2 * m->room };

	if (m->room == LAST_ROOM)
		return make_dense(d, bytes);
	if (!(wider.slots = calloc(wider.room, sizeof *wider.slots)))
		return false;
	for (uint32_t i = 0; i < m->room; i++)
		if (m->slots[i] != 0)
			*seek(&wider, m->slots[i]) = m->slots[i];
	*bytes += m->room * sizeof *m->slots;
	free(m->slots);
	m->slots = wider.slots;
	m->room = wider.room;
	return true;
}

bool
distinct_reserve(struct distinct *d, const struct addr *value, size_t *bytes)
{
	if (d->n == 0 || (!d->more && addr_equal(&d->first, value)))
		return true;
	if (!d->more && !(d->more = more_new(d, bytes)))
		return false;
	return !d->more->slots || d->n < d->more->room / 4 * 3 || grow(d, bytes);
}

void
distinct_add(struct distinct *d, const struct addr *value)
{
	struct distinct_more *m = d->more;
	const uint64_t        token = token_of(d, value);

	if (d->n == 0) {
		d->first = *value;
		d->n = 1;
		return;
	}
	if (!m) /* the first value again */
		return;
	if (!m->slots) {
		d->n += put_dense(d, token);
		return;
	}
	uint64_t *slot = seek(m, token);
	if (*slot == token)
		return;
	*slot = token;
	if (d->n < DISTINCT_SAMPLES)
		m->samples[d->n] = *value;
	d->n++;
}

/* Estimates as in the paper, without its correction for hashes of 32 bits; while there are empty registers, linear
 * counting is more precise. */
static uint64_t
estimate(const uint8_t *registers)
{
	const double m = REGISTERS, alpha = 0.7213 / (1 + 1.079 / m);
	double       sum = 0, empty = 0;

	for (size_t i = 0; i < REGISTERS; i++) {
		sum += ldexp(1, -registers[i]);
		empty += registers[i] == 0;
	}
	const double raw = alpha * m * m / sum;
	return (uint64_t)llround(raw <= 2.5 * m && empty > 0 ? m * log(m / empty) : raw);
}

uint64_t
distinct_count(const struct distinct *d)
{
	if (d->kind == DISTINCT_PORTS || !d->more || d->more->slots)
		return d->n;
	const uint64_t n = estimate(d->more->dense);
	return n > d->n ? n : d->n;
}

const struct addr *
distinct_samples(const struct distinct *d, size_t *n)
{
	*n = d->n < DISTINCT_SAMPLES ? d->n : DISTINCT_SAMPLES;
	return d->more ? d->more->samples : &d->first;
}

void
distinct_free(struct distinct *d)
{
	if (!d->more)
		return;
	free(d->more->slots);
	free(d->more->dense);
	free(d->more);
	d->more = NULL;
}
