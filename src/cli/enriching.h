/* enriching.h - the option --networks: what is added to records about their addresses. */
#ifndef CONNLOG_CLI_ENRICHING_H
#define CONNLOG_CLI_ENRICHING_H

#include "cli/cli.h"
#include "connlog_enrich.h"

struct enriching {
	connlog_enrichment *with; /* NULL: nothing is added */
	const char         *path;
};

/* The option's row for a command's table. */
#define NETWORKS_ROW(key)                                                                                              \
	{                                                                                                                  \
		key, "networks", "FILE.csv", "names, sites and tags of hosts and networks: docs/ENRICH.md"                     \
	}

/* Applies the option's value.  Returns false, after a message, for a file that cannot be used. */
bool enriching_set(struct enriching *x, const char *path);
void enriching_free(struct enriching *x);

/* Reads the file again; what it said stays if it has errors, and a warning says so. */
void enriching_reload(const struct enriching *x);

#endif
