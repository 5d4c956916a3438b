/* out.h - the lines that an engine has written for a batch, each with its moment, and the merge of several engines'
 * lines. */
#ifndef CONNLOG_ENGINE_OUT_H
#define CONNLOG_ENGINE_OUT_H

#include "conn/conn.h"
#include "connlog.h"
#include "fold/fold.h"

#define MERGE_MAX 64 /* most engines */

struct out_line {
	struct moment when;
	uint32_t      bytes;
	int32_t
		rule; /* FOLD_NONE: a line; otherwise the fold's rule for a record that has not been written yet (lines.c) */
};

#define FOLD_NONE (-1)

struct out {
	connlog_writer  *writer; /* owns the text of all lines */
	struct out_line *lines;  /* ordered by moment */
	size_t           n, room;
	size_t           end; /* end of the last line in the text */
};

/* Appends what the writer has written since the last call. Returns CONNLOG_OK or CONNLOG_NO_MEMORY. */
int  out_note(struct out *o, const struct moment *when, int rule);
void out_clear(struct out *o);
void out_free(struct out *o);

/* Compares like memcmp(): less than, equal to or greater than 0. */
int moment_compare(const struct moment *a, const struct moment *b);

/* Merged lines on their way to the callback. */
struct merger {
	connlog_lines_fn fn;
	void            *arg;
	char            *text;
	size_t           n, room;
	uint64_t         lines; /* lines in `text` */
	/* For folded records, each of which follows eight bytes with its time (fold_end()). */
	connlog_fold   *fold;
	connlog_writer *writer; /* writes the rows */
	char           *packed; /* a record, aligned */
	size_t          packed_room;
};

/* Merges the lines of `n` engines; all lines of one moment come from the same engine. Returns CONNLOG_OK,
 * CONNLOG_NO_MEMORY, or what the callback returned. */
int merge(struct merger *m, const struct out *const outs[], unsigned n);
/* Merges `n` consecutive lines; `bytes` is the length of their text. Returns as merge() does. */
int merge_text(struct merger *m, const struct out_line *lines, const char *text, size_t bytes, uint64_t n);
/* Merges the rows whose windows have ended by `now`, or all of them if it is INFINITY. Returns as merge() does. */
int merge_rows(struct merger *m, double now);
/* Hands on the remaining lines. */
int  merge_flush(struct merger *m);
void merge_free(struct merger *m);

#endif
