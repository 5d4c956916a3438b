/* sets.c - see sets.h. */
#include "where/sets.h"

#include <stdlib.h>

/* ---- numbers ------------------------------------------------------------------------------------------------------- */

static int
compare_numbers(const void *a, const void *b)
{
	const struct number_range *x = a, *y = b;

	return (x->low > y->low) - (x->low < y->low);
}

const struct number_set *
number_set_new(struct arena *a, const struct element_list *list)
{
	struct number_set *set = arena_alloc(a, sizeof *set + list->n * sizeof set->at[0]);
	size_t             n = 0;

	if (!set)
		return NULL;
	for (const struct element *e = list->head; e; e = e->next)
		set->at[n++] = (struct number_range){ e->low, e->high };
	qsort(set->at, n, sizeof set->at[0], compare_numbers);
	set->n = 0;
	for (size_t i = 0; i < n; i++) {
		struct number_range *last = set->n > 0 ? &set->at[set->n - 1] : NULL;
		if (!last || set->at[i].low > last->high)
			set->at[set->n++] = set->at[i];
		else if (set->at[i].high > last->high)
			last->high = set->at[i].high;
	}
	return set;
}

bool
number_set_has(const struct number_set *set, double v)
{
	size_t low = 0, high = set->n;

	while (low < high) {
		const size_t at = (low + high) / 2;
		if (v > set->at[at].high)
			low = at + 1;
		else
			high = at;
	}
	return low < set->n && v >= set->at[low].low;
}

const struct port_set *
port_set_new(struct arena *a, const struct element_list *list)
{
	struct port_set *set = arena_alloc(a, sizeof *set);

	if (!set)
		return NULL;
	memset(set, 0, sizeof *set);
	for (const struct element *e = list->head; e; e = e->next)
		for (unsigned port = (unsigned)e->low; port <= (unsigned)e->high; port++)
			port_set_add(set, (uint16_t)port);
	return set;
}

/* ---- addresses ------------------------------------------------------------------------------------------------------ */

void
net_range(const struct addr *net, unsigned bits, struct addr *first, struct addr *last)
{
	for (unsigned i = 0; i < 16; i++) {
		const unsigned kept = bits > 8 * i ? bits - 8 * i : 0;
		const uint8_t  host = kept >= 8 ? 0 : (uint8_t)(0xff >> kept);
		first->b[i] = net->b[i] & (uint8_t)~host;
		last->b[i] = net->b[i] | host;
	}
}

static int
compare_addresses(const void *a, const void *b)
{
	return addr_cmp(&((const struct addr_range *)a)->first, &((const struct addr_range *)b)->first);
}

/* Sorts the ranges and merges those that overlap. Returns the number of remaining ones. */
static size_t
join(struct addr_range *at, size_t n)
{
	size_t kept = 0;

	if (n > 0)
		qsort(at, n, sizeof *at, compare_addresses);
	for (size_t i = 0; i < n; i++) {
		struct addr_range *last = kept > 0 ? &at[kept - 1] : NULL;
		if (!last || addr_cmp(&at[i].first, &last->last) > 0)
			at[kept++] = at[i];
		else if (addr_cmp(&at[i].last, &last->last) > 0)
			last->last = at[i].last;
	}
	return kept;
}

const struct addr_set *
addr_set_new(struct arena *a, const struct element_list *list)
{
	struct addr_set *set = arena_alloc(a, sizeof *set);

	if (!set)
		return NULL;
	*set = (struct addr_set){ .n = { 0, 0 } };
	for (int family = 0; family < 2; family++) {
		set->at[family] = arena_alloc(a, (list->n + 1) * sizeof *set->at[family]);
		if (!set->at[family])
			return NULL;
	}
	for (const struct element *e = list->head; e; e = e->next) {
		const int family = !addr_is_v4(&e->first) || !addr_is_v4(&e->last);
		set->at[family][set->n[family]++] = (struct addr_range){ e->first, e->last };
	}
	for (int family = 0; family < 2; family++)
		set->n[family] = join(set->at[family], set->n[family]);
	return set;
}

bool
addr_set_has(const struct addr_set *set, const struct addr *a)
{
	const int                family = !addr_is_v4(a);
	const struct addr_range *at = set->at[family];
	size_t                   low = 0, high = set->n[family];

	while (low < high) {
		const size_t i = (low + high) / 2;
		if (addr_cmp(a, &at[i].last) > 0)
			low = i + 1;
		else
			high = i;
	}
	return low < set->n[family] && addr_cmp(a, &at[low].first) >= 0;
}

/* ---- texts ---------------------------------------------------------------------------------------------------------- */

static inline unsigned char
small(char c)
{
	return c >= 'A' && c <= 'Z' ? (unsigned char)(c + 'a' - 'A') : (unsigned char)c;
}

/* Compares the first `n` bytes. */
static int
order(const char *a, bool lower_a, const char *b, bool lower_b, size_t n)
{
	if (!lower_a && !lower_b)
		return n > 0 ? memcmp(a, b, n) : 0;
	for (size_t i = 0; i < n; i++) {
		const unsigned char x = lower_a ? small(a[i]) : (unsigned char)a[i],
							y = lower_b ? small(b[i]) : (unsigned char)b[i];
		if (x != y)
			return x < y ? -1 : 1;
	}
	return 0;
}

int
text_order(struct text a, bool lower_a, struct text b, bool lower_b)
{
	const int first = order(a.p, lower_a, b.p, lower_b, a.n < b.n ? a.n : b.n);

	return first != 0 ? first : (a.n > b.n) - (a.n < b.n);
}

static int
compare_words(const struct text *a, const struct text *b, bool lower)
{
	return a->n != b->n ? (a->n > b->n) - (a->n < b->n) : order(a->p, lower, b->p, false, a->n);
}

static int
compare_for_sort(const void *a, const void *b)
{
	return compare_words(a, b, false);
}

const struct word_set *
word_set_new(struct arena *a, const struct element_list *list)
{
	struct word_set *set = arena_alloc(a, sizeof *set + list->n * sizeof set->at[0]);

	if (!set)
		return NULL;
	set->n = 0;
	for (const struct element *e = list->head; e; e = e->next)
		set->at[set->n++] = e->text;
	qsort(set->at, set->n, sizeof set->at[0], compare_for_sort);
	return set;
}

bool
word_set_has(const struct word_set *set, struct text t, bool lower)
{
	size_t low = 0, high = set->n;

	while (low < high) {
		const size_t at = (low + high) / 2;
		const int    c = compare_words(&t, &set->at[at], lower);
		if (c == 0)
			return true;
		if (c > 0)
			low = at + 1;
		else
			high = at;
	}
	return false;
}
