/* metrics.c - see metrics.h.
 *
 * The library's counters have a group and a name.  A table defines which of them form a metric: one of a group, or a
 * whole group whose members are distinguished by a label, so that counters added to the group later are included.
 */
#include "cli/metrics.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cli/live_page.h"
#include "connlog_live.h"
#include "sensor/clock.h"

enum { COUNTERS_MAX = 512 };

static const struct metric {
	const char *name, *type, *help;
	const char *group, *counter; /* one of the group; NULL: all, distinguished by */
	const char *label;
} table[] = {
	{ "packets_total", "counter", "Packets that were taken in.", "packets", "read", NULL },
	{ "packet_bytes_total", "counter", "Bytes of these packets, as far as they were captured.", "packets", "bytes",
	  NULL },
	{ "packets_before_epoch_total", "counter", "Packets with a time before 1970, which are left out.", "packets",
	  "before_epoch", NULL },
	{ "packets_cut_short_total", "counter", "Packets that the capture has cut.", "packets", "cut_short", NULL },
	{ "packets_unknown_link_total", "counter", "Packets of a link type that is not known.", "packets", "unknown_link",
	  NULL },
	{ "pieces_total", "counter", "What became of packets and of packets in packets.", "pieces", NULL, "kind" },
	{ "pieces_ignored_total", "counter", "Packets that make no connection.", "ignored", NULL, "cause" },
	{ "pieces_rejected_total", "counter", "Packets that are damaged, by the reason.", "rejected", NULL, "cause" },
	{ "fragments_total", "counter", "Datagrams that came in fragments, and what became of them.", "fragments", NULL,
	  "kind" },
	{ "checksums_total", "counter", "Checksums that were verified, and those that were wrong.", "checksums", NULL,
	  "kind" },
	{ "connections_peak", "gauge", "The most connections that were open at once.", "connections", "peak", NULL },
	{ "connections_flipped_total", "counter", "Connections whose roles were exchanged.", "connections", "flipped",
	  NULL },
	{ "connections_open", "gauge", "Connections that are open.", "open", NULL, "protocol" },
	{ "connections_created_total", "counter", "Connections that have begun.", "created", NULL, "protocol" },
	{ "connections_ended_total", "counter", "Connections that have ended, by the reason.", "ended", NULL, "cause" },
	{ "connections_state_total", "counter", "Connections that have ended, by conn_state.", "states", NULL,
	  "conn_state" },
	{ "timers_run_total", "counter", "Timers of connections that were run.", "timers", "run", NULL },
	{ "service_connections_total", "counter", "Connections in which a service was found, by the service.", "service",
	  NULL, "service" },
	{ "service_connections_expected", "gauge", "Data connections that were announced and have not come.", "services",
	  "expected", NULL },
	{ "service_inspections_total", "counter", "Connections that were looked into.", "services", "inspections", NULL },
	{ "service_undecided_total", "counter", "Of these, ended without a service.", "services", "undecided", NULL },
	{ "service_recognisers_total", "counter", "Recognisers that looked at a connection.", "services", "recognisers",
	  NULL },
	{ "service_confirmed_total", "counter", "Recognisers that found their protocol.", "services", "confirmed", NULL },
	{ "service_failed_total", "counter", "Recognisers that found another one.", "services", "failed", NULL },
	{ "contents_files_total", "counter", "Files with the contents of connections.", "contents", "files", NULL },
	{ "contents_bytes_total", "counter", "Bytes in these files.", "contents", "bytes", NULL },
	{ "contents_failures_total", "counter", "Files of these that could not be written.", "contents", "failures", NULL },
	{ "limits_total", "counter", "How often a limit was reached.", "limits", NULL, "limit" },
	{ "scripts", "gauge", "Scripts that are loaded.", "scripts", "loaded", NULL },
	{ "script_events_total", "counter", "Events that scripts have handled.", "scripts", "handled", NULL },
	{ "script_errors_total", "counter", "Errors of scripts.", "scripts", "errors", NULL },
	{ "script_records_dropped_total", "counter", "Records that scripts kept out of the log.", "scripts", "dropped",
	  NULL },
	{ "memory_bound_bytes", "gauge", "The bound of --memory for connections and what is kept for them, 0 for none.",
	  "bound", "bytes", NULL },
	{ "memory_bound_used_bytes", "gauge", "What is in use of that.", "bound", "used", NULL },
	{ "memory_bound_held_bytes", "gauge", "What is held of that, in use or not.", "bound", "held", NULL },
	{ "emergency_stage", "gauge", "Workers that do this because memory runs short.", "stages", NULL, "stage" },
	{ "emergency_total", "counter", "Emergencies of memory, and what was done in them.", "emergency", NULL, "what" },
	{ "memory_bytes", "gauge", "Memory for connections, by what it holds.", "memory", NULL, "kind" },
};

