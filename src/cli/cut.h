/* cut.h - the parts of `connlog cut`: options, the log being cut, its times. */
#ifndef CONNLOG_CLI_CUT_H
#define CONNLOG_CLI_CUT_H

#include <stdint.h>

#include "cli/where.h"

enum cut_times { CUT_TIMES_RAW, CUT_TIMES_LOCAL, CUT_TIMES_UTC };

struct cut_options {
	unsigned       headers; /* how many header blocks are shown: 0, 1, or 2 for all */
	bool           minimal; /* show only the column names of a header */
	bool           negate;  /* the named columns are left out */
	enum cut_times times;
	const char    *time_format; /* for strftime() */
	char           separator;   /* 0: the log's own */
	const char   **columns;
	size_t         columns_n; /* 0: all */
	const char   **files;     /* none: standard input */
	size_t         files_n;
	struct where   where;
};

/* Bytes that may be read beyond what is passed to cut_line() and cut_put_near(); their values do not matter. */
#define CUT_SLACK 16

/* ---- output, in one piece of memory that is handed on when it is full (cut_output.c) ---- */

struct cut_output {
	char         *p;
	size_t        n;
	connlog_sink *sink;
	int           status; /* CONNLOG_OK, or the error after which nothing more is written */
	char          error[MESSAGE_MAX];
};

#define CUT_OUTPUT_ROOM (256u << 10)

bool cut_output_init(struct cut_output *o);
void cut_output_free(struct cut_output *o);
/* Writes what is buffered.  Returns o->status. */
int  cut_output_flush(struct cut_output *o);
void cut_put(struct cut_output *o, const char *p, size_t n);

static inline void
cut_put_char(struct cut_output *o, char c)
{
	if (o->n == CUT_OUTPUT_ROOM)
		cut_output_flush(o);
	o->p[o->n++] = c;
}

/* cut_put() for data followed by CUT_SLACK bytes: most fields are that short, and a copy of fixed size is one
 * instruction. */
static inline void
cut_put_near(struct cut_output *o, const char *p, size_t n)
{
	if (n > CUT_SLACK || o->n + CUT_SLACK > CUT_OUTPUT_ROOM) {
		cut_put(o, p, n);
		return;
	}
	__builtin_memcpy(o->p + o->n, p, CUT_SLACK);
	o->n += n;
}

/* ---- times (cut_time.c) ---- */

enum cut_time_outcome { CUT_TIME_DONE, CUT_TIME_UNSET, CUT_TIME_BAD, CUT_TIME_RANGE, CUT_TIME_FORMAT };

struct cut_clock {
	enum cut_times times;
	const char    *format;
	long           last; /* the second that `text` shows, or -1 */
	char           text[100];
	size_t         text_n;
};

/* Formats a time value; only the digits before the point count.  Returns CUT_TIME_DONE, or why there is no text. */
enum cut_time_outcome cut_time(struct cut_clock *c, connlog_text field, connlog_text unset);

/* ---- the log (cut_log.c, cut_header.c) ---- */

#define CUT_ABSENT SIZE_MAX

/* A part of an output line: fields `first` to `last` as they are in the line, including separators. */
struct cut_piece {
	size_t first, last;
	bool   absent, time;
};

struct cut_log {
	const struct cut_options *options;
	struct cut_output         out;
	struct cut_clock          clock;

	/* what the header says */
	char    in, between; /* of the log and of the output */
	char   *unset;
	size_t *chosen; /* indexes of the output columns; CUT_ABSENT: not in the log */
	size_t  chosen_n;
	size_t  range; /* the highest index and one */
	bool   *is_time;

	/* derived from that for the lines of data */
	bool              stale;
	struct cut_piece *pieces;
	size_t            pieces_n;
	const char      **ends; /* of the first `range` fields of a line */

	/* the current position */
	const char *name; /* of the input */
	bool        in_header, after_fields;
	bool       *found;    /* per named column: whether some log has it */
	bool        any;      /* a line was read; only then can a column be missing */
	bool        left_out; /* a line has been */
	bool        tested;   /* a record has been, by --where */
	unsigned    headers;  /* blocks seen, up to 2 */
	uint64_t    line;
	uint64_t    warned[CUT_TIME_FORMAT + 1]; /* by cause; CUT_TIME_DONE counts lines with too few fields */
};

bool cut_log_init(struct cut_log *l, const struct cut_options *o);
void cut_log_free(struct cut_log *l);
/* Cuts one line, passed without its end but followed by CUT_SLACK bytes.  Returns false, after a message, if the rest
 * of the log cannot be understood. */
bool cut_line(struct cut_log *l, const char *p, size_t n);
/* Reports how many warnings were suppressed and which columns no log had.  Returns an exit_code: EXIT_USAGE if there
 * are such columns, EXIT_INCOMPLETE if lines were left out. */
int cut_log_finish(const struct cut_log *l);

/* Processes a header line for cut_line(). */
bool cut_header(struct cut_log *l, const char *p, size_t n);
/* Leaves out a line that has too few columns, with a warning. */
void cut_leave_out(struct cut_log *l);

/* ---- the inputs (cut_input.c, cut_records.c) ---- */

/* Cuts a whole file, "-" for standard input.  Returns an exit_code, after a message unless it is 0. */
int cut_input(struct cut_log *l, const char *path);

/* Returns whether an input with this beginning is read as records.  `n` is at least 4 except for shorter inputs. */
bool cut_wants_records(const char *head, size_t n);
/* The same as cut_input() for such an input, of which `begun` has been read already. */
int cut_records(struct cut_log *l, const char *path, connlog_text begun);

#endif
