/* prefixes.h - the longest prefix that contains an address.
 *
 * Nested prefixes are flattened into spans: sorted addresses at which the answer changes. A lookup is a binary search,
 * whatever the lengths of the prefixes are. IPv4 and IPv6 have spans of their own, so that ::/0 contains no IPv4
 * address.
 */
#ifndef CONNLOG_ENRICH_PREFIXES_H
#define CONNLOG_ENRICH_PREFIXES_H

#include "decode/decode.h" /* struct subnet */

#define PREFIX_NONE UINT32_MAX

struct prefix {
	struct subnet net;  /* without host bits */
	uint32_t      what; /* what the caller knows it by; not PREFIX_NONE */
};

struct span {
	struct addr from;
	uint32_t    what; /* of the longest prefix from there to the next span, or PREFIX_NONE */
};

struct prefixes {
	struct span *at[2]; /* IPv6, IPv4 */
	size_t       n[2];
};

/* Clears the bits after the prefix. */
void prefix_clear(struct subnet *net);

/* Sorts prefixes so that each comes after those that contain it. */
void prefixes_sort(struct prefix *at, size_t n);

/* Returns the first of sorted prefixes that is the same as the one before it, or NULL. */
const struct prefix *prefixes_repeated(const struct prefix *at, size_t n);

/* Makes the spans of sorted prefixes, none of which is repeated, and stores for each the `what` of the longest prefix
 * around it, or PREFIX_NONE, in parents[what]. Returns false when out of memory. */
bool prefixes_build(struct prefixes *out, const struct prefix *at, size_t n, uint32_t *parents);
void prefixes_free(struct prefixes *p);

/* Returns the `what` of the longest prefix that contains the address, or PREFIX_NONE. */
uint32_t prefixes_find(const struct prefixes *p, const struct addr *a);

#endif
