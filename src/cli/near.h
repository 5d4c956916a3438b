/* near.h - suggests known names that are similar to an unknown one. */
#ifndef CONNLOG_CLI_NEAR_H
#define CONNLOG_CLI_NEAR_H

#include "cli/cli.h"

struct near_names {
	char   list[MESSAGE_MAX]; /* separated by ", "; empty at first */
	size_t used;
};

/* Adds the known name to the list if it contains the unknown one or is similar to it. */
void near_look(struct near_names *near, const char *written, size_t n, const char *known);

#endif
