/* plan.c - see plan.h. */
#include "archive/plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "archive/index.h"
#include "base/more.h"

#define MARGIN        60.0 /* seconds */
#define PAIRS_AT_ONCE 4096 /* per file; if there are more, all blocks of their time are read */

/* A pair and the time in which it matters, in nanoseconds. */
struct interest {
	uint64_t pair;
	int64_t  from, to;
};

struct interests {
	struct interest *at;
	size_t           n;
	int64_t          from, to;
};

static int64_t
nanoseconds(double t)
{
	return t > 9.2e9 ? INT64_MAX : t < -9.2e9 ? INT64_MIN : (int64_t)(t * 1e9);
}

static int
by_pair(const void *va, const void *vb)
{
	const struct interest *a = va, *b = vb;

	return (a->pair > b->pair) - (a->pair < b->pair);
}

static bool
interests_make(struct interests *in, const struct wanteds *w, enum plan_width width)
{
	*in = (struct interests){ .at = calloc(w->n ? w->n : 1, sizeof *in->at), .from = INT64_MAX, .to = INT64_MIN };
	for (size_t i = 0; in->at && i < w->n; i++) {
		const struct wanted *one = &w->at[i];
		const struct addr    a = addr_from_v6(one->tuple.orig_h), b = addr_from_v6(one->tuple.resp_h);
		const double         duration = one->said.has & 1u << SAID_DURATION ? one->said.duration : 0;
		struct interest     *k = &in->at[in->n++];
		k->pair = index_pair(&a, &b);
		k->from = width == PLAN_WIDE ? INT64_MIN : nanoseconds(one->ts - MARGIN);
		k->to = nanoseconds(one->ts + duration + MARGIN);
		in->from = k->from < in->from ? k->from : in->from;
		in->to = k->to > in->to ? k->to : in->to;
	}
	if (in->at)
		qsort(in->at, in->n, sizeof *in->at, by_pair);
	return in->at != NULL;
}

/* ---- one file --------------------------------------------------------------------------------------------------------------- */

static bool
add_time(struct plan *p, int64_t time)
{
	int64_t *times = more(p->times, p->n_times, &p->times_room, sizeof *times, SIZE_MAX);

	if (!times)
		return false;
	p->times = times;
	p->times[p->n_times++] = time;
	return true;
}

static bool
add_marks(struct plan *p, const struct index *x, const struct index_block *k)
{
	for (uint32_t i = 0; i < k->marks; i++)
		if (!marks_add(&p->marks, x->marks[k->mark + i]))
			return false;
	return true;
}

/* Adds a block; `time` is the index of the first time skipped before it. */
static bool
add_block(struct plan *p, const struct index *x, size_t block, size_t time)
{
	const struct index_block *k = &x->blocks[block];
	const uint64_t            end = block + 1 < x->n ? x->blocks[block + 1].offset : UINT64_MAX;
	struct stretch           *last = p->n > 0 ? &p->at[p->n - 1] : NULL;

	if (last && last->end == k->offset) {
		last->end = end;
		return true;
	}
	struct stretch *at = more(p->at, p->n, &p->room, sizeof *at, SIZE_MAX);
	if (!at)
		return false;
	p->at = at;
	p->at[p->n++] = (struct stretch){ k->offset, end, p->marks.n, k->marks, time, p->n_times - time };
	return add_marks(p, x, k);
}

static bool
overlaps(const struct index_block *k, int64_t from, int64_t to)
{
	return k->from <= k->to && k->from <= to && k->to >= from;
}

/* Returns whether the block may have packets of a requested connection. `pairs` has room for PAIRS_AT_ONCE. */
static bool
matters(const struct index *x, size_t block, const struct interests *in, uint64_t *pairs)
{
	const struct index_block *k = &x->blocks[block];
	size_t                    n = 0;

	if (!overlaps(k, in->from, in->to))
		return false;
	for (size_t i = 0; i < in->n; i++) {
		if (!overlaps(k, in->at[i].from, in->at[i].to) || (n > 0 && pairs[n - 1] == in->at[i].pair))
			continue;
		if (n == PAIRS_AT_ONCE)
			return true;
		pairs[n++] = in->at[i].pair;
	}
	return n > 0 && index_has_any(x, block, pairs, n);
}

static bool
plan_file(struct plan *p, const struct index *x, const struct interests *in)
{
	uint64_t *pairs = calloc(PAIRS_AT_ONCE, sizeof *pairs);
	size_t    time = 0;
	bool      good = pairs != NULL;

	p->parts = true;
	for (size_t i = 0; i < x->n && good; i++) {
		if (matters(x, i, in, pairs)) {
			good = add_block(p, x, i, time);
			time = p->n_times;
		} else if (x->blocks[i].from <= x->blocks[i].to) {
			good = add_time(p, x->blocks[i].from) && add_time(p, x->blocks[i].to);
		}
	}
	free(pairs);
	return good;
}

/* ---- all files */

static bool
plan_capture(struct plan *p, const struct input *input, const struct interests *in, struct plan_report *report)
{
	struct index x;
	const int    why = input->as_zeek ? ENOENT : index_load(input->path, &x);
	bool         good = true;

	if (why == 0) {
		good = plan_file(p, &x, in);
		index_free(&x);
	}
	report->indexed += why == 0;
	report->stale += why == ESTALE;
	report->damaged += why != 0 && why != ESTALE && why != ENOENT;
	return good && why != ENOMEM;
}

struct plan *
plans_make(const struct tour *t, const struct wanteds *w, enum plan_width width, struct plan_report *report)
{
	struct plan_report here = { 0 };
	struct interests   in;
	struct plan       *plans = calloc(t->inputs.n ? t->inputs.n : 1, sizeof *plans);
	bool               good = interests_make(&in, w, width) && plans;

	for (size_t i = 0; i < t->inputs.n && good && width != PLAN_ALL; i++)
		good = plan_capture(&plans[i], &t->inputs.at[i], &in, &here);
	free(in.at);
	if (report)
		*report = here;
	if (good)
		return plans;
	plans_free(plans, t->inputs.n);
	return NULL;
}

void
plans_free(struct plan *plans, size_t n)
{
	for (size_t i = 0; plans && i < n; i++) {
		free(plans[i].at);
		free(plans[i].marks.at);
		free(plans[i].times);
	}
	free(plans);
}
