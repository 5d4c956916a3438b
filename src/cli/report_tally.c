/* report_tally.c - a balanced tree by name, which no choice of names in a log can make slow. */
#include "cli/report_tally.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

static int
compare(const void *a, const void *b)
{
	const struct tally_entry *x = a, *y = b;
	int                       order = memcmp(x->name, y->name, x->name_n < y->name_n ? x->name_n : y->name_n);
	return order != 0 ? order : (x->name_n > y->name_n) - (x->name_n < y->name_n);
}

/* Returns the entry with that name, creating it if necessary; NULL when out of memory. */
static struct tally_entry *
find(struct tally *t, const void *name, size_t n)
{
	const struct tally_entry   key = { .name_n = n, .name = name };
	struct tally_entry *const *found;

	if (t->last != NULL && compare(&key, t->last) == 0)
		return t->last;
	found = tfind(&key, &t->tree, compare);
	if (found != NULL)
		return *found;
	if (t->names == TALLY_NAMES_MAX)
		return &t->rest;

	struct tally_entry *e = malloc(sizeof *e + n);
	if (e == NULL)
		return NULL;
	*e = (struct tally_entry){ .name_n = n, .name = (char *)(e + 1) };
	memcpy(e + 1, name, n);
	if (tsearch(e, &t->tree, compare) == NULL) {
		free(e);
		return NULL;
	}
	t->names++;
	return e;
}

/* Adds to a sum, which stays at its maximum instead of overflowing. */
static void
add_up(uint64_t *sum, uint64_t n)
{
	if (__builtin_add_overflow(*sum, n, sum))
		*sum = UINT64_MAX;
}

void
tally_count(struct tally_entry *e, uint64_t n, uint64_t sent, uint64_t received)
{
	add_up(&e->connections, n);
	add_up(&e->sent, sent);
	add_up(&e->received, received);
}

bool
tally_add(struct tally *t, const void *name, size_t n, const struct tally_entry *more)
{
	struct tally_entry *e = find(t, name, n);
	if (e == NULL)
		return false;
	if (e != &t->rest)
		t->last = e;
	tally_count(e, more->connections, more->sent, more->received);
	return true;
}

struct top {
	enum tally_order           order;
	const struct tally_entry **at;
	size_t                     n, max;
};

/* Returns whether `a` comes before `b`: by the requested value, then by the other one, then by name. */
static bool
is_before(enum tally_order order, const struct tally_entry *a, const struct tally_entry *b)
{
	const uint64_t counts[2][2] = { { a->connections, b->connections }, { tally_bytes(a), tally_bytes(b) } };

	for (int i = 0; i < 2; i++) {
		const uint64_t *pair = counts[order == BY_CONNECTIONS ? i : 1 - i];
		if (pair[0] != pair[1])
			return pair[0] > pair[1];
	}
	return compare(a, b) < 0;
}

static void
visit(const void *node, VISIT when, void *arg)
{
	const struct tally_entry *e = *(const struct tally_entry *const *)node;
	struct top               *top = arg;
	size_t                    i;

	if ((when != postorder && when != leaf) || top->max == 0)
		return;
	if (top->n == top->max && !is_before(top->order, e, top->at[top->n - 1]))
		return;
	if (top->n < top->max)
		top->n++;
	for (i = top->n - 1; i > 0 && is_before(top->order, e, top->at[i - 1]); i--)
		top->at[i] = top->at[i - 1];
	top->at[i] = e;
}

size_t
tally_top(const struct tally *t, enum tally_order order, const struct tally_entry **at, size_t max)
{
	struct top top = { .order = order, .at = at, .max = max };
	twalk_r(t->tree, visit, &top);
	return top.n;
}

void
tally_free(struct tally *t)
{
	tdestroy(t->tree, free);
}
