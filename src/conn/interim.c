/* interim.c - see interim.h. */
#include "conn/interim.h"

#include <math.h>
#include <stdlib.h>

/* Returns the age at which record `n` is due; after the last age of the option, that one is repeated. */
static double
age(const struct age_set *ages, uint32_t n)
{
	return n < ages->n ? ages->at[n] : ages->at[ages->n - 1] * (n - ages->n + 2.0);
}

struct conn_interim *
interim_last(const struct conn_store *s, const struct conn *c)
{
	const struct conn_extra *x = conn_extra_at(s, c);

	return x ? x->interim : NULL;
}

/* When the next records are due: of the option interim, and of the option long, for which each age occurs once. */
struct due {
	double interim, longs;
};

static struct due
find_due(const struct conn_store *s, const struct conn *c)
{
	const struct conn_interim *last = interim_last(s, c);
	const struct age_set      *often = &s->opt->interim, *longs = &s->opt->long_ages;
	const uint32_t             n = last ? last->n : 0, n_long = last ? last->longs : 0;
	const double               start = conn_start(s, c);

	return (struct due){ .interim = often->n > 0 ? start + age(often, n) : INFINITY,
		                 .longs = n_long < longs->n ? start + longs->at[n_long] : INFINITY };
}

double
interim_due(const struct conn_store *s, const struct conn *c)
{
	if (!(s->events.wanted & INTERIM_WANTED))
		return INFINITY;
	const struct due due = find_due(s, c);
	return fmin(due.interim, due.longs);
}

/* Returns the connection's state for interim records, attaching it if necessary. When out of memory, it gets no more of
 * them. */
static struct conn_interim *
need(struct conn_store *s, uint32_t handle)
{
	struct conn_extra *x = conn_extra_need(s, handle);

	if (x && !x->interim)
		x->interim = calloc(1, sizeof *x->interim);
	if (x && x->interim)
		return x->interim;
	s->events.wanted &= ~INTERIM_WANTED;
	s->counters.interims_given_up++;
	return NULL;
}

void
interim_run(struct conn_store *s, uint32_t handle)
{
	const struct due     due = find_due(s, conn_at(s, handle));
	struct conn_interim *i = need(s, handle);

	if (!i)
		return;
	if (due.interim <= due.longs) {
		i->n++;
		i->at = due.interim;
		s->on_interim(s->on_end_arg, s, handle);
	}
	if (due.longs <= due.interim) {
		i->longs++;
		s->on_long(s->on_end_arg, s, handle);
	}
}

void
interim_flip(struct conn_interim *i)
{
	for (int k = 0; k < INTERIM_COUNTS; k++) {
		const uint64_t first = i->last[k][ORIG];
		i->last[k][ORIG] = i->last[k][RESP];
		i->last[k][RESP] = first;
	}
}
