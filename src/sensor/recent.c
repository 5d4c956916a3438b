/* recent.c - see recent.h.  Items lie one behind the other, each after a header; positions count all bytes ever written, and the place of
 * one is its remainder. */
#include "sensor/recent.h"

#include <stdlib.h>
#include <string.h>

struct header {
	uint64_t n; /* bytes of the item, without what fills it up to a multiple of 8 */
	double   time;
};

struct recent {
	uint8_t             *p;
	size_t               size;
	uint64_t             first, end;    /* positions of the oldest item and behind the latest, */
	uint64_t             first_number;  /* the oldest one's number, */
	uint64_t             last, numbers; /* the latest one's position, and how many there have been */
	struct recent_counts counts;
};

struct recent *
recent_new(size_t bytes)
{
	struct recent *r = calloc(1, sizeof *r);

	if (r == NULL)
		return NULL;
	r->size = bytes / sizeof(uint64_t) * sizeof(uint64_t);
	r->p = malloc(r->size);
	if (r->p != NULL)
		return r;
	free(r);
	return NULL;
}

void
recent_free(struct recent *r)
{
	if (r != NULL)
		free(r->p);
	free(r);
}

static size_t
room_for(size_t n)
{
	return sizeof(struct header) + (n + 7) / 8 * 8;
}

static void
copy_in(struct recent *r, uint64_t position, const void *p, size_t n)
{
	const size_t at = (size_t)(position % r->size), before = n < r->size - at ? n : r->size - at;

	memcpy(r->p + at, p, before);
	memcpy(r->p, (const uint8_t *)p + before, n - before);
}

static void
copy_out(const struct recent *r, uint64_t position, void *p, size_t n)
{
	const size_t at = (size_t)(position % r->size), before = n < r->size - at ? n : r->size - at;

	memcpy(p, r->p + at, before);
	memcpy((uint8_t *)p + before, r->p, n - before);
}

static struct header
header_at(const struct recent *r, uint64_t position)
{
	struct header h;

	copy_out(r, position, &h, sizeof h);
	return h;
}

static void
remove_first(struct recent *r)
{
	r->first += room_for((size_t)header_at(r, r->first).n);
	r->first_number++;
}

bool
recent_put(struct recent *r, double time, const void *p, size_t n)
{
	const size_t        room = room_for(n);
	const struct header h = { n, time };

	r->counts.put++;
	if (n > RECENT_ITEM_MAX || room > r->size / 4) {
		r->counts.pushed_out++;
		return false;
	}
	for (; r->end - r->first + room > r->size; r->counts.pushed_out++)
		remove_first(r);
	copy_in(r, r->end, &h, sizeof h);
	copy_in(r, r->end + sizeof h, p, n);
	r->last = r->end;
	r->end += room;
	r->numbers++;
	return true;
}

void
recent_expire(struct recent *r, double before)
{
	while (r->first < r->end && header_at(r, r->first).time < before)
		remove_first(r);
}

bool
recent_waits(const struct recent *r, const struct recent_cursor *c)
{
	return r->first < r->end && c->number < r->numbers;
}

size_t
recent_next(const struct recent *r, struct recent_cursor *c, uint64_t *skipped, double *time, void *out, size_t size)
{
	if (c->number < r->first_number) {
		*skipped += r->first_number - c->number;
		*c = (struct recent_cursor){ r->first, r->first_number };
	}
	if (!recent_waits(r, c))
		return 0;
	const struct header h = header_at(r, c->at);
	if (h.n > size)
		return 0;
	copy_out(r, c->at + sizeof h, out, (size_t)h.n);
	if (time != NULL)
		*time = h.time;
	c->at += room_for((size_t)h.n);
	c->number++;
	return (size_t)h.n;
}

void
recent_seek_last(const struct recent *r, struct recent_cursor *c)
{
	recent_seek_first(r, c);
	if (r->first < r->end)
		*c = (struct recent_cursor){ r->last, r->numbers - 1 };
}

void
recent_seek_first(const struct recent *r, struct recent_cursor *c)
{
	*c = (struct recent_cursor){ r->first, r->first_number };
}

void
recent_count(const struct recent *r, struct recent_counts *out)
{
	*out = r->counts;
	out->items = r->numbers - r->first_number;
	out->bytes = r->end - r->first;
}
