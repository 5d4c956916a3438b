/* prefixes.c - see prefixes.h. */
#include "enrich/prefixes.h"

#include <stdlib.h>

enum { BITS = 128, V4_BITS = 96 /* in front of an IPv4 address */ };

static bool
is_v4(const struct subnet *net)
{
	return net->bits >= V4_BITS && addr_is_v4(&net->net);
}

void
prefix_clear(struct subnet *net)
{
	const unsigned whole = net->bits / 8, rest = net->bits % 8;

	for (unsigned i = whole; i < sizeof net->net.b; i++)
		net->net.b[i] &= (uint8_t)(i == whole ? 0xff00u >> rest : 0);
}

/* Stores the first address after the prefix. Returns false if there is none. */
static bool
prefix_end(const struct subnet *net, struct addr *out)
{
	*out = net->net;
	for (unsigned bit = net->bits; bit-- > 0;) {
		uint8_t *byte = &out->b[bit / 8], one = (uint8_t)(0x80u >> bit % 8);
		*byte ^= one;
		if (*byte & one)
			return true;
	}
	return false;
}

static int
compare(const void *x, const void *y)
{
	const struct prefix *a = x, *b = y;
	const bool           v4 = is_v4(&a->net);

	if (v4 != is_v4(&b->net))
		return v4 ? 1 : -1;
	const int order = addr_cmp(&a->net.net, &b->net.net);
	return order != 0 ? order : (int)a->net.bits - (int)b->net.bits;
}

void
prefixes_sort(struct prefix *at, size_t n)
{
	if (n > 0)
		qsort(at, n, sizeof *at, compare);
}

const struct prefix *
prefixes_repeated(const struct prefix *at, size_t n)
{
	for (size_t i = 1; i < n; i++)
		if (compare(&at[i - 1], &at[i]) == 0)
			return &at[i];
	return NULL;
}

/* The prefixes around the current one, the longest last, and the spans made so far. */
struct sweep {
	const struct prefix *open[BITS + 1];
	size_t               depth;
	struct span         *at;
	size_t               n;
};

static uint32_t
innermost(const struct sweep *s)
{
	return s->depth > 0 ? s->open[s->depth - 1]->what : PREFIX_NONE;
}

/* Begins a span with the innermost open prefix; it replaces one that begins at the same address. */
static void
begin_span(struct sweep *s, const struct addr *from)
{
	if (s->n > 0 && addr_equal(&s->at[s->n - 1].from, from))
		s->n--;
	s->at[s->n++] = (struct span){ *from, innermost(s) };
}

/* Closes the open prefixes that end at or before the address, or all of them if it is NULL. */
static void
close_until(struct sweep *s, const struct addr *from)
{
	struct addr end;

	while (s->depth > 0) {
		const bool ends = prefix_end(&s->open[s->depth - 1]->net, &end);
		if (from && (!ends || addr_cmp(&end, from) > 0))
			return;
		s->depth--;
		if (ends)
			begin_span(s, &end);
	}
}

/* Makes the spans of one family. Returns false when out of memory. */
static bool
sweep(struct sweep *s, const struct prefix *at, size_t n, uint32_t *parents)
{
	s->at = malloc((2 * n + 1) * sizeof *s->at); /* each prefix begins one and ends one */
	if (!s->at)
		return false;
	for (size_t i = 0; i < n; i++) {
		close_until(s, &at[i].net.net);
		parents[at[i].what] = innermost(s);
		s->open[s->depth++] = &at[i];
		begin_span(s, &at[i].net.net);
	}
	close_until(s, NULL);
	return true;
}

bool
prefixes_build(struct prefixes *out, const struct prefix *at, size_t n, uint32_t *parents)
{
	size_t v6 = 0;

	while (v6 < n && !is_v4(&at[v6].net))
		v6++;
	*out = (struct prefixes){ 0 };
	for (int i = 0; i < 2; i++) {
		struct sweep s = { .depth = 0 };
		if (!sweep(&s, i ? at + v6 : at, i ? n - v6 : v6, parents)) {
			prefixes_free(out);
			return false;
		}
		out->at[i] = s.at;
		out->n[i] = s.n;
	}
	return true;
}

void
prefixes_free(struct prefixes *p)
{
	free(p->at[0]);
	free(p->at[1]);
	*p = (struct prefixes){ 0 };
}

uint32_t
prefixes_find(const struct prefixes *p, const struct addr *a)
{
	const bool         v4 = addr_is_v4(a);
	const struct span *at = p->at[v4];
	size_t             low = 0, high = p->n[v4]; /* spans before `low` begin at or before the address, others from `high` on after it */

	while (low < high) {
		const size_t middle = low + (high - low) / 2;
		if (addr_cmp(&at[middle].from, a) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low > 0 ? at[low - 1].what : PREFIX_NONE;
}
