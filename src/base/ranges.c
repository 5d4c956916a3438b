/* ranges.c - see ranges.h. */
#include "base/ranges.h"

#include <stdlib.h>
#include <string.h>

static struct range *
at(struct ranges *r)
{
	return r->room ? r->many : &r->one;
}

static bool
reserve(struct ranges *r)
{
	const uint32_t have = r->room ? r->room : 1;
	if (r->n < have)
		return true;
	struct range *many = realloc(r->many, 2 * (size_t)have * sizeof *many);
	if (!many)
		return false;
	if (!r->room)
		many[0] = r->one;
	r->many = many;
	r->room = 2 * have;
	return true;
}

bool
ranges_add(struct ranges *r, uint64_t lo, uint64_t hi)
{
	/* Finds [first, last), the intervals that [lo, hi) touches.  New data mostly lies after all others. */
	uint32_t last = r->n;
	while (last > 0 && at(r)[last - 1].lo > hi)
		last--;
	uint32_t first = last;
	while (first > 0 && at(r)[first - 1].hi >= lo)
		first--;

	if (first == last) {
		if (!reserve(r))
			return false;
		memmove(at(r) + first + 1, at(r) + first, (r->n - first) * sizeof(struct range));
		r->n++;
		at(r)[first] = (struct range){ lo, hi };
		return true;
	}
	struct range *a = at(r);
	if (a[first].lo < lo)
		lo = a[first].lo;
	if (a[last - 1].hi > hi)
		hi = a[last - 1].hi;
	a[first] = (struct range){ lo, hi };
	memmove(a + first + 1, a + last, (r->n - last) * sizeof(struct range));
	r->n -= last - first - 1;
	return true;
}

void
ranges_pop(struct ranges *r)
{
	struct range *a = at(r);
	memmove(a, a + 1, --r->n * sizeof *a);
}

void
ranges_clear(struct ranges *r)
{
	free(r->many);
	*r = (struct ranges){ 0 };
}

uint64_t
ranges_sum(const struct ranges *r)
{
	uint64_t sum = 0;
	for (uint32_t i = 0; i < r->n; i++)
		sum += ranges_at(r)[i].hi - ranges_at(r)[i].lo;
	return sum;
}

size_t
ranges_bytes(const struct ranges *r)
{
	return r->room * sizeof *r->many;
}
