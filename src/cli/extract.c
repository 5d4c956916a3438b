/* extract.c - `connlog extract`: chooses records, of a log or of the captures themselves, and has the library find their packets. */
#include "cli/extract.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/confine.h"
#include "cli/progress.h"
#include "cli/settings.h"
#include "cli/signals.h"
#include "connlog_archive.h"

enum { TOLD_MAX = 20 /* connections of which it is said what is wrong */ };

enum { OPT_UID = OPT_COMMAND, OPT_LOG, OPT_ICMP_ERRORS, OPT_KEEP_PAYLOAD, OPT_NO_INDEX };

static const struct option_row rows[] = {
	{ 'w', "write", "FILE|DIR/", "write the packets into FILE, or those of each connection into DIR/UID.pcapng" },
	{ OPT_UID, "uid", "UID", "of the connection with this uid or Community ID; may be repeated" },
	{ OPT_LOG, "log", "FILE", "look records up in this log, of any format; may be repeated" },
	WHERE_ROWS(OPT_WHERE, OPT_WHERE_FILE),
	{ OPT_ICMP_ERRORS, "icmp-errors", NULL, "take ICMP errors about the connections, too" },
	ANONYMIZE_ROW(OPT_ANONYMIZE),
	{ OPT_KEEP_PAYLOAD, "keep-payload", NULL, "with --anonymize: leave payload as it is, which may hold addresses" },
	{ OPT_NO_INDEX, "no-index", NULL, "read all of the captures, whether they have indexes or not" },
	{ 'r', "read", "FILE", "read FILE; may be repeated" },
	{ 'f', "filter", "BPF", "look only at packets that this pcap filter lets through, as the log was made" },
	{ 'C', "no-checksums", NULL, "take packets with bad checksums for good, as the log was made" },
	{ OPT_SEED, "seed", "TEXT", "make uids depend on TEXT and the input alone, as the log was made" },
	{ OPT_NO_SANDBOX, "no-sandbox", NULL, "keep all rights: no Landlock, no seccomp" },
	{ 'q', "quiet", NULL, "no warnings and no progress" },
	{ 'v', "verbose", NULL, "a line of summary at the end" },
};

struct extraction {
	struct settings   *settings;
	connlog_extractor *x;
	connlog_source    *source; /* that records come from, while they do */
	struct progress    progress;
	bool              *met;    /* of each uid that is asked for: some record has it */
	uint64_t           chosen; /* records */
	int                code;
};

static connlog_extractor *volatile extracting;

static void
on_stop(int sig)
{
	(void)sig;
	if (extracting != NULL)
		connlog_extractor_stop(extracting);
}

bool
extract_is_folder(const char *path)
{
	const size_t n = strlen(path);
	struct stat  st;

	return (n > 0 && path[n - 1] == '/') || (stat(path, &st) == 0 && S_ISDIR(st.st_mode));
}

/* ---- choosing records ------------------------------------------------------------------------------------------------------- */

static bool
is_community_id(const char *uid)
{
	return strchr(uid, ':') != NULL;
}

static bool
is_text(connlog_value v, const char *text)
{
	return v.set && v.text.n == strlen(text) && memcmp(v.text.p, text, v.text.n) == 0;
}

/* Returns whether the record is one that is asked for. */
static bool
is_chosen(struct extraction *e, const connlog_record *r)
{
	const struct extract_what *o = &e->settings->extract;
	bool                       has_uid = o->uids_n == 0;

	if (!where_has(&e->settings->where, r))
		return false;
	const connlog_value uid = connlog_record_find(r, "uid"), community_id = connlog_record_find(r, "community_id");
	for (size_t i = 0; i < o->uids_n; i++)
		if (is_text(is_community_id(o->uids[i]) ? community_id : uid, o->uids[i]))
			e->met[i] = has_uid = true;
	return has_uid;
}

/* A connlog_record_fn. */
static int
take_record(void *arg, const connlog_record *r)
{
	struct extraction *e = arg;

	if (!is_chosen(e, r))
		return CONNLOG_OK;
	const int status = connlog_extractor_want(e->x, r);
	if (status == CONNLOG_BAD_INPUT) {
		complain("a record lacks ts, proto or a column of id, and its packets cannot be found without");
		e->code = EXIT_INCOMPLETE;
		return CONNLOG_OK;
	}
	e->chosen++;
	return status;
}

