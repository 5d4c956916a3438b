/* expect.c - see expect.h. */
#include "dpd/expect.h"

#include <stdlib.h>
#include <string.h>

#define EXPECT_SECONDS 300.0

void
expect_init(struct expectations *e, uint64_t max)
{
	*e = (struct expectations){ .max = max };
	e->end = &e->first;
}

void
expect_free(struct expectations *e)
{
	while (e->first) {
		struct expected *x = e->first;
		e->first = x->next;
		free(x);
	}
}

static struct expected **
bucket_of(struct expectations *e, const struct addr *resp, uint16_t port)
{
	uint32_t w[4], h = port;

	memcpy(w, resp->b, sizeof w);
	for (int i = 0; i < 4; i++)
		h = (h ^ w[i]) * 0x9e3779b1u;
	return &e->bucket[(h >> 16) % EXPECT_BUCKETS];
}

static bool
is_at(const struct expected *x, const struct addr *resp, uint16_t port)
{
	return x->port == port && addr_equal(&x->resp, resp);
}

/* Drops the oldest entries whose time is over. */
static void
expire(struct expectations *e, double now)
{
	while (e->first && e->first->until <= now) {
		struct expected  *x = e->first;
		struct expected **at = bucket_of(e, &x->resp, x->port);
		while (*at != x)
			at = &(*at)->chain;
		*at = x->chain;
		e->first = x->next;
		if (!e->first)
			e->end = &e->first;
		e->n--;
		free(x);
	}
}

static struct expected *
find_same(struct expectations *e, enum service s, const struct addr *orig, const struct addr *resp, uint16_t port)
{
	for (struct expected *x = *bucket_of(e, resp, port); x; x = x->chain)
		if (x->service == s && is_at(x, resp, port) && x->any_orig == !orig && (!orig || addr_equal(&x->orig, orig)))
			return x;
	return NULL;
}

void
expect_add(struct expectations *e, enum service s, const struct addr *orig, const struct addr *resp, uint16_t port,
           double now)
{
	expire(e, now);
	struct expected *x = find_same(e, s, orig, resp, port);
	if (!x && e->n < e->max && (x = calloc(1, sizeof *x)) != NULL) {
		struct expected **bucket = bucket_of(e, resp, port);
		x->service = s;
		x->resp = *resp;
		x->port = port;
		x->any_orig = !orig;
		if (orig)
			x->orig = *orig;
		x->chain = *bucket;
		*bucket = x;
		*e->end = x;
		e->end = &x->next;
		e->n++;
	}
	if (!x) {
		e->refused++;
		return;
	}
	x->until = x->named_until = now + EXPECT_SECONDS;
	x->named = true;
}

bool
expect_find(struct expectations *e, const struct addr *orig, const struct addr *resp, uint16_t port, double now,
            enum service out[EXPECT_NAMES], unsigned *n)
{
	bool hit = false;

	*n = 0;
	/* For an exact originator Zeek does not check the time. */
	for (struct expected *x = *bucket_of(e, resp, port); x; x = x->chain)
		if (is_at(x, resp, port) && (x->any_orig ? x->until > now : addr_equal(&x->orig, orig)))
			hit = true;
	if (!hit)
		return false;
	/* The scripts consult their own tables for any scheduled analyzer. */
	for (struct expected *x = *bucket_of(e, resp, port); x; x = x->chain) {
		if (!is_at(x, resp, port) || !x->named || x->named_until <= now)
			continue;
		x->named_until = now + EXPECT_SECONDS;
		if (*n < EXPECT_NAMES)
			out[(*n)++] = x->service;
	}
	return true;
}

void
expect_ended(struct expectations *e, enum service s, const struct addr *resp, uint16_t port)
{
	for (struct expected *x = *bucket_of(e, resp, port); x; x = x->chain)
		if (x->service == s && is_at(x, resp, port))
			x->named = false;
}
