/* report_pairs.h - what differs between the records of two packs. */
#ifndef CONNLOG_CLI_REPORT_PAIRS_H
#define CONNLOG_CLI_REPORT_PAIRS_H

#include "cli/report_pack.h"

/* A pair that differs, or a record that only one log has. */
struct finding {
	int64_t                usec;
	uint64_t               number; /* in the order in which they were found */
	const struct pack_row *row[2]; /* of A and B; NULL: there is none */
};

/* Starts as zeros.  The counts are sums of all calls of pairs_find() and pairs_put(). */
struct pairs {
	struct pack     pack[2];
	bool            compared[PACK_COLUMNS];
	struct finding *findings; /* of the last call, in the order of time and ends */
	size_t          n, room;
	uint64_t        found, pairs, only[2], changed;
	uint64_t        columns[PACK_COLUMNS]; /* pairs in which the column differs */
};

/* Finds what differs between the packs, and sorts them.  Returns false when out of memory. */
bool pairs_find(struct pairs *d);
/* Prints a finding, and counts the columns that differ. */
void pairs_put(struct pairs *d, const struct finding *found, FILE *f);
/* Returns the PACK_KEY bytes that name the ends of a finding's connection. */
const uint8_t *pairs_key(const struct pairs *d, const struct finding *found);
void           pairs_free(struct pairs *d);

#endif
