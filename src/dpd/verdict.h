/* verdict.h - what has been found out about a connection: three lists of services, each in the order of finding.
 *
 * Sixteen bytes, which is all that is left of an inspection when it is over: a byte an entry, its list in the upper
 * two bits.  What goes beyond sixteen entries is left out.  As long as the inspection goes on and there are few, they are in
 * `struct found`.
 */
#ifndef CONNLOG_DPD_VERDICT_H
#define CONNLOG_DPD_VERDICT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slab.h"
#include "service/names.h"

enum verdict_list {
	VERDICT_REMOVED = 0,        /* failed; with DPD::track_removed_services_in_connection named in service with a - */
	VERDICT_SERVICE = 0x40,     /* confirmed */
	VERDICT_FAILED = 0x80,      /* confirmed, then violated */
	VERDICT_SPECULATIVE = 0xc0, /* its signature matched too late */
};

#define VERDICT_MAX 16

struct verdict {
	uint8_t at[VERDICT_MAX]; /* 0 ends it */
};

/* Appends, unless it is there. */
void verdict_add(struct verdict *v, enum verdict_list list, enum service s);
/* Returns the number of entries of one list, which go to `out`. */
unsigned verdict_list(const struct verdict *v, enum verdict_list list, enum service out[VERDICT_MAX]);

#define FOUND_FEW 7

/* Up to seven entries, or where there are more of them: FOUND_MANY, then the handle of a verdict in a slab. */
struct found {
	uint8_t at[FOUND_FEW];
};

bool found_has(const struct found *f, const struct slab *verdicts, enum verdict_list list, enum service s);
/* Appends, unless it is there. */
void found_add(struct found *f, struct slab *verdicts, enum verdict_list list, enum service s);
void found_remove(struct found *f, const struct slab *verdicts, enum verdict_list list, enum service s);
/* Returns false where there is nothing. */
bool found_get(const struct found *f, const struct slab *verdicts, struct verdict *out);
/* Moves it to the slab, and returns the handle there; 0 where nothing was found, or there is no memory. */
uint32_t found_keep(struct found *f, struct slab *verdicts);
/* Gives back what it has in the slab. */
void found_clear(struct found *f, struct slab *verdicts);

#endif
