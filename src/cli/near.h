/* near.h - names that somebody may have meant who wrote one that does not exist. */
#ifndef CONNLOG_CLI_NEAR_H
#define CONNLOG_CLI_NEAR_H

#include "cli/cli.h"

struct near_names {
	char   list[MESSAGE_MAX]; /* with ", " between them; empty at first */
	size_t used;
};

/* Adds the known name to the list if it contains what was written, or nearly is it. */
void near_look(struct near_names *near, const char *written, size_t n, const char *known);

#endif
