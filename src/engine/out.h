/* out.h - the lines that an engine has written for a batch, with the moment of each, and the merge of several engines'. */
#ifndef CONNLOG_ENGINE_OUT_H
#define CONNLOG_ENGINE_OUT_H

#include "conn/conn.h"
#include "connlog.h"
#include "fold/fold.h"

#define MERGE_MAX 64 /* engines */

struct out_line {
	struct moment when;
	uint32_t      bytes;
	int32_t rule; /* where records are folded: of a record that is not written yet (lines.c); FOLD_NONE: it is a line */
};

#define FOLD_NONE (-1)

struct out {
	connlog_writer  *writer; /* holds the text of all lines */
	struct out_line *lines;  /* in the order of their moments */
	size_t           n, room;
	size_t           end; /* of the last line in the text */
};

/* Appends what the writer has written since the last call.  Returns CONNLOG_OK or CONNLOG_NO_MEMORY. */
int  out_note(struct out *o, const struct moment *when, int rule);
void out_clear(struct out *o);
void out_free(struct out *o);

/* Returns less than, equal to or more than 0. */
int moment_compare(const struct moment *a, const struct moment *b);

/* Merged lines on their way to whoever asked for them. */
struct merger {
	connlog_lines_fn fn;
	void            *arg;
	char            *text;
	size_t           n, room;
	uint64_t         lines; /* in `text` */
	/* Where records are folded: each is behind eight bytes of its time (fold_end()). */
	connlog_fold   *fold;
	connlog_writer *writer; /* of rows */
	char           *packed; /* a record, aligned */
	size_t          packed_room;
};

/* Merges the lines of `n` engines; those of the same moment are all one engine's.
 * Returns CONNLOG_OK, CONNLOG_NO_MEMORY, or what the function returned. */
int merge(struct merger *m, const struct out *const outs[], unsigned n);
/* Merges `n` lines, which come one behind the other; `bytes` is their text's length.  Returns as merge() does. */
int merge_text(struct merger *m, const struct out_line *lines, const char *text, size_t bytes, uint64_t n);
/* Merges the rows whose window has ended by then; all of them at INFINITY.  Returns as merge() does. */
int merge_rows(struct merger *m, double now);
/* Hands on what is left. */
int  merge_flush(struct merger *m);
void merge_free(struct merger *m);

#endif
