/* extract.c - finds the packets behind records: see connlog_archive.h.
 *
 * The captures go through an engine with the options that the log was made with, which reports for each packet the
 * connection that counted it.
 */
#include "archive/extract.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "record/anonymize.h"

enum { BATCH = 64, PROGRESS_EVERY = 4096 /* packets */ };

connlog_extractor *
connlog_extractor_new(const char *const *paths, size_t n, const connlog_extract_options *o, char *err, size_t err_size)
{
	connlog_extractor *x = calloc(1, sizeof *x);

	if (!x) {
		snprintf(err, err_size, "out of memory");
		return NULL;
	}
	if (o)
		x->options = *o;
	x->wanted.icmp_errors = x->options.icmp_errors;
	if (tour_init(&x->tour, paths, n, x->options.bpf, err, err_size) != CONNLOG_OK) {
		connlog_extractor_free(x);
		return NULL;
	}
	x->tour.notice = x->options.notice;
	x->tour.notice_arg = x->options.notice_arg;
	return x;
}

void
connlog_extractor_free(connlog_extractor *x)
{
	if (!x)
		return;
	wanteds_free(&x->wanted);
	plans_free(x->plans, x->tour.inputs.n);
	tour_free(&x->tour);
	connlog_engine_free(x->engine);
	connlog_anonymizer_free(x->anonymizer);
	free(x);
}

int
connlog_extractor_anonymize(connlog_extractor *x, const connlog_anonymizer *a, bool keep_payload)
{
	connlog_anonymizer_free(x->anonymizer);
	x->anonymizer = anonymizer_copy(a, 0);
	x->keep_payload = keep_payload;
	return x->anonymizer ? CONNLOG_OK : CONNLOG_NO_MEMORY;
}

void
connlog_extractor_stop(connlog_extractor *x)
{
	x->tour.stop = 1;
}

int
connlog_extractor_want(connlog_extractor *x, const connlog_record *r)
{
	return wanteds_add(&x->wanted, r);
}

/* ---- finding ---------------------------------------------------------------------------------------------------------------- */

static int
on_counted(void *arg, const connlog_counted *c)
{
	connlog_extractor *x = arg;

	return wanteds_counted(&x->wanted, c, connlog_time(x->engine));
}

static int
on_record(void *arg, const connlog_record *r)
{
	connlog_extractor *x = arg;

	return wanteds_ended(&x->wanted, r, connlog_time(x->engine));
}

static int
begin_engine(connlog_extractor *x, char *err, size_t err_size)
{
	connlog_engine_free(x->engine);
	x->engine = connlog_engine_new(x->options.engine, err, err_size);
	if (!x->engine)
		return CONNLOG_NO_MEMORY;
	if (connlog_on_counted(x->engine, on_counted, x) == CONNLOG_OK &&
	    connlog_on_record(x->engine, on_record, x) == CONNLOG_OK)
		return CONNLOG_OK;
	return source_fail(err, err_size, CONNLOG_NO_MEMORY, "out of memory");
}

static void
tell_progress(const connlog_extractor *x, uint64_t before)
{
	connlog_source_progress at;

	if (!x->options.progress || before / PROGRESS_EVERY == x->tour.number / PROGRESS_EVERY)
		return;
	tour_progress(&x->tour, &at);
	x->options.progress(x->options.progress_arg, &at);
}

/* Reads the parts of the captures that the tour's plan selects. */
static int
read_captures(connlog_extractor *x, char *err, size_t err_size)
{
	connlog_packet packets[BATCH];
	int            status = CONNLOG_OK;

	while (status == CONNLOG_OK) {
		const uint64_t before = x->tour.number;
		const int      n = tour_read(&x->tour, packets, BATCH, err, err_size);
		if (n < 0)
			return n;
		status = connlog_packets(x->engine, packets, (size_t)n);
		tell_progress(x, before);
	}
	return source_fail(err, err_size, status, "%s", connlog_error_text(status));
}

/* Advances the engine's time over skipped packets. */
static void
on_skipped(void *arg, int64_t time)
{
	connlog_extractor *x = arg;

	if (time >= 0)
		(void)connlog_idle(x->engine, time / 1000000000, (uint32_t)(time % 1000000000));
}

/* Finds the packets in those parts of the captures. */
static int
walk(connlog_extractor *x, enum plan_width width, char *err, size_t err_size)
{
	int status = begin_engine(x, err, err_size);

	if (status != CONNLOG_OK)
		return status;
	wanteds_reset(&x->wanted);
	plans_free(x->plans, x->tour.inputs.n);
	x->plans = plans_make(&x->tour, &x->wanted, width, width == PLAN_NARROW ? &x->report : NULL);
	if (!x->plans)
		return source_fail(err, err_size, CONNLOG_NO_MEMORY, "out of memory");
	x->tour.on_skipped = on_skipped;
	x->tour.on_skipped_arg = x;
	tour_begin(&x->tour, x->plans);
	x->walks++;
	status = read_captures(x, err, err_size);
	if (status != CONNLOG_END)
		return status;
	if (x->tour.stop)
		return CONNLOG_END;
	status = connlog_finish(x->engine);
	if (status == CONNLOG_OK)
		status = wanteds_match(&x->wanted);
	x->lost = connlog_counted_lost(x->engine);
	return status == CONNLOG_OK ? status : source_fail(err, err_size, status, "%s", connlog_error_text(status));
}

static bool
all_exact(const connlog_extractor *x)
{
	char text[160];

	for (size_t i = 0; i < x->wanted.n; i++)
		if (!wanted_agrees(&x->wanted.at[i], text, sizeof text))
			return false;
	return true;
}

/* While something does not match the records, more is read, until everything was. */
int
connlog_extractor_find(connlog_extractor *x, char *err, size_t err_size)
{
	int status = walk(x, x->options.no_index ? PLAN_ALL : PLAN_NARROW, err, err_size);

	for (int width = PLAN_WIDE; width <= PLAN_ALL && status == CONNLOG_OK && x->report.indexed > 0 && !all_exact(x);
	     width++)
		status = walk(x, (enum plan_width)width, err, err_size);
	return status;
}

void
connlog_extractor_work(const connlog_extractor *x, connlog_extract_work *out)
{
	*out = (connlog_extract_work){ .captures = x->tour.inputs.n,
		                           .indexed = x->report.indexed,
		                           .stale = x->report.stale,
		                           .damaged = x->report.damaged,
		                           .walks = x->walks,
		                           .bytes = x->tour.bytes };
}

bool
connlog_extractor_at(const connlog_extractor *x, size_t i, connlog_extracted *out)
{
	if (i >= x->wanted.n)
		return false;
	const struct wanted *w = &x->wanted.at[i];
	uint64_t             n[PART_COUNT] = { 0 };
	for (size_t k = 0; w->is && k < w->is->n; k++)
		n[w->is->packets[k].part]++;
	*out = (connlog_extracted){ .uid = w->uid, .found = w->is != NULL };
	out->exact = wanted_agrees(w, out->difference, sizeof out->difference);
	if (out->exact && x->lost > 0 && n[PART_FRAGMENT] > 0) {
		out->exact = false;
		snprintf(out->difference, sizeof out->difference, "%" PRIu64 " fragments could not be remembered", x->lost);
	}
	out->packets = n[PART_PACKET];
	out->fragments = n[PART_FRAGMENT];
	out->icmp_errors = n[PART_ICMP_ERROR];
	return true;
}
