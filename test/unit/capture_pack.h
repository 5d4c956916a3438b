/* capture_pack.h - compresses bytes with the two codecs. */
#ifndef CAPTURE_PACK_H
#define CAPTURE_PACK_H

#include "capture_build.h"

#include <zlib.h>
#include <zstd.h>

static size_t
gzip(const void *p, size_t n, uint8_t *out, size_t room)
{
	z_stream z = { 0 };

	assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
	z.next_in = (Bytef *)(uintptr_t)p;
	z.avail_in = (uInt)n;
	z.next_out = out;
	z.avail_out = (uInt)room;
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	deflateEnd(&z);
	return room - z.avail_out;
}

static size_t
zstd(const void *p, size_t n, uint8_t *out, size_t room)
{
	size_t r = ZSTD_compress(out, room, p, n, 3);

	assert_false(ZSTD_isError(r));
	return r;
}

static const struct {
	const char *name;
	size_t (*pack)(const void *p, size_t n, uint8_t *out, size_t room);
} packers[] = { { "gzip", gzip }, { "zstd", zstd } };

#endif
