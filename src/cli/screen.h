/* screen.h - a terminal that shows one page after another, until a key ends it. */
#ifndef CONNLOG_CLI_SCREEN_H
#define CONNLOG_CLI_SCREEN_H

#include <stdbool.h>

#include "cli/term.h"

struct screen {
	struct term term;
	int         height; /* lines; 0: it is no terminal, and all is written one below the other */
	bool        keys;   /* standard input is a terminal, too */
};

/* Takes the terminal, if there is one; SIGINT and SIGTERM end the waiting from now on. */
void screen_open(struct screen *s);
/* Gives it back as it was. */
void screen_close(struct screen *s);
/* Begins a page; its size is known then. */
void screen_begin(struct screen *s);
/* Shows it.  Returns false where it could not be written. */
bool screen_end(struct screen *s);
/* Waits.  Returns false where it is to end: somebody has pressed q, or a signal came. Any other key ends only the waiting. */
bool screen_wait(struct screen *s, double seconds);

#endif
