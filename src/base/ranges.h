/* ranges.h - a sorted set of disjoint intervals [lo, hi) of 64-bit numbers.
 *
 * Used for the data above a hole in a TCP stream: almost always none or one interval, so the first is part of the
 * object.
 */
#ifndef CONNLOG_BASE_RANGES_H
#define CONNLOG_BASE_RANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct range {
	uint64_t lo, hi;
};

struct ranges {
	uint32_t      n, room; /* room 0: `one` is used */
	struct range  one;
	struct range *many;
};

static inline const struct range *
ranges_at(const struct ranges *r)
{
	return r->room ? r->many : &r->one;
}

/* Adds [lo, hi), merging with what it touches.  Returns false when out of memory. */
bool ranges_add(struct ranges *r, uint64_t lo, uint64_t hi);
/* Removes the first interval. */
void ranges_pop(struct ranges *r);
void ranges_clear(struct ranges *r);
/* Returns the sum of the lengths. */
uint64_t ranges_sum(const struct ranges *r);
/* Returns the number of bytes allocated. */
size_t ranges_bytes(const struct ranges *r);

#endif