/* Returns false after a message. */
static bool
choose_from_logs(struct extraction *e)
{
	const struct extract_what *o = &e->settings->extract;
	const connlog_record      *r;
	char                       err[MESSAGE_MAX];
	connlog_reader            *reader = connlog_reader_files(o->logs, o->logs_n, NULL, err, sizeof err);
	int                        status = reader != NULL ? CONNLOG_OK : CONNLOG_NO_MEMORY, kept = CONNLOG_OK;

	while (status >= CONNLOG_OK && kept == CONNLOG_OK) {
		status = connlog_reader_next(reader, &r, err, sizeof err);
		if (status == CONNLOG_READ_RECORD)
			kept = take_record(e, r);
		if (status == CONNLOG_BAD_INPUT || status == CONNLOG_IO) {
			complain("%s", err);
			e->code = EXIT_INCOMPLETE;
			status = CONNLOG_OK;
		}
	}
	connlog_reader_free(reader);
	if (status == CONNLOG_END && kept == CONNLOG_OK) {
		const int code = where_finish(&e->settings->where);
		if (code != EXIT_ALL_READ)
			e->code = code;
		return code == EXIT_ALL_READ;
	}
	complain("%s", kept != CONNLOG_OK ? connlog_error_text(kept) : err);
	return false;
}

/* The columns that a log of the captures would have are all known.  Returns false after a message. */
static bool
set_engine(struct extraction *e)
{
	struct settings    *s = e->settings;
	connlog_where_extra column;
	const size_t        community_id = (size_t)connlog_column_find("community_id");
	bool                wants = s->where.condition != NULL && connlog_where_reads(s->where.condition, community_id);

	if (s->where.condition != NULL && connlog_where_extra_at(s->where.condition, 0, &column)) {
		e->code = complain_usage("--where: there is no column '%.60s', but a --log may have it", column.name);
		return false;
	}
	for (size_t i = 0; i < s->extract.uids_n; i++)
		wants = wants || is_community_id(s->extract.uids[i]);
	return !wants || assign_option(s, "log_community_id", "T");
}

/* Reads the captures once.  Returns false after a message. */
static bool
choose_from_captures(struct extraction *e)
{
	struct settings *s = e->settings;
	connlog_packet   packets[64];
	char             err[MESSAGE_MAX];
	connlog_engine  *engine = set_engine(e) ? connlog_engine_new(s->options, err, sizeof err) : NULL;
	int              n = CONNLOG_OK, status = CONNLOG_OK;

	if (engine == NULL) {
		if (e->code != EXIT_USAGE)
			complain("%s", err);
		return false;
	}
	e->source = connlog_source_files(s->inputs, s->inputs_n, s->filter, err, sizeof err);
	status = e->source != NULL ? connlog_on_record(engine, take_record, e) : CONNLOG_NO_MEMORY;
	signals_stop(e->source, NULL);
	while (status == CONNLOG_OK && n != CONNLOG_END) {
		n = connlog_source_read(e->source, packets, sizeof packets / sizeof packets[0], err, sizeof err);
		if (n > 0)
			status = connlog_packets(engine, packets, (size_t)n);
		if (n == CONNLOG_NO_MEMORY)
			status = n;
		progress_update(&e->progress, e->source); /* what is wrong with a file is said when it is read again */
	}
	if (status == CONNLOG_OK)
		status = connlog_finish(engine);
	if (status != CONNLOG_OK)
		complain("%s", e->source == NULL ? err : connlog_error_text(status));
	signals_stop(NULL, NULL);
	connlog_source_free(e->source);
	connlog_engine_free(engine);
	progress_clear(&e->progress);
	return status == CONNLOG_OK;
}

/* Returns whether any record was chosen; says which uids no record has. */
static bool
check_chosen(struct extraction *e)
{
	const struct extract_what *o = &e->settings->extract;
	const char                *where = o->logs_n > 0 ? "no record of the log has" : "no connection has";
	size_t                     missing = 0;

	for (size_t i = 0; i < o->uids_n; i++)
		if (!e->met[i] && missing++ < TOLD_MAX)
			complain("--uid %s: %s it%s", o->uids[i], where,
			         o->logs_n == 0 && !is_community_id(o->uids[i]) ? "; is --seed the log's?" : "");
	if (missing > TOLD_MAX)
		complain("%zu uids more were not found", missing - TOLD_MAX);
	if (e->chosen == 0 && missing == 0)
		complain("no record meets the condition");
	if (e->chosen == 0 || missing > 0)
		e->code = EXIT_INCOMPLETE;
	return e->chosen > 0;
}

