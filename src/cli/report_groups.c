/* report_groups.c - see report_groups.h. Uses a balanced tree by key, which no choice of addresses can make slow. */
#include "cli/report_groups.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

static int
compare(const void *a, const void *b)
{
	return memcmp(a, b, GROUP_KEY);
}

struct list {
	void **at;
	size_t n;
};

static void
visit(const void *node, VISIT when, void *arg)
{
	struct list *list = arg;

	if (when == postorder || when == leaf)
		list->at[list->n++] = *(void *const *)node;
}

static int
heavier(const void *x, const void *y, void *arg)
{
	const struct groups *g = arg;
	void *const         *a = x, *const *b = y;
	const uint64_t       p = g->weight(*a), q = g->weight(*b);

	return p != q ? (p < q ? 1 : -1) : compare(*a, *b);
}

void **
groups_all(const struct groups *g)
{
	struct list list = { malloc((g->n + 1) * sizeof(void *)), 0 };

	if (list.at == NULL)
		return NULL;
	twalk_r(g->tree, visit, &list);
	qsort_r(list.at, list.n, sizeof(void *), heavier, (void *)(uintptr_t)g);
	return list.at;
}

/* Drops the smaller half.  Returns false when out of memory. */
static bool
sweep(struct groups *g)
{
	const size_t kept = g->max / 2, n = g->n;
	void       **all = groups_all(g);

	if (all == NULL)
		return false;
	for (size_t i = kept; i < n; i++) {
		tdelete(all[i], &g->tree, compare);
		g->release(all[i]);
	}
	g->dropped += n - kept;
	g->n = kept;
	free(all);
	return true;
}

void *
groups_find(struct groups *g, const uint8_t key[GROUP_KEY])
{
	void *const *found = tfind(key, &g->tree, compare);

	if (found != NULL)
		return *found;
	if (g->n >= g->max && !sweep(g))
		return NULL;
	void *entry = calloc(1, g->size);
	if (entry == NULL)
		return NULL;
	memcpy(entry, key, GROUP_KEY);
	if (tsearch(entry, &g->tree, compare) == NULL) {
		free(entry);
		return NULL;
	}
	g->n++;
	return entry;
}

void
groups_free(struct groups *g)
{
	tdestroy(g->tree, g->release);
}
