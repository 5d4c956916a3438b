/* term.h - properties of the terminal: its width, its characters, whether it has colours. */
#ifndef CONNLOG_CLI_TERM_H
#define CONNLOG_CLI_TERM_H

#include <stdbool.h>
#include <stdio.h>

#include "connlog.h"

enum term_style { TERM_PLAIN, TERM_BOLD, TERM_DIM, TERM_ODD };

struct term {
	FILE *f;
	int   width;  /* of the terminal, or the value of COLUMNS; 80 if neither is known */
	bool  utf8;   /* according to the locale */
	bool  colour; /* the terminal has colours and NO_COLOR is not set (no-color.org) */
};

void term_init(struct term *t, FILE *f);

/* Begins a style, or ends it with TERM_PLAIN. */
void term_style(const struct term *t, enum term_style style);

/* Prints text from a log: anything a terminal might act upon, and bytes that are not ASCII, appear as \xNN. */
void term_text(const struct term *t, connlog_text text);

/* Prints our own text between the columns `left` and `right`, broken at blanks; the first line continues at `at`, the
 * cursor's column.  Ends without a line break.  Returns the cursor's column. */
int term_wrap(const struct term *t, int left, int right, int at, const char *text);

#endif