/* ---- their packets ---------------------------------------------------------------------------------------------------------- */

static void
on_notice(void *arg, const char *text)
{
	struct extraction *e = arg;

	progress_clear(&e->progress);
	complain("%s", text);
	e->code = EXIT_INCOMPLETE;
}

static void
on_progress(void *arg, const connlog_source_progress *at)
{
	struct extraction *e = arg;
	progress_update_at(&e->progress, at);
}

/* Says of which connections the packets are not those that the record counts. */
static void
check_found(struct extraction *e)
{
	connlog_extracted found;
	uint64_t          wrong = 0, packets = 0, fragments = 0, errors = 0;

	for (size_t i = 0; connlog_extractor_at(e->x, i, &found); i++) {
		packets += found.packets;
		fragments += found.fragments;
		errors += found.icmp_errors;
		if (!found.exact && wrong++ < TOLD_MAX)
			complain("%s: %s%s", *found.uid ? found.uid : "a connection",
			         found.found ? "the packets are not those that the record counted: " : "", found.difference);
	}
	if (wrong > TOLD_MAX)
		complain("the same of %" PRIu64 " connections more", wrong - TOLD_MAX);
	if (wrong > 0) {
		e->code = EXIT_INCOMPLETE;
		complain("%" PRIu64 " of %" PRIu64
		         " connections are not exact: give the captures, the filter and the options that "
		         "the log was made with (-f, -C, NAME=VALUE)",
		         wrong, e->chosen);
	}
	if (e->settings->verbose)
		fprintf(stderr,
		        "connlog: %" PRIu64 " connections, %" PRIu64 " packets, %" PRIu64 " other fragments, %" PRIu64
		        " ICMP errors in %.3f s\n",
		        e->chosen, packets, fragments, errors, progress_elapsed(&e->progress));
}

/* Says how much was read, and which indexes are of no use. */
static void
tell_work(const struct extraction *e)
{
	connlog_extract_work work;

	connlog_extractor_work(e->x, &work);
	if (!e->settings->quiet && work.stale + work.damaged > 0)
		complain("warning: the indexes of %zu captures are not used: %zu are of other versions of them, %zu are "
		         "damaged; make "
		         "them anew with `connlog index`",
		         work.stale + work.damaged, work.stale, work.damaged);
	if (e->settings->verbose)
		fprintf(stderr, "connlog: %zu of %zu captures have an index, %.1f MB of them read in %u walks\n", work.indexed,
		        work.captures, (double)work.bytes / 1e6, work.walks);
}

/* Returns false after a message. */
static bool
write_found(struct extraction *e)
{
	const char *path = e->settings->extract.path;
	char        err[MESSAGE_MAX];
	int         status;

	if (extract_is_folder(path))
		status = connlog_extractor_write_each(e->x, path, err, sizeof err);
	else
		status = connlog_extractor_write(e->x, path, err, sizeof err);
	if (status != CONNLOG_OK)
		complain("%s", err);
	return status == CONNLOG_OK;
}

static bool
find_and_write(struct extraction *e)
{
	const struct sigaction stop = { .sa_handler = on_stop, .sa_flags = (int)SA_RESETHAND };
	char                   err[MESSAGE_MAX];

	extracting = e->x;
	sigaction(SIGINT, &stop, NULL);
	sigaction(SIGTERM, &stop, NULL);
	const int status = connlog_extractor_find(e->x, err, sizeof err);
	progress_clear(&e->progress);
	if (status == CONNLOG_OK)
		tell_work(e);
	if (status != CONNLOG_OK)
		complain("%s", status == CONNLOG_END ? "interrupted: nothing is written" : err);
	const bool good = status == CONNLOG_OK && write_found(e);
	extracting = NULL;
	if (good)
		check_found(e);
	return good;
}

/* ---- the command ------------------------------------------------------------------------------------------------------------ */

static bool
apply(void *arg, int key, const char *value)
{
	struct settings *s = arg;

	switch (key) {
	case 'w':
		return args_set_once(&s->extract.path, value, "write");
	case OPT_UID:
		s->extract.uids[s->extract.uids_n++] = value;
		return true;
	case OPT_LOG:
		s->extract.logs[s->extract.logs_n++] = value;
		return true;
	case OPT_ICMP_ERRORS:
		s->extract.icmp_errors = true;
		return true;
	case OPT_KEEP_PAYLOAD:
		s->extract.keep_payload = true;
		return true;
	case OPT_NO_INDEX:
		s->extract.no_index = true;
		return true;
	case OPT_WHERE:
		return where_set(&s->where, value, CONNLOG_WHERE_EXTRAS);
	case OPT_WHERE_FILE:
		return where_set_file(&s->where, value, CONNLOG_WHERE_EXTRAS);
	default:
		return settings_apply(s, key, value);
	}
}

