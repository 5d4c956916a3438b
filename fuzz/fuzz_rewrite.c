/* fuzz_rewrite.c - packets with other addresses on their way into a file (archive/rewrite.h): whatever fragments do, each frame comes
 * out once, in order, with its length.
 *
 * The input is that of fuzz_frag.c: a byte of options, then frames, each behind three bytes.  Options: bits 0-2 and 7 choose the link type, bit
 * 4 keeps payload, bit 5 keeps only few fragments, bit 6 cuts a byte off each capture.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "archive/rewrite.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

enum { FRAMES_MAX = 1000 };

static uint32_t lengths[FRAMES_MAX];
static size_t   came;

static void
require(bool holds)
{
	if (!holds)
		abort();
}

/* A tour_fn. */
static int
take(void *arg, size_t i, const struct rawframe *frame)
{
	uint8_t x = 0;

	(void)arg;
	require(i == came && frame->data.n == lengths[came] && frame->interface.n == 8 && frame->options.n == 0);
	for (size_t at = 0; at < frame->data.n; at++)
		x ^= frame->data.p[at];
	came++;
	return x == 77 && came == FRAMES_MAX ? CONNLOG_IO : CONNLOG_OK;
}

static void
give(struct rewriter *r, size_t i, const struct rawframe *frame)
{
	uint8_t        *exact = malloc(frame->data.n + !frame->data.n); /* so that reading behind the frame is seen */
	struct rawframe copy = *frame;

	require(exact != NULL);
	if (frame->data.n > 0)
		memcpy(exact, frame->data.p, frame->data.n);
	copy.data.p = exact;
	lengths[i] = (uint32_t)frame->data.n;
	require(rewriter_frame(r, i, &copy) == CONNLOG_OK);
	free(exact);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static const int32_t  links[16] = { 1, 101, 113, 276, 0, 9, 105, 127, 239, 10, 50, 12, 1, 1, 1, 1 };
	static const uint8_t  key[CONNLOG_ANONYMIZE_KEY] = { 1, 2, 3 }, interface[8] = { 1 };
	struct decode_options options;
	size_t                i = 0;

	if (n < 1)
		return 0;
	const unsigned how = p[0];
	decode_options_default(&options);
	if (how & 32) {
		options.max_fragments = 3;
		options.max_fragment_bytes = 2000;
	}
	came = 0;
	connlog_anonymizer *with = connlog_anonymizer_new(key);
	struct rewriter    *r = rewriter_new(with, how & 16, &options, take, NULL);
	require(with != NULL && r != NULL);
	int64_t      now = 1;
	struct bytes in = { p + 1, n - 1 };
	for (; in.n >= 3 && i < FRAMES_MAX; i++) {
		const size_t len = load_be16(in.p + 1);
		now += in.p[0];
		struct bytes data = bytes_head(bytes_skip(in, 3), len);
		in = bytes_skip(in, 3 + len);
		if (how & 64)
			data = bytes_head(data, data.n - (data.n > 0));
		const struct rawframe frame = { .interface = { interface, sizeof interface },
			                            .sec = now,
			                            .link = links[(how & 7) | (how >> 4 & 8)],
			                            .caplen = (uint32_t)data.n,
			                            .len = (uint32_t)data.n,
			                            .data = data };
		give(r, i, &frame);
	}
	require(rewriter_finish(r) == CONNLOG_OK && came == i);
	rewriter_free(r);
	connlog_anonymizer_free(with);
	return 0;
}
