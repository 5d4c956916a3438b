/* unguarded.c - replaces the sandbox when coverage is measured: gcov writes its files at exit, when the sandbox no
 * longer lets any be opened. Linked with --wrap=guard_files,--wrap=guard_calls. */
#include "guard/guard.h"

int __wrap_guard_files(const struct guard *g, int *version);
int __wrap_guard_calls(const struct guard *g);

int
__wrap_guard_files(const struct guard *g, int *version)
{
	(void)g;
	*version = 1;
	return 0;
}

int
__wrap_guard_calls(const struct guard *g)
{
	(void)g;
	return 0;
}