struct counter {
	const char *group, *name;
	uint64_t    value;
};

struct counters {
	struct counter at[COUNTERS_MAX];
	size_t         n;
};

/* A connlog_counter_fn.  The texts are static. */
static void
keep(void *arg, const char *group, const char *name, uint64_t value)
{
	struct counters *c = arg;
	if (c->n < COUNTERS_MAX)
		c->at[c->n++] = (struct counter){ group, name, value };
}

/* Writes a label's value, escaping what may not appear in quotes with a backslash. */
static void
put_quoted(FILE *f, const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '\\' || *text == '"')
			fputc('\\', f);
		if (*text == '\n')
			fputs("\\n", f);
		else
			fputc(*text, f);
	}
}

static void
put_head(FILE *f, const char *prefix, const char *name, const char *type, const char *help)
{
	fprintf(f, "# HELP %s%s %s\n# TYPE %s%s %s\n", prefix, name, help, prefix, name, type);
}

static void
put_table(FILE *f, const struct counters *c)
{
	for (const struct metric *m = table; m < table + sizeof table / sizeof table[0]; m++) {
		put_head(f, "connlog_", m->name, m->type, m->help);
		for (size_t i = 0; i < c->n; i++) {
			const struct counter *k = &c->at[i];
			if (strcmp(k->group, m->group) != 0 || (m->counter != NULL && strcmp(k->name, m->counter) != 0))
				continue;
			if (m->label != NULL)
				fprintf(f, "connlog_%s{%s=\"%s\"} %" PRIu64 "\n", m->name, m->label, k->name, k->value);
			else
				fprintf(f, "connlog_%s %" PRIu64 "\n", m->name, k->value);
		}
	}
}

static void
put_one(FILE *f, const char *name, const char *type, const char *help, uint64_t value)
{
	put_head(f, "connlog_", name, type, help);
	fprintf(f, "connlog_%s %" PRIu64 "\n", name, value);
}

/* Counters of an interface, distinguished by its name; `more` is another label. */
static const struct interface_metric {
	const char *name, *type, *help, *more;
	size_t      offset; /* of a uint64_t */
} interface_table[] = {
#define AT(member) offsetof(connlog_interface_progress, member)
	{ "packets_total", "counter", "Packets of the interface that were taken.", "", AT(packets) },
	{ "bytes_total", "counter", "Bytes of these packets.", "", AT(bytes) },
	{ "filtered_total", "counter", "Packets that the filter left out, as far as it is not the kernel's.", "",
	  AT(filtered) },
	{ "lost_total", "counter", "Packets that were lost, by the place.", ",cause=\"ring\"", AT(dropped_ring) },
	{ "lost_total", NULL, NULL, ",cause=\"interface\"", AT(dropped_interface) },
	{ "freezes_total", "counter", "How often the ring was full.", "", AT(freezes) },
#undef AT
};

static void
put_label(FILE *f, const char *name, const char *interface, const char *more, uint64_t value)
{
	fprintf(f, "connlog_interface_%s{interface=\"", name);
	put_quoted(f, interface);
	fprintf(f, "\"%s} %" PRIu64 "\n", more, value);
}

static void
put_interfaces(FILE *f, const connlog_source *source)
{
	connlog_interface_progress at;

	for (size_t k = 0; k < sizeof interface_table / sizeof interface_table[0]; k++) {
		const struct interface_metric *m = &interface_table[k];
		if (m->help != NULL)
			put_head(f, "connlog_interface_", m->name, m->type, m->help);
		for (size_t i = 0; connlog_source_interface(source, i, &at); i++) {
			uint64_t value;
			memcpy(&value, (const char *)&at + m->offset, sizeof value);
			put_label(f, m->name, at.name, m->more, value);
		}
	}
	put_head(f, "connlog_interface_", "up", "gauge", "Whether the interface is there and up.");
	for (size_t i = 0; connlog_source_interface(source, i, &at); i++)
		put_label(f, "up", at.name, "", !at.down);
}

