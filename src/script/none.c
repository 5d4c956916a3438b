/* none.c - replaces the other files when connlog is built without Lua: see script.h. */
#include <stdio.h>

#include "script/script.h"

int
scripts_load(struct scripts *all, connlog_engine *e, const char *path, char *err, size_t err_size)
{
	(void)all, (void)e;
	snprintf(err, err_size, "%s: connlog was built without Lua; install libluajit-5.1-dev and build it again", path);
	return CONNLOG_BAD_OPTION;
}

void
scripts_done(struct scripts *all)
{
	(void)all;
}

void
scripts_join(struct scripts *all, const struct scripts *others)
{
	(void)all, (void)others;
}

void
scripts_tell(const struct scripts *all)
{
	(void)all;
}

void
scripts_free(struct scripts *all)
{
	(void)all;
}
