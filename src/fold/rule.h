/* rule.h - which records belong together: the rules of a fold, and the keys that the records of one row share. */
#ifndef CONNLOG_FOLD_RULE_H
#define CONNLOG_FOLD_RULE_H

#include "base/siphash.h"
#include "connlog_fold.h"
#include "record/schema.h"

enum { FOLD_RULES_MAX = 32, FOLD_BY_MAX = 16, FOLD_KEYS = 2 };

/* A keyed hash of 128 bits: records with the same key have the same values in all of its columns. */
struct fold_key {
	uint64_t half[2];
};

/* Columns that the records of a row have in common. */
struct fold_columns {
	size_t         n;
	enum column_id at[FOLD_BY_MAX];
};

struct fold_rule {
	const char *name; /* of a built-in rule; NULL: the rule is a condition */
	bool (*fits)(const struct record *r);
	connlog_where *where;
	struct fold_columns
		keys[FOLD_KEYS]; /* the second may have no columns; a row has one of them once it is clear which */
};

struct fold_rules {
	size_t             n, conditions;
	struct fold_rule   at[FOLD_RULES_MAX];
	struct siphash_key key;
};

/* Makes the rules, conditions first. Returns false and writes a message to `err`; rules_free() is required in either
 * case. */
bool rules_init(struct fold_rules *rules, const connlog_fold_options *o, char *err, size_t err_size);
void rules_free(struct fold_rules *rules);
/* Returns the first rule that the record matches, or -1: rows and interim records match none. */
int rules_find(const struct fold_rules *rules, const struct record *r);
/* Computes the record's keys for that rule. Returns their number. */
int rules_keys(const struct fold_rules *rules, unsigned rule, const struct record *r, struct fold_key out[FOLD_KEYS]);
/* Returns the value of the column fold.rule, in `out` or static. */
struct text rules_name(const struct fold_rules *rules, unsigned rule, char *out, size_t size);

#endif
