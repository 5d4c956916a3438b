/* verdict.h - the result of an inspection: three lists of services, each in order of detection.
 *
 * Sixteen bytes, which is all that remains after an inspection: one byte per entry, with its list in the upper two bits.  Entries
 * beyond sixteen are dropped.  While the inspection continues and there are few, they are in `struct found`.
 */
#ifndef CONNLOG_DPD_VERDICT_H
#define CONNLOG_DPD_VERDICT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slab.h"
#include "dpd/names.h"

enum verdict_list {
	VERDICT_REMOVED = 0,        /* failed; with DPD::track_removed_services_in_connection shown in service with a - */
	VERDICT_SERVICE = 0x40,     /* confirmed */
	VERDICT_FAILED = 0x80,      /* confirmed, then violated */
	VERDICT_SPECULATIVE = 0xc0, /* its signature matched too late */
};

#define VERDICT_MAX 16

struct verdict {
	uint8_t at[VERDICT_MAX]; /* 0 ends it */
};

/* Appends the service unless the list has it already. */
void verdict_add(struct verdict *v, enum verdict_list list, enum service s);
/* Stores the entries of one list in `out`.  Returns their number. */
unsigned verdict_list(const struct verdict *v, enum verdict_list list, enum service out[VERDICT_MAX]);

#define FOUND_FEW 7

/* Up to seven entries; for more, FOUND_MANY and the handle of a verdict in a slab. */
struct found {
	uint8_t at[FOUND_FEW];
};

bool found_has(const struct found *f, const struct slab *verdicts, enum verdict_list list, enum service s);
/* Appends the service unless the list has it already. */
void found_add(struct found *f, struct slab *verdicts, enum verdict_list list, enum service s);
void found_remove(struct found *f, const struct slab *verdicts, enum verdict_list list, enum service s);
/* Returns false if nothing was found. */
bool found_get(const struct found *f, const struct slab *verdicts, struct verdict *out);
/* Moves the entries to the slab and returns the handle; 0 if nothing was found, or when out of memory. */
uint32_t found_keep(struct found *f, struct slab *verdicts);
/* Frees the verdict in the slab, if there is one. */
void found_clear(struct found *f, struct slab *verdicts);

#endif
