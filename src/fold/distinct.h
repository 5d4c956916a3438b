/* distinct.h - how many different addresses or ports there were, and the first of them.
 *
 * One value takes no memory besides the struct.  Up to DISTINCT_EXACT values are counted exactly, ports always; more addresses are
 * estimated by a sketch of 4,096 registers (HyperLogLog; Flajolet and others, 2007) with a standard error of 1.6 %.  The hash has a fixed
 * key: what is counted is part of the log, which is to be the same whenever it is made.
 */
#ifndef CONNLOG_FOLD_DISTINCT_H
#define CONNLOG_FOLD_DISTINCT_H

#include "base/addr.h"

enum { DISTINCT_SAMPLES = 8, DISTINCT_EXACT = 1536 };

enum distinct_kind { DISTINCT_HOSTS, DISTINCT_PORTS };

struct distinct_more;

/* Starts as zeros with its kind. */
struct distinct {
	enum distinct_kind    kind;
	uint32_t              n; /* of hosts that are estimated: those that were counted before */
	struct addr           first;
	struct distinct_more *more; /* where there are several */
};

/* A port as a value. */
static inline struct addr
distinct_port(uint16_t port)
{
	return (struct addr){ { [14] = (uint8_t)(port >> 8), [15] = (uint8_t)port } };
}

/* Makes room for one more value, which distinct_add() then needs; what it takes is added to *bytes.  Returns false when out of memory. */
bool distinct_reserve(struct distinct *d, const struct addr *value, size_t *bytes);
void distinct_add(struct distinct *d, const struct addr *value);
/* Returns how many there were. */
uint64_t distinct_count(const struct distinct *d);
/* Returns the first of them, DISTINCT_SAMPLES at most, in the order in which they came. */
const struct addr *distinct_samples(const struct distinct *d, size_t *n);
void               distinct_free(struct distinct *d);

#endif
