/* guard.c - see guard.h. */
#include "guard/guard.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

bool
guard_allow(struct guard *g, const char *path, enum guard_access access)
{
	if (*path == '\0')
		return true;
	struct guard_path *longer = realloc(g->paths, (g->paths_n + 1) * sizeof *longer);
	if (longer == NULL)
		return false;
	g->paths = longer;
	char *copy = strdup(path);
	if (copy == NULL)
		return false;
	g->paths[g->paths_n++] = (struct guard_path){ copy, access };
	return true;
}

bool
guard_allow_folder_of(struct guard *g, const char *path, enum guard_access access)
{
	const char *slash = strrchr(path, '/');

	if (slash == NULL)
		return guard_allow(g, ".", access);
	char      *folder = strndup(path, slash == path ? 1 : (size_t)(slash - path));
	const bool good = folder != NULL && guard_allow(g, folder, access);
	free(folder);
	return good;
}

void
guard_free(struct guard *g)
{
	for (size_t i = 0; i < g->paths_n; i++)
		free(g->paths[i].path);
	free(g->paths);
	*g = (struct guard){ .paths = NULL };
}

/* Appends to a comma-separated list. */
static void
note(char *list, size_t size, const char *what, const char *detail)
{
	const size_t n = strlen(list);

	if (n < size)
		snprintf(list + n, size - n, "%s%s%s", n > 0 ? ", " : "", what, detail);
}

static void
note_failure(char *list, size_t size, const char *what, int why)
{
	char detail[128];

	snprintf(detail, sizeof detail, ": %s", why == ENOSYS ? "not there" : strerror(why));
	note(list, size, what, detail);
}

void
guard_confine(const struct guard *g, char *did, size_t did_size, char *not_done, size_t not_done_size)
{
	char version[16];
	int  why, landlock = 0;

	*did = *not_done = '\0';
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		note_failure(not_done, not_done_size, "no_new_privs", errno);
	if (g->spawns) { /* what a command opens is not known */
		why = 0;
	} else if ((why = guard_files(g, &landlock)) == 0) {
		snprintf(version, sizeof version, " %d", landlock);
		note(did, did_size, "Landlock", version);
	} else {
		note_failure(not_done, not_done_size, "Landlock", why);
	}
	if ((why = guard_calls(g)) == 0)
		note(did, did_size, "seccomp", "");
	else
		note_failure(not_done, not_done_size, "seccomp", why);
}
