/* tcp_blocks.c - the bytes that wait above a hole, as a list of blocks sorted by position (Zeek: DataBlockList).
 *
 * Each block is later delivered by itself, as in Zeek, so adjacent blocks are not merged. Blocks are allocated one by
 * one: only connections with losses whose payload is inspected have any, and max_reassembly_bytes limits them.
 */
#include <stdlib.h>
#include <string.h>

#include "track/tcp.h"

/* Inserts [lo, hi) before *at. Returns the bytes allocated, or -1 when out of memory. */
static int64_t
put(struct block **at, uint64_t lo, uint64_t hi, const uint8_t *data)
{
	const size_t  n = (size_t)(hi - lo);
	struct block *b = malloc(sizeof *b + n);

	if (!b)
		return -1;
	b->lo = lo;
	b->hi = hi;
	b->next = *at;
	memcpy(b->data, data, n);
	*at = b;
	return (int64_t)(sizeof *b + n);
}

int64_t
blocks_add(struct block **list, uint64_t lo, uint64_t hi, const uint8_t *data)
{
	struct block **at = list;
	int64_t        sum = 0;

	while (lo < hi) {
		while (*at && (*at)->hi <= lo)
			at = &(*at)->next;
		const uint64_t end = *at && (*at)->lo < hi ? (*at)->lo : hi;
		if (lo < end) {
			const int64_t n = put(at, lo, end, data);
			if (n < 0)
				return -1;
			sum += n;
			at = &(*at)->next;
		}
		const uint64_t next = end < hi ? (*at)->hi : hi;
		data += next - lo < hi - lo ? next - lo : hi - lo;
		lo = next;
	}
	return sum;
}

struct block *
blocks_pop(struct block **list)
{
	struct block *b = *list;
	*list = b->next;
	return b;
}

size_t
blocks_clear(struct block **list)
{
	size_t sum = 0;

	while (*list) {
		struct block *b = blocks_pop(list);
		sum += sizeof *b + (size_t)(b->hi - b->lo);
		free(b);
	}
	return sum;
}
