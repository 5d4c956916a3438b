/* straight_same.h - compares the decoder's short path with its general path. */
#ifndef FUZZ_STRAIGHT_SAME_H
#define FUZZ_STRAIGHT_SAME_H

#include <stdbool.h>
#include <string.h>

#include "decode/straight.h"

/* Decodes `raw` on both paths, each with a decoder of its own. If the short path accepts the frame (`*taken`), it must
 * give the same packet as the general path, which must be the only one in the frame, and the same counts. Returns
 * whether that is so. */
static inline bool
straight_same(struct decoder *quick, struct decoder *thorough, const struct connlog_packet *raw, bool *taken)
{
	struct dissection d;
	struct pkt        a, b, none;

	memset(&a, 0, sizeof a);
	memset(&b, 0, sizeof b);
	*taken = decode_straight(quick, raw, 0, &a);
	if (!*taken) /* keep the counters in step */
		decode_begin(quick, &d, raw, 0);
	while (!*taken && decode_next(quick, &d, &none))
		;
	decode_begin(thorough, &d, raw, 0);
	const bool found = decode_next(thorough, &d, &b);
	bool       more = false;
	while (found && decode_next(thorough, &d, &none))
		more = true;
	const bool counted =
		memcmp(decoder_counters(quick), decoder_counters(thorough), sizeof(struct decode_counters)) == 0;
	decode_batch_end(quick);
	decode_batch_end(thorough);
	return counted && (!*taken || (found && !more && memcmp(&a, &b, sizeof a) == 0));
}

#endif
