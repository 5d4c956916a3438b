/* folding.h - the options --fold, --fold-where and those about them: which records become one row. */
#ifndef CONNLOG_CLI_FOLDING_H
#define CONNLOG_CLI_FOLDING_H

#include "cli/where.h"
#include "connlog_fold.h"

enum { FOLDING_CONDITIONS = 16 };

struct folding {
	char         *rules; /* every --fold, joined by commas */
	struct where  conditions[FOLDING_CONDITIONS];
	size_t        conditions_n;
	const char   *by;
	double        window; /* seconds; 0: the usual */
	uint64_t      memory; /* bytes; 0: the usual */
	const char   *given;  /* an option that means nothing without a rule */
	connlog_fold *with;   /* after folding_open(); NULL: records stay as they are */
};

/* The rows of the options for a command's table; a key each, one behind the other from `key` on. */
enum { FOLD_KINDS, FOLD_WHERE, FOLD_BY, FOLD_WINDOW, FOLD_MEMORY, FOLD_OPTIONS };
#define FOLDING_ROWS(key)                                                                                              \
	{ (key) + FOLD_KINDS, "fold", "KIND,...", "one row for alike records: scans, dns, icmp (docs/FOLD.md)" },          \
		{ (key) + FOLD_WHERE, "fold-where", "CONDITION", "fold records for which this holds, too; may be repeated" },  \
		{ (key) + FOLD_BY, "fold-by", "LIST",                                                                          \
		  "columns that they have alike: id.orig_h,id.resp_h,id.resp_p,proto..." },                                    \
		{ (key) + FOLD_WINDOW, "fold-window", "TIME", "a row takes records for so long (5min)" },                      \
	{                                                                                                                  \
		(key) + FOLD_MEMORY, "fold-memory", "SIZE",                                                                    \
			"memory for open rows; the oldest is written when it is full (64M)"                                        \
	}

/* Takes the value of an option, FOLD_KINDS and so on.  Returns false, after a message, for what is none. */
bool folding_set(struct folding *f, int option, const char *value);
/* After all options: makes what they ask for.  `memory` bounds it if nothing else does; 0 for none.  Returns false after a message. */
bool folding_open(struct folding *f, uint64_t memory);
void folding_free(struct folding *f);

/* Returns whether it looks at the column. */
bool folding_reads(const struct folding *f, const char *column);
/* The columns of rows, as --fields takes them. */
extern const char folding_fields[];

#endif
