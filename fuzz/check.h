/* check.h - conditions that must hold for any input: a fuzz target aborts when one does not, and the input is kept. */
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
