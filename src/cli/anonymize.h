/* anonymize.h - the option --anonymize: the key, and what is said of it. */
#ifndef CONNLOG_CLI_ANONYMIZE_H
#define CONNLOG_CLI_ANONYMIZE_H

#include "cli/cli.h"
#include "connlog_anonymize.h"

struct anonymize {
	connlog_anonymizer *with; /* NULL: records stay as they are */
	const char         *path; /* the key's */
	bool                open; /* everybody may read the key */
	char               *told; /* the columns that the last warning named */
};

/* The option's row for a command's table. */
#define ANONYMIZE_ROW(key)                                                                                             \
	{                                                                                                                  \
		key, "anonymize", "KEYFILE", "other addresses and uids, the same for each key: docs/ANONYMIZE.md"              \
	}

/* Takes the option's value.  Returns false, after a message, for what is no key. */
bool anonymize_set(struct anonymize *a, const char *path);
void anonymize_free(struct anonymize *a);

/* Warns of a key that everybody may read. */
void anonymize_warn(const struct anonymize *a);

/* Returns the columns that the records of a log have afterwards; says which are left out, unless `quiet`. */
const connlog_columns *anonymize_columns(struct anonymize *a, const connlog_columns *columns, bool quiet);

#endif
