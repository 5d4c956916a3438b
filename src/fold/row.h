/* row.h - a row of a folded log: the first of its records, copied, and what all of them add up to. */
#ifndef CONNLOG_FOLD_ROW_H
#define CONNLOG_FOLD_ROW_H

#include "fold/distinct.h"
#include "fold/rule.h"

enum fold_side { FOLD_ORIG_HOSTS, FOLD_RESP_HOSTS, FOLD_RESP_PORTS, FOLD_SIDES };

struct fold_row {
	struct fold_row *older, *newer;     /* in the order in which they were opened */
	struct fold_row *chain[FOLD_KEYS];  /* of a bucket for each key */
	struct fold_key  key[FOLD_KEYS];    /* what a record that belongs here has for one of them */
	bool             listed[FOLD_KEYS]; /* the key counts */
	unsigned         rule;
	int64_t          opened;            /* the log's time then, in microseconds */
	uint64_t         count;             /* records */
	int64_t          last;              /* when the last of them ended, in microseconds */
	int64_t          duration;          /* the sum, in microseconds */
	struct distinct  sides[FOLD_SIDES]; /* from the second record on */
	size_t           bytes;             /* that all of it takes */
	struct record    record;            /* the first one, and from the second on what all of them have alike */
	char             texts[];           /* what it points at */
};

/* What a row of several records shows besides, while it is handed out. */
struct fold_texts {
	struct text sets[FOLD_SIDES][DISTINCT_SAMPLES];
	char        samples[FOLD_SIDES][DISTINCT_SAMPLES][ADDR_TEXT_MAX];
	char        rule[24];
};

/* Returns seconds as microseconds, and what is out of any range as the end of it. */
int64_t fold_micros(double seconds);
/* Returns when the record's last packet came, as far as it says, in microseconds. */
int64_t fold_end(const struct record *r);

/* Copies a record of an engine's and what it points at to `at`, which is aligned for it, and takes it out of there; without `at` it is only
 * measured.  Returns how many bytes that takes. */
size_t record_pack(const struct record *r, char *at);
void   record_unpack(char *at, struct record *out);

/* Makes a row of one record.  Returns NULL when out of memory. */
struct fold_row *row_new(const struct record *r);
void             row_free(struct fold_row *row);
/* Adds a record.  Returns false, and nothing has changed but row.bytes, when out of memory or when a sum would be too large. */
bool row_add(struct fold_row *row, const struct record *r);
/* Makes the row's record what is logged: of a single record that record, as it was. */
const struct record *row_finish(struct fold_row *row, const struct fold_rules *rules, struct fold_texts *t);

#endif
