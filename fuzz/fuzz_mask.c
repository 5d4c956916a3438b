/* fuzz_mask.c - frames with other addresses (archive/mask.h): whatever a frame is, the decoder sees the same packets in the new one.
 *
 * The input is that of fuzz_frag.c: a byte of options, then frames, each behind three bytes.  Options: bits 0-2 and 7 choose the link type, bit
 * 3 looks at checksums, bit 4 keeps payload, bit 6 cuts a byte off each capture.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "mask_same.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void
require(bool holds)
{
	if (!holds)
		abort();
}

/* What was masked can be masked again. */
static void
check_again(struct mask_pair *pair, const struct connlog_packet *raw)
{
	struct connlog_packet once = *raw;
	uint8_t              *first = mask_one(pair, raw);

	require(first != NULL);
	once.data = first;
	const bool same = pair->fragment || mask_same(pair, &once);
	free(first);
	require(same);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static const int32_t links[16] = { 1, 101, 113, 276, 0, 9, 105, 127, 239, 10, 50, 12, 1, 1, 1, 1 };
	static const uint8_t key[CONNLOG_ANONYMIZE_KEY] = { 1, 2, 3 };
	struct mask_pair     pair = { 0 };

	if (n < 1)
		return 0;
	pair.with = connlog_anonymizer_new(key);
	const unsigned how = p[0];
	decode_options_default(&pair.opt);
	pair.opt.ignore_checksums = !(how & 8);
	pair.keep_payload = how & 16;
	pair.old = decoder_new(&pair.opt);
	pair.new = decoder_new(&pair.opt);
	require(pair.with != NULL && pair.old != NULL && pair.new != NULL);
	struct bytes in = { p + 1, n - 1 };
	while (in.n >= 3) {
		const size_t       len = load_be16(in.p + 1);
		const struct bytes frame = bytes_head(bytes_skip(in, 3), len);
		const size_t       cap = frame.n - (how & 64 && frame.n > 0);
		uint8_t           *exact = malloc(cap + !cap); /* so that reading behind the frame is seen */
		in = bytes_skip(in, 3 + len);
		require(exact != NULL);
		memcpy(exact, frame.p, cap);
		const struct connlog_packet raw = {
			.data = exact, .caplen = (uint32_t)cap, .len = (uint32_t)frame.n, .link = links[(how & 7) | (how >> 4 & 8)]
		};
		require(mask_same(&pair, &raw));
		check_again(&pair, &raw);
		free(exact);
	}
	decoder_free(pair.old);
	decoder_free(pair.new);
	connlog_anonymizer_free(pair.with);
	return 0;
}
