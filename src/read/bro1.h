/* bro1.h - lines of Bro 1: taken apart, as records (bro1_line.c), and which kind a log is (bro1.c). */
#ifndef CONNLOG_READ_BRO1_H
#define CONNLOG_READ_BRO1_H

#include "record/bro1.h"

/* The words of a line. */
struct bro1_words {
	struct text at[BRO1_PARTS]; /* by bro1_part; one that the line has not is empty */
	const char *rest, *end;     /* what stands behind them */
};

/* => Whether the line has all the words of its kind; flags may be missing, as in the first years. */
bool bro1_split(enum bro1_kind kind, const char *line, size_t n, struct bro1_words *w);

/* A line that is read; the texts lie in it. */
struct bro1_line {
	struct record *record;   /* to be filled; empty before */
	struct text   *literals; /* by column (record.h) */
	struct text    flags;    /* empty for X */
	struct text    addl;
	bool           history_seen; /* BRO1_5: there is a word for it, be it X */
};

/* Reads a line (without its end). => NULL, or what is wrong with it. */
const char *bro1_parse(enum bro1_kind kind, const char *line, size_t n, struct bro1_line *out);

/* Looks at the first lines of a log, the last of which may be cut off. => Whether it is one of Bro 1, and which kind. */
bool bro1_detect(struct text head, enum bro1_kind *kind);

#endif
