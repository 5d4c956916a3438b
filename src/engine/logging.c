/* logging.c - see logging.h. */
#include "engine/logging.h"

#include <math.h>
#include <stdlib.h>

#include "connlog_long.h"
#include "connlog_where.h"
#include "engine/crew.h"
#include "engine/lines.h"
#include "enrich/enrich.h"
#include "record/anonymize.h"
#include "record/public.h"

/* The condition that a record has to meet, and the number of records that did not. */
struct filter {
	connlog_where *where;
	uint64_t       left_out;
};

static const connlog_record *
record_now(void *arg, uint32_t handle)
{
	struct connlog_engine *e = arg;
	struct verdict         v;
	const bool             found = inspect_verdict(&e->inspector, conn_at(&e->store, handle), &v);

	arena_reset(&e->arena);
	fill_record(&e->store, handle, found ? &v : NULL, &e->texts, &e->record);
	e->record.arena = &e->arena;
	if (e->enrichment)
		enrich_record(e->enrichment, &e->record);
	return record_public(&e->record);
}

/* Makes the record of a connection that has ended. Returns whether policies let it be logged. */
static inline bool
end_record(struct connlog_engine *e, struct conn_store *s, uint32_t handle, bool deltas)
{
	if (e->status != CONNLOG_OK || conn_at(s, handle)->flags & CONN_REPLICA)
		return false;
	record_now(e, handle);
	e->states[e->record.state]++;
	if (deltas)
		fill_interim(interim_last(s, conn_at(s, handle)), true, s->shift, &e->record);
	if (conn_at(s, handle)->transport == TRANSPORT_TCP)
		notice_tcp_end(&e->notices, e->record.orig_bytes + e->record.resp_bytes);
	return bus_policy(&e->bus, (connlog_record *)&e->record);
}

static void
connection_ended(void *arg, struct conn_store *s, uint32_t handle)
{
	struct connlog_engine *e = arg;

	if (end_record(e, s, handle, false))
		bus_record(&e->bus, record_public(&e->record));
}

/* A connlog_record_fn for the rows of the engine's fold. */
static int
log_row(void *arg, const connlog_record *r)
{
	struct connlog_engine *e = arg;

	bus_record(&e->bus, r);
	return e->status;
}

/* Returns the record if it meets the condition, if any, anonymized if requested; otherwise NULL. */
static const connlog_record *
choose(struct connlog_engine *e)
{
	const connlog_record *r = record_public(&e->record);

	if (e->filter && !connlog_where_match(e->filter->where, r)) {
		e->filter->left_out++;
		return NULL;
	}
	if (e->anonymizer && !(r = connlog_anonymize(e->anonymizer, r)))
		e->status = CONNLOG_NO_MEMORY;
	return r;
}

static void
log_chosen(struct connlog_engine *e)
{
	const connlog_record *r = choose(e);

	if (r && e->fold && e->lines && !e->lines->fn)
		e->status = lines_fold(e->lines, e->fold, r);
	else if (r && e->fold)
		connlog_fold_record(e->fold, r, log_row, e);
	else if (r)
		bus_record(&e->bus, r);
}

/* connection_ended() with a condition, an anonymizer, a fold or the option interim. It is a function of its own so that
 * a plain log does not check for any of these. */
static void
connection_ended_special(void *arg, struct conn_store *s, uint32_t handle)
{
	struct connlog_engine *e = arg;

	if (end_record(e, s, handle, e->opt.conn.interim.n > 0))
		log_chosen(e);
}

/* The store's on_interim. */
static void
connection_goes_on(void *arg, struct conn_store *s, uint32_t handle)
{
	struct connlog_engine *e = arg;

	if (e->status != CONNLOG_OK || conn_at(s, handle)->flags & CONN_REPLICA)
		return;
	record_now(e, handle);
	fill_interim(interim_last(s, conn_at(s, handle)), false, s->shift, &e->record);
	if (bus_policy(&e->bus, (connlog_record *)&e->record))
		log_chosen(e);
}

/* The store's on_long. */
static void
connection_is_long(void *arg, struct conn_store *s, uint32_t handle)
{
	struct connlog_engine *e = arg;
	const connlog_record  *r;

	if (e->status != CONNLOG_OK || conn_at(s, handle)->flags & CONN_REPLICA)
		return;
	record_now(e, handle);
	if (bus_policy(&e->bus, (connlog_record *)&e->record) && (r = choose(e)) != NULL)
		bus_long(&e->bus, r);
}