/* Returns false after a message. */
static bool
check(const struct settings *s)
{
	const struct extract_what *o = &s->extract;

	if (o->path == NULL || *o->path == '\0')
		complain_usage("-w FILE, or a folder with -w DIR/, is where the packets go");
	else if (o->uids_n == 0 && s->where.condition == NULL)
		complain_usage("--uid or --where says whose packets are meant");
	else if (s->interim)
		complain_usage("interim: records of open connections are no record of packets");
	else if (o->keep_payload && s->anonymize.with == NULL)
		complain_usage("--keep-payload is about --anonymize KEYFILE; without it all is kept");
	else {
		for (size_t i = 0; i < o->uids_n && o->logs_n == 0 && !s->seeded; i++)
			if (!is_community_id(o->uids[i])) {
				complain_usage(
					"--uid %s: uids are random numbers of one run: name its log with --log, or the --seed of the run, "
					"or give a Community ID",
					o->uids[i]);
				return false;
			}
		return true;
	}
	return false;
}

/* Returns false after a message. */
static bool
make_folder(const char *path)
{
	if (!extract_is_folder(path) || mkdir(path, 0777) == 0 || errno == EEXIST)
		return true;
	complain("%s: the folder cannot be made: %s", path, strerror(errno));
	return false;
}

/* Returns false after a message. */
static bool
anonymize(struct extraction *e)
{
	const struct settings *s = e->settings;

	if (s->anonymize.with == NULL)
		return true;
	if (!s->quiet)
		anonymize_warn(&s->anonymize);
	if (!s->quiet && s->extract.keep_payload)
		complain("warning: --keep-payload: names, addresses and contents that packets carry are in %s as they were",
		         s->extract.path);
	if (connlog_extractor_anonymize(e->x, s->anonymize.with, s->extract.keep_payload) == CONNLOG_OK)
		return true;
	complain("out of memory");
	return false;
}

static int
extract_run(struct settings *s)
{
	struct extraction             e = { .settings = s, .code = EXIT_ALL_READ };
	const connlog_extract_options o = { .engine = s->options,
		                                .bpf = s->filter,
		                                .icmp_errors = s->extract.icmp_errors,
		                                .no_index = s->extract.no_index,
		                                .notice = on_notice,
		                                .notice_arg = &e,
		                                .progress = on_progress,
		                                .progress_arg = &e };
	char                          err[MESSAGE_MAX];

	if (!check(s))
		return EXIT_USAGE;
	e.met = calloc(s->extract.uids_n + 1, sizeof *e.met);
	e.x = e.met != NULL ? connlog_extractor_new(s->inputs, s->inputs_n, &o, err, sizeof err) : NULL;
	if (e.x == NULL) {
		complain("%s", e.met != NULL ? err : "out of memory");
		free(e.met);
		return EXIT_INCOMPLETE;
	}
	if (!anonymize(&e) || !make_folder(s->extract.path)) {
		connlog_extractor_free(e.x);
		free(e.met);
		return EXIT_INCOMPLETE;
	}
	confine_extract(s);
	progress_init(&e.progress, !s->quiet && isatty(STDERR_FILENO));
	const bool chosen = s->extract.logs_n > 0 ? choose_from_logs(&e) : choose_from_captures(&e);
	if ((!chosen || (check_chosen(&e) && !find_and_write(&e))) && e.code == EXIT_ALL_READ)
		e.code = EXIT_INCOMPLETE;
	connlog_extractor_free(e.x);
	free(e.met);
	return e.code;
}

int
command_extract(int argc, char **argv)
{
	const struct args_spec spec = {
		.command = "extract",
		.about = "Writes the packets that records have counted, out of the captures that they were made from.",
		.rows = rows,
		.rows_n = sizeof rows / sizeof rows[0],
		.apply = apply,
		.notes = "Without --log the records are those of the captures, which are then read once more.  Both --uid and\n"
				 "--where given, a record has to have one of the uids and meet the condition.  NAME=VALUE sets a "
				 "constant by\n"
				 "Zeek's name, as the log was made.  More in connlog-extract(1).",
	};
	return settings_run(&spec, extract_run, argc, argv);
}
