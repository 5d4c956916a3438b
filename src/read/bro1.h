/* bro1.h - lines of Bro 1: splitting them, turning them into records (bro1_line.c), detecting their kind (bro1.c). */
#ifndef CONNLOG_READ_BRO1_H
#define CONNLOG_READ_BRO1_H

#include "record/bro1.h"

/* The words of a line. */
struct bro1_words {
	struct text at[BRO1_PARTS]; /* by bro1_part; empty if missing */
	const char *rest, *end;     /* what follows them */
};

/* Splits a line.  Returns whether it has all the words of its kind; flags may be missing, as in the first years. */
bool bro1_split(enum bro1_kind kind, const char *line, size_t n, struct bro1_words *w);

/* A parsed line; the strings point into it. */
struct bro1_line {
	struct record *record;   /* to be filled; empty before */
	struct text   *literals; /* by column (record.h) */
	struct text    flags;    /* empty for X */
	struct text    addl;
	bool           history_seen; /* BRO1_5: there is a word for it, even if it is X */
};

/* Parses a line (without its newline).  Returns NULL, or a description of what is wrong with it. */
const char *bro1_parse(enum bro1_kind kind, const char *line, size_t n, struct bro1_line *out);

/* Returns whether the first lines of a log (the last may be incomplete) are Bro 1's, and stores which kind. */
bool bro1_detect(struct text head, enum bro1_kind *kind);

#endif
