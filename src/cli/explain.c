/* explain.c - `connlog explain`: histories, states and records in words. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/args.h"
#include "cli/explain.h"

enum { OPT_AS = ARG_LONG, OPT_PROTO, EXAMPLES = 5 };

static const struct option_row rows[] = {
	{ OPT_AS, "as", "KIND", "what the first argument is: history, state or uid" },
	{ OPT_PROTO, "proto", "PROTO", "whose history it is: tcp or udp" },
};

enum kind { KIND_UNKNOWN, KIND_HISTORY, KIND_STATE, KIND_UID, KIND_FILE };

struct explain {
	const char      *operands[2]; /* the subject and the log */
	size_t           operands_n;
	enum kind        kind;  /* of the subject: given with --as, or guessed */
	enum story_proto proto; /* --proto, or 0 */

	struct term term;
	struct view view;
	uint64_t    records, found;
	bool        damaged; /* part of the log could not be read */
};

static bool
set_kind(struct explain *e, const char *value)
{
	static const char *const names[] = { [KIND_HISTORY] = "history", [KIND_STATE] = "state", [KIND_UID] = "uid" };

	for (size_t i = KIND_HISTORY; i <= KIND_UID; i++)
		if (strcmp(value, names[i]) == 0)
			e->kind = (enum kind)i;
	if (e->kind == KIND_UNKNOWN)
		complain("--as %s: history, state or uid is expected", value);
	return e->kind != KIND_UNKNOWN;
}

static bool
apply(void *arg, int key, const char *value)
{
	struct explain *e = arg;

	switch (key) {
	case OPT_AS:
		return set_kind(e, value);
	case OPT_PROTO:
		e->proto = story_proto_named(value, strlen(value));
		if (e->proto == STORY_OTHER)
			complain("--proto %s: tcp or udp is expected", value);
		return e->proto != STORY_OTHER;
	default: /* an operand */
		if (e->operands_n == 2) {
			complain("%s is one argument too many: a history, state or uid, and a log", value);
			return false;
		}
		e->operands[e->operands_n++] = value;
		return true;
	}
}

static const struct args_spec spec = {
	.command = "explain",
	.about = "Says in words what a history or a state tells, or the whole story of a record.",
	.rows = rows,
	.rows_n = sizeof rows / sizeof rows[0],
	.apply = apply,
	.notes = "Without an argument: what all letters and states mean.  With a log (- is standard input), a uid's record "
			 "is told,\n"
			 "and a state or a history is counted there; with a log alone, each of its records is told.",
};

/* A state in capitals is taken as a state even if it could also be a history (SF, SH, SHR, RSTR, RSTRH). */
static enum kind
guess(const char *what, bool with_log)
{
	const size_t              n = strlen(what);
	const struct story_state *state = story_state_find(what, n);

	if (state != NULL && strcmp(state->name, what) == 0)
		return KIND_STATE;
	if (story_is_history(what, n))
		return KIND_HISTORY;
	if (state != NULL)
		return KIND_STATE;
	if (with_log)
		return KIND_UID;
	return strcmp(what, "-") == 0 || access(what, F_OK) == 0 ? KIND_FILE : KIND_UNKNOWN;
}

/* ---- without a log --------------------------------------------------------------------------------------------- */

static bool
tell_history(const struct explain *e, const char *what)
{
	const connlog_text     history = { what, strlen(what) };
	const enum story_proto proto = e->proto != 0 ? e->proto : story_proto_of(what, history.n);

	if (!explain_steps(&e->term, proto, history))
		return false;
	if (e->proto == 0 && proto == STORY_UDP)
		fputs("\nRead as UDP, which has no other letters; as TCP with --proto tcp.\n", e->term.f);
	return true;
}

/* Returns an exit_code */
static int
tell_word(const struct explain *e, const char *what)
{
	const struct story_state *state = story_state_find(what, strlen(what));

	if (e->kind == KIND_HISTORY) {
		if (!tell_history(e, what)) {
			complain("out of memory");
			return EXIT_INCOMPLETE;
		}
		return EXIT_ALL_READ;
	}
	if (state == NULL)
		return complain_usage("%s is no state: `connlog explain` lists them", what);
	explain_state(&e->term, state);
	if (story_is_history(what, strlen(what)))
		fprintf(e->term.f, "\n%s is also a history: `connlog explain --as history %s`\n", what, what);
	return EXIT_ALL_READ;
}

/* ---- in a log ---------------------------------------------------------------------------------------------------- */

static bool
same(connlog_text text, const char *what)
{
	return text.n == strlen(what) && memcmp(text.p, what, text.n) == 0;
}

