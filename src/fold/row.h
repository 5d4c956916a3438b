/* row.h - a row of a folded log: a copy of its first record, and the totals over all its records. */
#ifndef CONNLOG_FOLD_ROW_H
#define CONNLOG_FOLD_ROW_H

#include "fold/distinct.h"
#include "fold/rule.h"

enum fold_side { FOLD_ORIG_HOSTS, FOLD_RESP_HOSTS, FOLD_RESP_PORTS, FOLD_SIDES };

struct fold_row {
	struct fold_row *older, *newer;     /* in order of opening */
	struct fold_row *chain[FOLD_KEYS];  /* in the bucket of each key */
	struct fold_key  key[FOLD_KEYS];    /* each key of the row's records */
	bool             listed[FOLD_KEYS]; /* the key is in the table */
	unsigned         rule;
	int64_t          opened;            /* the log's time at that moment, in microseconds */
	uint64_t         count;             /* records */
	int64_t          last;              /* end of the latest record, in microseconds */
	int64_t          duration;          /* sum, in microseconds */
	struct distinct  sides[FOLD_SIDES]; /* used from the second record on */
	size_t           bytes;             /* memory used by all of it */
	struct record    record;            /* the first record; from the second on, what all records have in common */
	char             texts[];           /* the texts that `record` points at */
};

/* Additional values of a row of several records, while it is passed on. */
struct fold_texts {
	struct text sets[FOLD_SIDES][DISTINCT_SAMPLES];
	char        samples[FOLD_SIDES][DISTINCT_SAMPLES][ADDR_TEXT_MAX];
	char        rule[24];
};

/* Returns seconds as microseconds, limited to the valid range. */
int64_t fold_micros(double seconds);
/* Returns the time of the record's last packet, as far as it is known, in microseconds. */
int64_t fold_end(const struct record *r);

/* Copies an engine's record and what it points at to `at`, which must be suitably aligned, so that the copy is
 * independent; with `at` NULL it only counts. Returns the number of bytes. */
size_t record_pack(const struct record *r, char *at);
void   record_unpack(char *at, struct record *out);

/* Makes a row from one record. Returns NULL when out of memory. */
struct fold_row *row_new(const struct record *r);
void             row_free(struct fold_row *row);
/* Adds a record. Returns false when out of memory or when a sum would overflow; nothing but row.bytes has changed
 * then. */
bool row_add(struct fold_row *row, const struct record *r);
/* Completes the row's record for logging; a single record is returned as it was. */
const struct record *row_finish(struct fold_row *row, const struct fold_rules *rules, struct fold_texts *t);

#endif