/* Counters of each ring of an interface that has several. */
static const struct ring_metric {
	const char *name, *help;
	size_t      offset; /* of a uint64_t */
} ring_table[] = {
#define AT(member) offsetof(connlog_ring_progress, member)
	{ "packets_total", "Packets of one of several rings of an interface that were taken.", AT(packets) },
	{ "lost_total", "Packets that one of several rings of an interface had no room for.", AT(dropped) },
#undef AT
};

static void
put_rings(FILE *f, const connlog_source *source)
{
	connlog_interface_progress interface;
	connlog_ring_progress      at;

	for (size_t k = 0; k < sizeof ring_table / sizeof ring_table[0]; k++) {
		bool headed = false;
		for (size_t i = 0; connlog_source_interface(source, i, &interface); i++)
			for (size_t ring = 0; connlog_source_ring(source, i, 1, &at) && connlog_source_ring(source, i, ring, &at);
			     ring++) {
				uint64_t value;
				memcpy(&value, (const char *)&at + ring_table[k].offset, sizeof value);
				if (!headed)
					put_head(f, "connlog_ring_", ring_table[k].name, "counter", ring_table[k].help);
				headed = true;
				fprintf(f, "connlog_ring_%s{interface=\"", ring_table[k].name);
				put_quoted(f, interface.name);
				fprintf(f, "\",ring=\"%zu\"} %" PRIu64 "\n", ring, value);
			}
	}
}

static void
put_log(FILE *f, const struct metrics *m)
{
	struct log_counts c = { 0 };

	if (m->output->log != NULL)
		log_counts(m->output->log, &c);
	put_one(f, "records_total", "counter", "Records that were made.", m->output->records);
	put_one(f, "records_written_total", "counter", "Records that are in the log.", c.written);
	put_one(f, "records_lost_total", "counter", "Records that could not be written.", c.lost);
	put_one(f, "spool_records", "gauge", "Records that wait to be written.", c.waiting);
	put_one(f, "spool_bytes", "gauge", "Memory that these take.", c.waiting_bytes);
	put_one(f, "spool_limit_bytes", "gauge", "Memory that they may take.", m->spool);
	put_one(f, "log_bytes_total", "counter", "Bytes that were written to logs.", c.bytes);
	put_one(f, "log_rotations_total", "counter", "Logs that were rotated.", c.rotations);
	put_one(f, "log_packed_total", "counter", "Rotated logs that were packed.", c.packed);
	put_one(f, "log_commands_total", "counter", "Commands that were run for rotated logs.", c.commands);
	put_one(f, "log_removed_total", "counter", "Old logs that were removed.", c.removed);
	put_one(f, "log_failures_total", "counter", "Failures to rotate, pack, hand on or remove a log.", c.failures);
}

/* What became of the records of each sink, distinguished by its URL. */
static const struct sink_metric {
	const char *name, *type, *help;
	size_t      offset; /* of a uint64_t */
} sink_table[] = {
#define AT(member) offsetof(struct ship_counts, member)
	{ "records_total", "counter", "Records that were made for the sink.", AT(records) },
	{ "delivered_total", "counter", "Records that the sink has taken.", AT(delivered) },
	{ "lost_total", "counter", "Records that it will never get.", AT(lost) },
	{ "waiting_records", "gauge", "Records that wait for it in memory.", AT(waiting) },
	{ "waiting_bytes", "gauge", "Memory that these take.", AT(waiting_bytes) },
	{ "spooled_records", "gauge", "Records that wait for it on the disk.", AT(spooled) },
	{ "spooled_bytes", "gauge", "Room on the disk that these take.", AT(spooled_bytes) },
	{ "failures_total", "counter", "How often it could not be reached or took nothing.", AT(failures) },
	{ "opened_total", "counter", "How often it was reached.", AT(opened) },
	{ "restarts_total", "counter", "How often its process died and was replaced.", AT(restarts) },
#undef AT
};

static void
put_sink(FILE *f, const char *name, const char *sink, uint64_t value)
{
	fprintf(f, "connlog_sink_%s{sink=\"", name);
	put_quoted(f, sink);
	fprintf(f, "\"} %" PRIu64 "\n", value);
}

