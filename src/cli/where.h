/* where.h - the options --where and --where-file, which select records. */
#ifndef CONNLOG_CLI_WHERE_H
#define CONNLOG_CLI_WHERE_H

#include "cli/cli.h"
#include "connlog_where.h"

struct where {
	connlog_where *condition; /* NULL: all records */
	char          *text;
	const char    *file;   /* the file it is from; NULL: the command line, or several joined conditions */
	const char    *option; /* that messages name; NULL: --where */
};

/* The rows of both options for a command's table, each with its key. */
#define WHERE_ROWS(key, key_file)                                                                                      \
	{ key, "where", "CONDITION", "only records for which this holds (see --help where)" },                             \
	{                                                                                                                  \
		key_file, "where-file", "FILE", "the same, but the condition is in FILE"                                       \
	}

/* Apply the value of an option; `flags` are those of connlog_where_new().  If there is a condition already, both must
 * hold.  Return false, after a message, for an invalid condition. */
bool where_set(struct where *w, const char *condition, unsigned flags);
bool where_set_file(struct where *w, const char *path, unsigned flags);
void where_free(struct where *w);

/* Returns whether the record is selected. */
static inline bool
where_has(const struct where *w, const connlog_record *r)
{
	return w->condition == NULL || connlog_where_match(w->condition, r);
}

/* Called at the end of logs that had records: reports columns that none of them had, and how often a regular
 * expression was given up.  Returns an exit_code. */
int where_finish(const struct where *w);
/* Reports how often regular expressions were given up, if they were. */
void where_warn(uint64_t given_up);

/* Prints the help about conditions: --help where. */
void where_help(void);

#endif