/* Returns whether the record is one of those asked for. */
static bool
is_meant(const struct explain *e, const connlog_record *r)
{
	static const enum view_column columns[] = {
		[KIND_HISTORY] = VIEW_HISTORY, [KIND_STATE] = VIEW_STATE, [KIND_UID] = VIEW_UID
	};
	char room[VIEW_TEXT_MAX];

	return e->kind == KIND_FILE || same(view_text(&e->view, r, columns[e->kind], room), e->operands[0]);
}

/* The record of a uid is explained in full; of the records with a given state or history, the first few are listed. */
static bool
tell_record(struct explain *e, const connlog_record *r)
{
	char room[VIEW_TEXT_MAX];

	e->found++;
	if (e->kind == KIND_UID || e->kind == KIND_FILE) {
		if (e->found > 1)
			fprintf(e->term.f, "\n%.*s\n\n", e->term.width,
			        "----------------------------------------------------------------"
			        "--------------------------------------------------------");
		return explain_record(&e->term, &e->view, r);
	}
	if (e->found <= EXAMPLES) {
		fputs(e->found == 1 ? "\nuids in the log: " : ", ", e->term.f);
		term_text(&e->term, view_text(&e->view, r, VIEW_UID, room));
	}
	return true;
}

/* Returns false when out of memory. */
static bool
read_log(struct explain *e, connlog_reader *reader)
{
	const connlog_record *r;
	char                  err[MESSAGE_MAX];
	int                   status;

	while ((status = connlog_reader_next(reader, &r, err, sizeof err)) != CONNLOG_END) {
		if (status == CONNLOG_READ_RECORD) {
			e->records++;
			if (is_meant(e, r) && !tell_record(e, r))
				return false;
		} else if (status != CONNLOG_READ_COLUMNS) {
			complain("%s", err);
			e->damaged = true;
			if (status == CONNLOG_NO_MEMORY)
				break;
		}
	}
	return true;
}

/* Returns an exit_code */
static int
conclude(const struct explain *e, const char *log)
{
	const bool counts = e->kind == KIND_HISTORY || e->kind == KIND_STATE;

	if (counts)
		fprintf(e->term.f, "\n%" PRIu64 " of %" PRIu64 " connections in the log have it.\n", e->found, e->records);
	else if (e->found == 0 && e->kind == KIND_UID)
		complain("no record in %s has the uid %s", log, e->operands[0]);
	else if (e->found == 0)
		complain("%s has no records", log);
	return e->damaged || (e->found == 0 && e->kind == KIND_UID) ? EXIT_INCOMPLETE : EXIT_ALL_READ;
}

static int
search_log(struct explain *e, const char *log)
{
	char            err[MESSAGE_MAX];
	connlog_reader *reader = connlog_reader_files(&log, 1, NULL, err, sizeof err);
	int             code = EXIT_INCOMPLETE;

	if (reader == NULL) {
		complain("%s", err);
		return code;
	}
	view_init(&e->view);
	if (read_log(e, reader))
		code = conclude(e, log);
	else
		complain("out of memory");
	connlog_reader_free(reader);
	return code;
}

/* Returns an exit_code */
static int
explain(struct explain *e)
{
	const char *what = e->operands[0], *log = e->operands_n == 2 ? e->operands[1] : NULL;
	int         code = EXIT_ALL_READ;

	if (what == NULL) {
		explain_legend(&e->term);
		return code;
	}
	if (e->kind == KIND_UNKNOWN)
		e->kind = guess(what, log != NULL);
	switch (e->kind) {
	case KIND_HISTORY:
	case KIND_STATE:
		code = tell_word(e, what);
		break;
	case KIND_UID:
		if (log == NULL)
			return complain_usage("a uid wants the log that has it: connlog explain %s conn.log", what);
		break;
	case KIND_FILE:
		log = what;
		break;
	default:
		return complain_usage("%s is no history, no state and no file; a uid wants the log that has it: "
		                      "connlog explain %s conn.log",
		                      what, what);
	}
	return code == EXIT_ALL_READ && log != NULL ? search_log(e, log) : code;
}

int
command_explain(int argc, char **argv)
{
	struct explain e = { 0 };

	switch (args_walk(&spec, &e, argc, argv)) {
	case ARGS_DONE:
		return EXIT_ALL_READ;
	case ARGS_WRONG:
		return EXIT_USAGE;
	case ARGS_RUN:
		break;
	}
	term_init(&e.term, stdout);
	int code = explain(&e);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		complain("standard output cannot be written");
		code = EXIT_INCOMPLETE;
	}
	return code;
}