static void
put_sinks(FILE *f, struct ship *ship)
{
	struct ship_counts c;

	for (size_t k = 0; k < sizeof sink_table / sizeof sink_table[0]; k++) {
		const struct sink_metric *m = &sink_table[k];
		put_head(f, "connlog_sink_", m->name, m->type, m->help);
		for (size_t i = 0; i < ship_size(ship); i++) {
			uint64_t value;
			ship_count(ship, i, &c);
			memcpy(&value, (const char *)&c + m->offset, sizeof value);
			put_sink(f, m->name, c.name, value);
		}
	}
	put_head(f, "connlog_sink_", "up", "gauge", "Whether it is reached.");
	for (size_t i = 0; i < ship_size(ship); i++) {
		ship_count(ship, i, &c);
		put_sink(f, "up", c.name, c.up);
	}
}

uint64_t
metrics_resident(int statm)
{
	char          text[128];
	unsigned long pages;
	const ssize_t n = statm >= 0 ? pread(statm, text, sizeof text - 1, 0) : 0;

	if (n <= 0)
		return 0;
	text[n] = '\0';
	return sscanf(text, "%*u %lu", &pages) == 1 ? (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE) : 0;
}

/* What is counted of the page of --web. */
static void
put_page(FILE *f, struct live_page *page)
{
	struct web_counts c;

	live_page_count(page, &c);
	put_one(f, "web_clients", "gauge", "Clients that follow the page.", c.streams);
	put_one(f, "web_clients_total", "counter", "Clients that have begun to.", c.opened);
	put_one(f, "web_refused_total", "counter", "Requests for which the page had no place.", c.refused);
	put_one(f, "web_denied_total", "counter", "Requests without the token, or under a wrong name.", c.denied);
	put_one(f, "web_records_total", "counter", "Records that were kept for the page.", c.records);
	put_one(f, "web_records", "gauge", "Records that are kept.", c.kept);
	put_one(f, "web_bytes", "gauge", "Memory that these take.", c.bytes);
	put_one(f, "web_records_dropped_total", "counter",
	        "Records that the page lost before their time, for want of memory.", c.pushed_out);
	put_one(f, "web_records_skipped_total", "counter", "Records that clients were too slow for, over all of them.",
	        c.skipped);
}

static double
seconds_of(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static void
put_process(FILE *f, const struct metrics *m)
{
	struct rusage used;

	getrusage(RUSAGE_SELF, &used);
	put_head(f, "connlog_", "build_info", "gauge", "The version that runs.");
	fprintf(f, "connlog_build_info{version=\"%s\"} 1\n", CONNLOG_VERSION);
	put_head(f, "connlog_", "packet_time_seconds", "gauge", "The time that connections have come to, since the epoch.");
	fprintf(f, "connlog_packet_time_seconds %.6f\n", connlog_time(m->engine));
	put_head(f, "connlog_", "behind_seconds", "gauge",
	         "How long packets waited at most before they were taken, in the last 15 to 30 seconds.");
	fprintf(f, "connlog_behind_seconds %.6f\n", m->behind);
	put_head(f, "connlog_", "uptime_seconds", "gauge", "How long it had run when this was counted.");
	fprintf(f, "connlog_uptime_seconds %.3f\n", clock_steady() - m->started_steady);
	put_head(f, "process_", "start_time_seconds", "gauge", "When the process began, since the epoch.");
	fprintf(f, "process_start_time_seconds %.3f\n", m->started);
	put_head(f, "process_", "cpu_seconds_total", "counter", "Time of processors that was taken.");
	fprintf(f, "process_cpu_seconds_total %.3f\n", seconds_of(used.ru_utime) + seconds_of(used.ru_stime));
	put_head(f, "process_", "resident_memory_bytes", "gauge", "Memory of the process.");
	fprintf(f, "process_resident_memory_bytes %" PRIu64 "\n", metrics_resident(m->statm));
}

char *
metrics_text(const struct metrics *m, size_t *n)
{
	struct counters c = { .n = 0 };
	char           *text = NULL;
	FILE           *f = open_memstream(&text, n);

	if (f == NULL)
		return NULL;
	connlog_counters(m->engine, keep, &c);
	put_process(f, m);
	put_interfaces(f, m->source);
	put_rings(f, m->source);
	put_table(f, &c);
	put_log(f, m);
	if (m->output->ship != NULL)
		put_sinks(f, m->output->ship);
	if (m->page != NULL)
		put_page(f, m->page);
	if (fclose(f) == 0)
		return text;
	free(text);
	return NULL;
}
