/* distinct.h - counts different addresses or ports, and keeps the first of them.
 *
 * One value takes no memory besides the struct. Up to DISTINCT_EXACT values are counted exactly, ports always; more
 * addresses are estimated by a sketch of 4,096 registers (HyperLogLog; Flajolet and others, 2007) with a standard error
 * of 1.6 %. The hash has a fixed key, because the counts are part of the log, which must be reproducible.
 */
#ifndef CONNLOG_FOLD_DISTINCT_H
#define CONNLOG_FOLD_DISTINCT_H

#include "base/addr.h"

enum { DISTINCT_SAMPLES = 8, DISTINCT_EXACT = 1536 };

enum distinct_kind { DISTINCT_HOSTS, DISTINCT_PORTS };

struct distinct_more;

/* Initialised to zeros, except for its kind. */
struct distinct {
	enum distinct_kind    kind;
	uint32_t              n; /* for estimated hosts: how many had been counted before */
	struct addr           first;
	struct distinct_more *more; /* NULL for a single value */
};

/* Returns a port as a value. */
static inline struct addr
distinct_port(uint16_t port)
{
	return (struct addr){ { [14] = (uint8_t)(port >> 8), [15] = (uint8_t)port } };
}

/* Makes room for one more value, which must precede distinct_add(); adds the memory used to *bytes. Returns false when
 * out of memory. */
bool distinct_reserve(struct distinct *d, const struct addr *value, size_t *bytes);
void distinct_add(struct distinct *d, const struct addr *value);
/* Returns the number of different values. */
uint64_t distinct_count(const struct distinct *d);
/* Returns the first values, at most DISTINCT_SAMPLES, in order of arrival. */
const struct addr *distinct_samples(const struct distinct *d, size_t *n);
void               distinct_free(struct distinct *d);

#endif
