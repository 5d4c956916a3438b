/* interim.c - see interim.h. */
#include "conn/interim.h"

#include <math.h>
#include <stdlib.h>

/* The age for the record of that number: behind the last of the option's it comes again and again. */
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

double
interim_due(const struct conn_store *s, const struct conn *c)
{
	if (!(s->events.wanted & INTERIM_WANTED))
		return INFINITY;
	const struct conn_interim *last = interim_last(s, c);
	return conn_start(s, c) + age(&s->opt->interim, last ? last->n : 0);
}

/* Without memory to note that it has been, there are no more of them. */
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
	const double         due = interim_due(s, conn_at(s, handle));
	struct conn_interim *i = need(s, handle);

	if (!i)
		return;
	i->n++;
	i->at = due;
	s->on_interim(s->on_end_arg, s, handle);
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
