/* check.h - what must hold, whatever the input: a fuzz target stops where it does not, and the input is kept. */
#ifndef CONNLOG_FUZZ_CHECK_H
#define CONNLOG_FUZZ_CHECK_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

static inline void
check(bool holds, const char *what)
{
	if (!holds) {
		fprintf(stderr, "fuzzing: %s\n", what);
		abort();
	}
}

#endif
