/* codec.c - one interface for gzip and zstd: compressed bytes in, plain bytes out.
 *
 * A file may consist of several gzip members or zstd frames in a row (as `cat a.gz b.gz`, bgzip and pzstd produce);
 * they are unpacked as one.  Zero bytes after the last gzip member are tape padding and ignored, as in gzip; anything
 * else there is damage.
 */
#include "capture/codec.h"

#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

#define CODEC_INPUT (256u << 10)
#define FRAME_BEGIN 5 /* the part of a frame that zstd needs first */

struct codec {
	const char *name;
	bool        zstd;
	z_stream    z;
	ZSTD_DCtx  *zd;
	size_t      wants;    /* the input bytes for zstd's next step */
	bool        complete; /* at the end of a member or frame */
	bool        pending;  /* the last step filled `out`, so more output may come without input */
	size_t      pos, end; /* not yet used: in[pos..end) */
	uint8_t     in[CODEC_INPUT];
};

static const char gzip_name[] = "gzip", zstd_name[] = "zstd";

const char *
codec_detect(struct bytes head)
{
	const uint8_t *p = bytes_at(head, 0, 4);

	if (!p)
		return NULL;
	if (p[0] == 0x1f && p[1] == 0x8b)
		return gzip_name;
	/* a frame or a skippable frame; pzstd begins with one of those */
	if (load_le32(p) == ZSTD_MAGICNUMBER || (load_le32(p) & ZSTD_MAGIC_SKIPPABLE_MASK) == ZSTD_MAGIC_SKIPPABLE_START)
		return zstd_name;
	return NULL;
}

struct codec *
codec_new(const char *name)
{
	struct codec *c = malloc(sizeof *c);

	if (!c)
		return NULL;
	memset(c, 0, offsetof(struct codec, in));
	c->name = name;
	c->zstd = name == zstd_name;
	c->wants = FRAME_BEGIN;
	if (c->zstd ? (c->zd = ZSTD_createDCtx()) != NULL : inflateInit2(&c->z, 15 + 16 /* gzip alone */) == Z_OK)
		return c;
	free(c);
	return NULL;
}

void
codec_free(struct codec *c)
{
	if (!c)
		return;
	if (c->zstd)
		ZSTD_freeDCtx(c->zd);
	else
		inflateEnd(&c->z);
	free(c);
}

const char *
codec_name(const struct codec *c)
{
	return c->name;
}

uint8_t *
codec_input(struct codec *c, size_t *n)
{
	*n = sizeof c->in;
	return c->in;
}

void
codec_input_done(struct codec *c, size_t n)
{
	c->pos = 0;
	c->end = n;
}

bool
codec_hungry(const struct codec *c)
{
	return c->pos == c->end && !c->pending;
}

bool
codec_complete(const struct codec *c)
{
	return c->complete && c->pos == c->end;
}

static const char *
gzip_step(struct codec *c, uint8_t *out, size_t n, size_t *made)
{
	int r;

	if (c->complete) {
		while (c->pos < c->end && c->in[c->pos] == 0)
			c->pos++;
		if (c->pos == c->end)
			return NULL;
		if (c->in[c->pos] != 0x1f)
			return "there are other bytes behind the gzip data";
		inflateReset(&c->z);
		c->complete = false;
	}
	c->z.next_in = c->in + c->pos;
	c->z.avail_in = (uInt)(c->end - c->pos);
	c->z.next_out = out;
	c->z.avail_out = n > 1u << 30 ? 1u << 30 : (uInt)n;
	uInt room = c->z.avail_out;
	r = inflate(&c->z, Z_NO_FLUSH);
	c->pos = c->end - c->z.avail_in;
	*made = room - c->z.avail_out;
	c->pending = c->z.avail_out == 0 && r == Z_OK;
	c->complete = r == Z_STREAM_END;
	if (r == Z_OK || r == Z_STREAM_END || r == Z_BUF_ERROR) /* the last one means that it needs more input */
		return NULL;
	return c->z.msg ? c->z.msg : zError(r);
}

/* zstd does not report the output of a call that then meets damage.  So each call gets the input of one step, at most a
 * block, and none while there is still output. */
static const char *
zstd_step(struct codec *c, uint8_t *out, size_t n, size_t *made)
{
	const size_t   there = c->end - c->pos;
	ZSTD_inBuffer  in = { c->in, c->end, c->pos };
	ZSTD_outBuffer o = { out, n, 0 };
	size_t         r;

	if (there == 0 && c->complete)
		return NULL; /* without input it would begin another frame */
	in.size = c->pos + (c->pending ? 0 : there < c->wants ? there : c->wants);
	r = ZSTD_decompressStream(c->zd, &o, &in);
	if (ZSTD_isError(r))
		return ZSTD_getErrorName(r);
	c->pos = in.pos;
	*made = o.pos;
	c->pending = o.pos == n && r != 0;
	c->complete = r == 0;
	c->wants = r == 0 ? FRAME_BEGIN : r;
	return NULL;
}

const char *
codec_step(struct codec *c, uint8_t *out, size_t n, size_t *made)
{
	*made = 0;
	return c->zstd ? zstd_step(c, out, n, made) : gzip_step(c, out, n, made);
}
