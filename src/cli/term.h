/* term.h - where text is shown: how wide, in which characters, with colour or not. */
#ifndef CONNLOG_CLI_TERM_H
#define CONNLOG_CLI_TERM_H

#include <stdbool.h>
#include <stdio.h>

#include "connlog.h"

enum term_style { TERM_PLAIN, TERM_BOLD, TERM_DIM, TERM_ODD };

struct term {
	FILE *f;
	int   width;  /* of a terminal, or what COLUMNS says; 80 where neither is known */
	bool  utf8;   /* as the locale has it */
	bool  colour; /* a terminal that has it, and NO_COLOR is not set (no-color.org) */
};

void term_init(struct term *t, FILE *f);

/* Begins a style, or ends it with TERM_PLAIN. */
void term_style(const struct term *t, enum term_style style);

/* Text of a log: whatever a terminal could obey, and bytes that are not ASCII, appear as \xNN. */
void term_text(const struct term *t, connlog_text text);

/* Our own text between the columns `left` and `right`, broken at blanks; the first line goes on at `at`, where the cursor
 * stands. Ends without a new line.  Returns the column where the cursor stands then. */
int term_wrap(const struct term *t, int left, int right, int at, const char *text);

#endif
