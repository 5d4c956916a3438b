/* stats.c - --stats: a JSON object with an object for each group of counters: what the source read, what the library
 * counted, and what became of the records. */
#include "cli/stats.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "connlog_fold.h"
#include "connlog_live.h"
#include "connlog_where.h"

struct json {
	FILE *f;
	char  group[SHIP_NAME_MAX + 8]; /* the open one, or "" */
};

/* A connlog_counter_fn.  Counters of one group come in a row. */
static void
put_counter(void *arg, const char *group, const char *name, uint64_t value)
{
	struct json *j = arg;

	if (strcmp(j->group, group) == 0) {
		fputs(",", j->f);
	} else {
		fprintf(j->f, "%s\n  \"%s\": {", j->group[0] != '\0' ? "\n  }," : "", group);
		snprintf(j->group, sizeof j->group, "%s", group);
	}
	fprintf(j->f, "\n    \"%s\": %" PRIu64, name, value);
}

/* Writes what became of an interface's log. */
static void
put_log(struct json *j, struct log *log)
{
	struct log_counts c;

	log_counts(log, &c);
	put_counter(j, "output", "written", c.written);
	put_counter(j, "output", "waiting", c.waiting);
	put_counter(j, "log", "rotations", c.rotations);
	put_counter(j, "log", "packed", c.packed);
	put_counter(j, "log", "commands", c.commands);
	put_counter(j, "log", "removed", c.removed);
	put_counter(j, "log", "failures", c.failures);
}

/* Begins a group, escaping bytes of its name that would end the string. */
static void
name_group(char *group, size_t size, const char *kind, const char *name)
{
	snprintf(group, size, "%s %s", kind, name);
	for (char *p = group; *p != '\0'; p++)
		if (*p == '"' || *p == '\\' || (unsigned char)*p < ' ' || (unsigned char)*p > '~')
			*p = '_';
}

/* Writes a group for each sink. */
static void
put_sinks(struct json *j, struct ship *ship)
{
	struct ship_counts c;
	char               group[sizeof j->group];

	for (size_t i = 0; i < ship_size(ship); i++) {
		ship_count(ship, i, &c);
		name_group(group, sizeof group, "sink", c.name);
		put_counter(j, group, "records", c.records);
		put_counter(j, group, "delivered", c.delivered);
		put_counter(j, group, "lost", c.lost);
		put_counter(j, group, "waiting", c.waiting);
		put_counter(j, group, "spooled", c.spooled);
		put_counter(j, group, "failures", c.failures);
		put_counter(j, group, "opened", c.opened);
		put_counter(j, group, "restarts", c.restarts);
	}
}

/* Writes a group for each ring of an interface that has several. */
static void
put_rings(struct json *j, const connlog_source *source, size_t i, const char *name)
{
	connlog_ring_progress at;
	char                  group[sizeof j->group], of[sizeof j->group];

	if (!connlog_source_ring(source, i, 1, &at))
		return;
	for (size_t k = 0; connlog_source_ring(source, i, k, &at); k++) {
		snprintf(of, sizeof of, "%zu of %.*s", k, (int)sizeof of - 32, name);
		name_group(group, sizeof group, "ring", of);
		put_counter(j, group, "packets", at.packets);
		put_counter(j, group, "bytes", at.bytes);
		put_counter(j, group, "dropped", at.dropped);
		put_counter(j, group, "freezes", at.freezes);
	}
}

/* Writes a group for each interface. */
static void
put_interfaces(struct json *j, const connlog_source *source)
{
	connlog_interface_progress at;
	char                       group[sizeof j->group];

	for (size_t i = 0; connlog_source_interface(source, i, &at); i++) {
		name_group(group, sizeof group, "interface", at.name);
		put_counter(j, group, "packets", at.packets);
		put_counter(j, group, "bytes", at.bytes);
		put_counter(j, group, "filtered", at.filtered);
		put_counter(j, group, "dropped_ring", at.dropped_ring);
		put_counter(j, group, "dropped_interface", at.dropped_interface);
		put_counter(j, group, "freezes", at.freezes);
		put_counter(j, group, "down", at.down);
		put_rings(j, source, i, at.name);
	}
}

/* What --fold made. */
static void
put_fold(struct json *j, const connlog_engine *e)
{
	connlog_fold_counts c;

	if (!connlog_engine_fold_count(e, &c))
		return;
	put_counter(j, "fold", "records", c.records);
	put_counter(j, "fold", "rows", c.rows);
	put_counter(j, "fold", "early", c.early);
	put_counter(j, "fold", "given_up", c.given_up);
	put_counter(j, "fold", "open", c.open);
	put_counter(j, "fold", "bytes", c.bytes);
}

static void
put_all(struct json *j, const connlog_engine *e, const connlog_source *source, const struct output *o)
{
	connlog_source_progress at;
	uint64_t                given_up;

	fputs("{", j->f);
	connlog_source_progress_get(source, &at);
	put_counter(j, "input", "packets", at.packets);
	put_counter(j, "input", "bytes", at.bytes);
	put_counter(j, "input", "filtered", at.filtered);
	put_counter(j, "input", "dropped", at.dropped);
	put_interfaces(j, source);
	connlog_counters(e, put_counter, j);
	put_counter(j, "output", "records", o->records);
	put_counter(j, "output", "lost", o->lost);
	put_counter(j, "output", "bytes", o->bytes);
	const uint64_t left_out = connlog_engine_where_left_out(e, &given_up);
	put_counter(j, "output", "left_out", left_out);
	put_counter(j, "output", "patterns_given_up", given_up);
	if (o->log != NULL)
		put_log(j, o->log);
	put_fold(j, e);
	if (o->ship != NULL)
		put_sinks(j, o->ship);
	fputs("\n  }\n}\n", j->f);
}

connlog_sink *
stats_open(const char *path)
{
	char          err[MESSAGE_MAX];
	connlog_sink *sink = strcmp(path, "-") == 0 ? connlog_sink_fd(STDERR_FILENO, err, sizeof err)
	                                            : connlog_sink_file(path, err, sizeof err);

	if (sink == NULL)
		complain("%s (--stats wants the name of a file, in a folder that exists and may be written to)", err);
	return sink;
}

bool
stats_write(connlog_sink *sink, const connlog_engine *e, const connlog_source *source, const struct output *o)
{
	char        err[MESSAGE_MAX] = "out of memory";
	char       *text = NULL;
	size_t      size = 0;
	struct json j = { .f = open_memstream(&text, &size) };
	bool        good = false;

	if (j.f != NULL) {
		put_all(&j, e, source, o);
		good = fclose(j.f) == 0;
	}
	good = good && connlog_sink_write(sink, text, size, err, sizeof err) == CONNLOG_OK &&
	       connlog_sink_close(sink, err, sizeof err) == CONNLOG_OK;
	if (!good)
		complain("%s", err);
	free(text);
	return good;
}

bool
stats_tell(const char *path, const connlog_engine *e, const connlog_source *source, const struct output *o)
{
	connlog_sink *sink = stats_open(path);
	const bool    good = sink != NULL && stats_write(sink, e, source, o);

	connlog_sink_free(sink);
	return good;
}
