/* frames.h - inputs that consist of frames, for the fuzz targets that feed an engine.
 *
 *     gap length length frame... | gap length length frame... | ...
 *
 * `gap` is the time since the previous frame, in steps that grow fourfold, so that every timer can be reached; the
 * frame's length is big endian. In a byte of options, bits 0-2 choose the link type and bits 5-6 the size of the
 * batches.
 */
#ifndef CONNLOG_FUZZ_FRAMES_H
#define CONNLOG_FUZZ_FRAMES_H

#include "check.h"

#include <connlog.h>

#include <stdlib.h>
#include <string.h>

#define BATCH_MAX 32

/* Takes the next frame from the input. Each is copied to memory of exactly its size, so that ASan detects the first
 * byte read after it. */
static bool
next_frame(const uint8_t **at, size_t *n, int64_t *usec, connlog_packet *p)
{
	if (*n < 3)
		return false;
	const size_t want = (size_t)(*at)[1] << 8 | (*at)[2];
	const size_t len = want < *n - 3 ? want : *n - 3;
	uint8_t     *copy = malloc(len ? len : 1);

	check(copy != NULL, "no memory");
	memcpy(copy, *at + 3, len);
	*usec += (*at)[0] ? INT64_C(1) << 2 * ((*at)[0] & 15) : 0; /* up to 1073 s */
	*p = (connlog_packet){ .data = copy,
		                   .caplen = (uint32_t)len,
		                   .len = (uint32_t)want,
		                   .sec = *usec / 1000000,
		                   .nsec = (uint32_t)(*usec % 1000000) * 1000,
		                   .flags = (*at)[0] >> 7 };
	*at += 3 + len;
	*n -= 3 + len;
	return true;
}

/* Returns how many frames the engine gets at a time. */
static inline size_t
batch_size(uint8_t options)
{
	static const size_t sizes[4] = { 1, 2, 7, BATCH_MAX };

	return sizes[options >> 5 & 3];
}

/* Feeds all frames of the input. */
static void
feed(connlog_engine *e, uint8_t options, const uint8_t *data, size_t n)
{
	static const int32_t links[8] = { 1, 101, 113, 276, 0, 9, 105, 127 };
	const size_t         size = batch_size(options);
	connlog_packet       batch[BATCH_MAX];
	int64_t              usec = INT64_C(1700000000) * 1000000;
	size_t               filled;

	do {
		for (filled = 0; filled < size && next_frame(&data, &n, &usec, &batch[filled]); filled++)
			batch[filled].link = links[options & 7];
		check(connlog_packets(e, batch, filled) == CONNLOG_OK, "packets are refused");
		for (size_t i = 0; i < filled; i++)
			free((void *)(uintptr_t)batch[i].data);
	} while (filled == size);
}

#endif
