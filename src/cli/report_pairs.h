/* report_pairs.h - the differences between the records of two packs. */
#ifndef CONNLOG_CLI_REPORT_PAIRS_H
#define CONNLOG_CLI_REPORT_PAIRS_H

#include "cli/report_pack.h"

/* A pair that differs, or a record that only one log has. */
struct finding {
	int64_t                usec;
	uint64_t               number; /* in order of discovery */
	const struct pack_row *row[2]; /* of A and B; NULL: missing in that log */
};

/* Initialised to zeros. The counts are sums over all calls of pairs_find() and pairs_put(). */
struct pairs {
	struct pack     pack[2];
	bool            compared[PACK_COLUMNS];
	struct finding *findings; /* of the last call, ordered by time and endpoints */
	size_t          n, room;
	uint64_t        found, pairs, only[2], changed;
	uint64_t        columns[PACK_COLUMNS]; /* pairs that differ in the column */
};

/* Finds the differences between the packs, and sorts them. Returns false when out of memory. */
bool pairs_find(struct pairs *d);
/* Prints a finding, and counts the columns that differ. */
void pairs_put(struct pairs *d, const struct finding *found, FILE *f);
/* Returns the PACK_KEY bytes that identify a finding's endpoints. */
const uint8_t *pairs_key(const struct pairs *d, const struct finding *found);
void           pairs_free(struct pairs *d);

#endif
