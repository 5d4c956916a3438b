/* screen.h - shows one page after another on a terminal until a key ends it. */
#ifndef CONNLOG_CLI_SCREEN_H
#define CONNLOG_CLI_SCREEN_H

#include <stdbool.h>

#include "cli/term.h"

struct screen {
	struct term term;
	int         height; /* lines; 0: not a terminal, so pages are written one below the other */
	bool        keys;   /* standard input is a terminal as well */
};

/* Takes over the terminal, if there is one; from now on SIGINT and SIGTERM end the wait. */
void screen_open(struct screen *s);
/* Restores the terminal. */
void screen_close(struct screen *s);
/* Begins a page and determines its size. */
void screen_begin(struct screen *s);
/* Shows the page.  Returns false if it could not be written. */
bool screen_end(struct screen *s);
/* Waits.  Returns false if the program should end: q was pressed or a signal came.  Any other key only ends the wait. */
bool screen_wait(struct screen *s, double seconds);

#endif
