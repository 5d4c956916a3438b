/* gather.h - a piece of a stream of which the length is known, held together over chunks.
 *
 * A recogniser asks for `want` bytes; as long as they lie in one chunk nothing is copied.  What is held is at most
 * `want`, so who asks bounds it.
 */
#ifndef CONNLOG_SERVICE_GATHER_H
#define CONNLOG_SERVICE_GATHER_H

#include "base/bytes.h"

struct gather {
	uint8_t *p; /* held from earlier chunks */
	uint32_t n, room;
};

/* => `want` bytes in a row: held ones, then from `*in`; NULL where there are not so many yet, `*in` then is held and empty.
 * The bytes are not taken: a call with a larger `want` goes on from the same start, gather_take() drops them.  Without
 * memory all is dropped and the answer is NULL. */
const uint8_t *gather_need(struct gather *g, struct bytes *in, size_t want);
/* Drops the first `n` bytes, which gather_need() has shown. */
void gather_take(struct gather *g, struct bytes *in, size_t n);
/* Forgets what is held, and frees it. */
void gather_clear(struct gather *g);

#endif
