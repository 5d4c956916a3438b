/* verdict.h - what has been found out about a connection: three lists of services, each in the order of finding.
 *
 * Sixteen bytes, which is all that is left of an inspection when it is over: a byte an entry, its list in the upper
 * two bits.  What goes beyond sixteen entries is left out.
 */
#ifndef CONNLOG_DPD_VERDICT_H
#define CONNLOG_DPD_VERDICT_H

#include <stdbool.h>
#include <stdint.h>

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

bool verdict_has(const struct verdict *v, enum verdict_list list, enum service s);
/* Appends, unless it is there. */
void verdict_add(struct verdict *v, enum verdict_list list, enum service s);
void verdict_remove(struct verdict *v, enum verdict_list list, enum service s);
/* => The number of entries of one list, which go to `out`. */
unsigned verdict_list(const struct verdict *v, enum verdict_list list, enum service out[VERDICT_MAX]);

static inline bool
verdict_is_empty(const struct verdict *v)
{
	return v->at[0] == 0;
}

#endif
