/* out.h - the lines that an engine has written for a batch, with the moment of each, and the merge of several engines'. */
#ifndef CONNLOG_ENGINE_OUT_H
#define CONNLOG_ENGINE_OUT_H

#include "conn/conn.h"
#include "connlog.h"

#define MERGE_MAX 64 /* engines */

struct out_line {
	struct moment when;
	uint32_t      bytes;
};

struct out {
	connlog_writer  *writer; /* holds the text of all lines */
	struct out_line *lines;  /* in the order of their moments */
	size_t           n, room;
	size_t           end; /* of the last line in the text */
};

/* Appends what the writer has written since the last call.  Returns CONNLOG_OK or CONNLOG_NO_MEMORY. */
int  out_note(struct out *o, const struct moment *when);
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
};

/* Merges the lines of `n` engines; those of the same moment are all one engine's.
 * Returns CONNLOG_OK, CONNLOG_NO_MEMORY, or what the function returned. */
int merge(struct merger *m, const struct out *const outs[], unsigned n);
/* Hands on some lines.  Returns as merge() does. */
int merge_text(struct merger *m, const char *text, size_t bytes, uint64_t lines);
/* Hands on what is left. */
int  merge_flush(struct merger *m);
void merge_free(struct merger *m);

#endif
