/* where.h - the options --where and --where-file: which records are meant. */
#ifndef CONNLOG_CLI_WHERE_H
#define CONNLOG_CLI_WHERE_H

#include "cli/cli.h"
#include "connlog_where.h"

struct where {
	connlog_where *condition; /* NULL: all records */
	char          *text;
	const char    *file;   /* it is what stands there; NULL: in the command line, or several are joined */
	const char    *option; /* that messages name; NULL: --where */
};

/* The rows of both options for a command's table; a key each. */
#define WHERE_ROWS(key, key_file)                                                                                      \
	{ key, "where", "CONDITION", "only records for which this holds (see --help where)" },                             \
	{                                                                                                                  \
		key_file, "where-file", "FILE", "the same, but the condition is in FILE"                                       \
	}

/* Take the value of an option; `flags` are connlog_where_new()'s.  Where there is a condition already, both have to hold.  Return
 * false, after a message, for what is no condition. */
bool where_set(struct where *w, const char *condition, unsigned flags);
bool where_set_file(struct where *w, const char *path, unsigned flags);
void where_free(struct where *w);

/* Returns whether the record is meant. */
static inline bool
where_has(const struct where *w, const connlog_record *r)
{
	return w->condition == NULL || connlog_where_match(w->condition, r);
}

/* At the end, of logs that had records: says which columns none of them had, and how often a regular expression was given up.
 * Returns an exit_code. */
int where_finish(const struct where *w);
/* Says that regular expressions were given up so often, if they were. */
void where_warn(uint64_t given_up);

/* Prints what conditions are: --help where. */
void where_help(void);

#endif