int
connlog_on_long(connlog_engine *e, connlog_record_fn fn, void *arg)
{
	return listeners_add(&e->bus.longs, (void (*)(void))fn, arg) ? CONNLOG_OK : CONNLOG_NO_MEMORY;
}

void
logging_init(connlog_engine *e)
{
	e->bus.record = record_now;
	e->bus.record_arg = e;
	e->store.on_end = connection_ended;
	e->store.on_end_arg = e;
	if (e->opt.conn.interim.n > 0) {
		e->store.events.wanted |= INTERIM_WANTED;
		e->store.on_interim = connection_goes_on;
		e->store.on_end = connection_ended_special;
	}
	if (e->opt.conn.long_ages.n > 0) {
		e->store.events.wanted |= INTERIM_WANTED;
		e->store.on_long = connection_is_long;
	}
}

static void
free_filter(struct filter *f)
{
	if (!f)
		return;
	connlog_where_free(f->where);
	free(f);
}

void
logging_free(connlog_engine *e)
{
	free_filter(e->filter);
	connlog_anonymizer_free(e->anonymizer);
	connlog_fold_free(e->fold);
	connlog_enrichment_free(e->enrichment);
}

int
connlog_engine_where(connlog_engine *e, const connlog_where *w)
{
	struct filter *f = calloc(1, sizeof *f);

	if (!f || !(f->where = connlog_where_copy(w))) {
		free(f);
		return CONNLOG_NO_MEMORY;
	}
	free_filter(e->filter);
	e->filter = f;
	e->store.on_end = connection_ended_special;
	return CONNLOG_OK;
}

bool
logging_like(connlog_engine *e, const connlog_engine *other)
{
	return (!other->enrichment || connlog_engine_enrich(e, other->enrichment) == CONNLOG_OK) &&
	       (!other->filter || connlog_engine_where(e, other->filter->where) == CONNLOG_OK) &&
	       (!other->fold || connlog_engine_fold(e, other->fold) == CONNLOG_OK) &&
	       (!other->anonymizer || connlog_engine_anonymize(e, other->anonymizer) == CONNLOG_OK);
}

int
connlog_engine_enrich(connlog_engine *e, const connlog_enrichment *x)
{
	connlog_enrichment *shared = enrichment_share(x);

	if (!shared)
		return CONNLOG_NO_MEMORY;
	connlog_enrichment_free(e->enrichment);
	e->enrichment = shared;
	return CONNLOG_OK;
}

int
connlog_engine_anonymize(connlog_engine *e, const connlog_anonymizer *a)
{
	connlog_anonymizer *copy = anonymizer_copy(a, (uint16_t)e->opt.conn.community_id_seed);

	if (!copy)
		return CONNLOG_NO_MEMORY;
	connlog_anonymizer_free(e->anonymizer);
	e->anonymizer = copy;
	e->store.on_end = connection_ended_special;
	return CONNLOG_OK;
}

int
connlog_engine_fold(connlog_engine *e, const connlog_fold *f)
{
	connlog_fold *copy = fold_copy(f);

	if (!copy)
		return CONNLOG_NO_MEMORY;
	connlog_fold_free(e->fold);
	e->fold = copy;
	e->store.on_end = connection_ended_special;
	return CONNLOG_OK;
}

bool
connlog_engine_fold_count(const connlog_engine *e, connlog_fold_counts *out)
{
	const connlog_fold *f = e->crew && e->crew->started ? e->crew->merger.fold : e->fold;

	if (f)
		connlog_fold_count(f, out);
	return f != NULL;
}

int
logging_flush(connlog_engine *e, double now)
{
	if (e->fold && e->status == CONNLOG_OK && isinf(now))
		connlog_fold_finish(e->fold, log_row, e);
	else if (e->fold && e->status == CONNLOG_OK)
		connlog_fold_advance(e->fold, now + e->store.shift, log_row, e);
	return e->lines ? lines_flush(e->lines) : e->status;
}

uint64_t
connlog_engine_where_left_out(const connlog_engine *e, uint64_t *given_up)
{
	const bool     shared = e->crew && e->crew->started;
	const unsigned n = shared ? e->crew->n : 1;
	uint64_t       left_out = 0, sum = 0;

	for (unsigned i = 0; i < n; i++) {
		const struct filter *f = shared ? e->crew->members[i].engine->filter : e->filter;
		if (!f)
			continue;
		left_out += f->left_out;
		sum += connlog_where_given_up(f->where);
	}
	if (given_up)
		*given_up = sum;
	return left_out;
}
