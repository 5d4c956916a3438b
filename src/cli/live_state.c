/* live_state.c - see live_state.h.  Totals are told, and the page makes rates of them. */
#include "cli/live_state.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "cli/html_json.h"
#include "connlog_live.h"
#include "sensor/clock.h"

static void
put_name(FILE *f, const char *name)
{
	json_text(f, name, strlen(name));
}

static double
cpu_seconds(void)
{
	struct rusage used;

	getrusage(RUSAGE_SELF, &used);
	return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
	       (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

/* ---- counters ---------------------------------------------------------------------------------------------------- */

/* One group of the library's counters, written as an object. */
struct group {
	FILE       *f;
	const char *name;
	bool        some;
	bool        zeros; /* are written too */
};

/* A connlog_counter_fn. */
static void
put_counter(void *arg, const char *group, const char *name, uint64_t value)
{
	struct group *g = arg;

	if (strcmp(group, g->name) != 0 || (value == 0 && !g->zeros))
		return;
	fputs(g->some ? "," : "", g->f);
	put_name(g->f, name);
	fprintf(g->f, ":%" PRIu64, value);
	g->some = true;
}

static void
put_group(FILE *f, const connlog_engine *e, const char *name, bool zeros)
{
	struct group g = { f, name, false, zeros };

	fprintf(f, ",\"%s\":{", name);
	connlog_counters(e, put_counter, &g);
	fputs("}", f);
}

/* Sums that samples have. */
struct sums {
	uint64_t created, open;
};

/* A connlog_counter_fn. */
static void
add_counter(void *arg, const char *group, const char *name, uint64_t value)
{
	struct sums *s = arg;

	(void)name;
	if (strcmp(group, "created") == 0)
		s->created += value;
	else if (strcmp(group, "open") == 0)
		s->open += value;
}

/* ---- parts ------------------------------------------------------------------------------------------------------- */

static void
put_interfaces(FILE *f, const connlog_source *source)
{
	connlog_interface_progress at;

	fputs(",\"interfaces\":[", f);
	for (size_t i = 0; connlog_source_interface(source, i, &at); i++) {
		fputs(i > 0 ? ",{\"name\":" : "{\"name\":", f);
		put_name(f, at.name);
		fprintf(f,
		        ",\"up\":%s,\"packets\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"filtered\":%" PRIu64
		        ",\"lostRing\":%" PRIu64 ",\"lostInterface\":%" PRIu64 "}",
		        at.down ? "false" : "true", at.packets, at.bytes, at.filtered, at.dropped_ring, at.dropped_interface);
	}
	fputs("]", f);
}

static void
put_talkers(FILE *f, const struct live_state *s)
{
	if (s->talkers == NULL) {
		fputs(",\"talkers\":null", f);
		return;
	}
	fputs(",\"talkers\":[", f);
	for (size_t i = 0; i < s->talkers_n; i++) {
		const struct talker_rates *t = &s->talkers[i];
		fprintf(f, "%s[\"%s\",%.1f,%.1f,%.1f]", i > 0 ? "," : "", t->address, t->sent, t->received, t->packets);
	}
	fputs("]", f);
}

static void
put_log(FILE *f, const struct output *o)
{
	struct log_counts c = { 0 };

	if (o->log != NULL)
		log_counts(o->log, &c);
	fprintf(f, ",\"records\":%" PRIu64 ",\"recordsLost\":%" PRIu64 ",\"recordsWaiting\":%" PRIu64, o->records, c.lost,
	        c.waiting);
}

static void
put_web(FILE *f, const struct web_counts *c)
{
	fprintf(f,
	        ",\"web\":{\"clients\":%" PRIu64 ",\"kept\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"dropped\":%" PRIu64
	        ",\"skipped\":%" PRIu64 "}",
	        c->streams, c->kept, c->bytes, c->pushed_out, c->skipped);
}

char *
live_state_text(const struct live_state *s, size_t *n)
{
	const struct metrics *m = s->metrics;
	char                 *text = NULL;
	FILE                 *f = open_memstream(&text, n);

	if (f == NULL)
		return NULL;
	fprintf(f, "{\"now\":%.6f,\"steady\":%.3f,\"uptime\":%.3f,\"cpu\":%.3f,\"memory\":%" PRIu64 ",\"behind\":%.6f",
	        clock_wall(), s->now, s->now - m->started_steady, cpu_seconds(), metrics_resident(m->statm), m->behind);
	put_interfaces(f, m->source);
	put_group(f, m->engine, "open", true);
	put_group(f, m->engine, "created", true);
	put_group(f, m->engine, "service", false);
	put_log(f, m->output);
	put_talkers(f, s);
	put_web(f, &s->web);
	fputs("}", f);
	if (fclose(f) == 0)
		return text;
	free(text);
	return NULL;
}

const char live_state_sample_names[] =
	"[\"now\",\"packets\",\"bytes\",\"lost\",\"created\",\"open\",\"records\",\"recordsLost\",\"behind\"]";

size_t
live_state_sample(const struct metrics *m, char out[LIVE_SAMPLE_MAX])
{
	connlog_source_progress at;
	struct sums             sums = { 0 };
	struct log_counts       c = { 0 };

	connlog_source_progress_get(m->source, &at);
	connlog_counters(m->engine, add_counter, &sums);
	if (m->output->log != NULL)
		log_counts(m->output->log, &c);
	return (size_t)snprintf(
		out, LIVE_SAMPLE_MAX,
		"[%.3f,%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%.3f]", clock_wall(),
		at.packets, at.bytes, at.dropped, sums.created, sums.open, m->output->records, c.lost, m->behind);
}
