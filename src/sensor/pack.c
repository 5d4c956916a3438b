/* pack.c - see pack.h.  The same loop drives both libraries through a table of functions. */
#include "sensor/pack.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

enum { CHUNK = 128 << 10, GZIP_LEVEL = 6, ZSTD_LEVEL = 3 };

struct span {
	uint8_t *p;
	size_t   n;
};

struct packer {
	const char *name, *suffix;
	int         most; /* the highest level */
	void *(*begin)(int level);
	/* Advances `in` and `out`; `last`: this is the end of the input.  Returns 1 when all output is written, 0 to continue, -1 on
	 * failure. */
	int (*step)(void *state, struct span *in, struct span *out, bool last);
	void (*end)(void *state);
};

static void *
gzip_begin(int level)
{
	z_stream *z = calloc(1, sizeof *z);

	if (z != NULL &&
	    deflateInit2(z, level > 0 ? level : GZIP_LEVEL, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
		free(z);
		return NULL;
	}
	return z;
}

static int
gzip_step(void *state, struct span *in, struct span *out, bool last)
{
	z_stream *z = state;

	z->next_in = in->p;
	z->avail_in = (uInt)in->n;
	z->next_out = out->p;
	z->avail_out = (uInt)out->n;
	const int status = deflate(z, last ? Z_FINISH : Z_NO_FLUSH);
	*in = (struct span){ z->next_in, z->avail_in };
	*out = (struct span){ z->next_out, z->avail_out };
	return status == Z_STREAM_END ? 1 : status == Z_OK || status == Z_BUF_ERROR ? 0 : -1;
}

static void
gzip_end(void *state)
{
	deflateEnd(state);
	free(state);
}

static void *
zstd_begin(int level)
{
	ZSTD_CCtx *c = ZSTD_createCCtx();

	if (c != NULL) {
		ZSTD_CCtx_setParameter(c, ZSTD_c_compressionLevel, level > 0 ? level : ZSTD_LEVEL);
		ZSTD_CCtx_setParameter(c, ZSTD_c_checksumFlag, 1);
	}
	return c;
}

static int
zstd_step(void *state, struct span *in, struct span *out, bool last)
{
	ZSTD_inBuffer  from = { in->p, in->n, 0 };
	ZSTD_outBuffer to = { out->p, out->n, 0 };
	const size_t   left = ZSTD_compressStream2(state, &to, &from, last ? ZSTD_e_end : ZSTD_e_continue);

	if (ZSTD_isError(left))
		return -1;
	*in = (struct span){ in->p + from.pos, in->n - from.pos };
	*out = (struct span){ out->p + to.pos, out->n - to.pos };
	return last && left == 0;
}

static void
zstd_end(void *state)
{
	ZSTD_freeCCtx(state);
}

static const struct packer packers[] = {
	[PACK_GZIP] = { "gzip", ".gz", 9, gzip_begin, gzip_step, gzip_end },
	[PACK_ZSTD] = { "zstd", ".zst", 19, zstd_begin, zstd_step, zstd_end },
};

bool
pack_parse(const char *text, struct packing *out)
{
	const size_t n = strcspn(text, ":");

	*out = (struct packing){ PACK_NONE, 0 };
	if (strcmp(text, "none") == 0)
		return true;
	for (int kind = PACK_GZIP; kind <= PACK_ZSTD; kind++) {
		const struct packer *p = &packers[kind];
		char                *end = NULL;
		if (strlen(p->name) != n || strncmp(p->name, text, n) != 0)
			continue;
		*out = (struct packing){ (enum pack_kind)kind, 0 };
		if (text[n] == '\0')
			return true;
		const long level = strtol(text + n + 1, &end, 10);
		out->level = (int)level;
		return end != text + n + 1 && *end == '\0' && level >= 1 && level <= p->most;
	}
	return false;
}

char *
pack_path(const char *path, enum pack_kind kind)
{
	char *packed;
	return asprintf(&packed, "%s%s", path, packers[kind].suffix) < 0 ? NULL : packed;
}

const char *
pack_suffix_of(const char *name)
{
	const size_t n = strlen(name);

	for (int kind = PACK_GZIP; kind <= PACK_ZSTD; kind++) {
		const size_t suffix_n = strlen(packers[kind].suffix);
		if (n > suffix_n && strcmp(name + n - suffix_n, packers[kind].suffix) == 0)
			return packers[kind].suffix;
	}
	return "";
}

/* Returns DIR/.NAME.part for DIR/NAME, or NULL when out of memory. */
static char *
temporary_path(const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash != NULL ? slash + 1 : path;
	char       *hidden;

	return asprintf(&hidden, "%.*s.%s%s", (int)(name - path), path, name, PACK_TEMPORARY) < 0 ? NULL : hidden;
}

static bool
write_all(int fd, const uint8_t *p, size_t n)
{
	while (n > 0) {
		const ssize_t took = write(fd, p, n);
		if (took < 0 && errno != EINTR)
			return false;
		if (took > 0) {
			p += took;
			n -= (size_t)took;
		}
	}
	return true;
}

/* Compresses one buffer of input and writes the result.  Returns false with errno set. */
static bool
pack_chunk(const struct packer *p, void *state, struct span in, bool last, uint8_t *room, int to)
{
	int status = 0;

	while (status == 0) {
		struct span out = { room, CHUNK };
		status = p->step(state, &in, &out, last);
		if (status < 0)
			errno = EINVAL;
		if (status < 0 || !write_all(to, room, CHUNK - out.n))
			return false;
		if (!last && in.n == 0 && out.n > 0)
			break;
	}
	return true;
}

/* Returns false with errno set. */
static bool
pack_stream(const struct packer *p, int level, int from, int to, const atomic_bool *stop)
{
	uint8_t *buffers = malloc(2 * CHUNK);
	void    *state = p->begin(level);
	bool     good = buffers != NULL && state != NULL;
	ssize_t  n = 1;

	if (!good)
		errno = ENOMEM;
	while (good && n > 0) {
		n = read(from, buffers, CHUNK);
		if (atomic_load(stop))
			errno = ECANCELED;
		good = n >= 0 && !atomic_load(stop) &&
		       pack_chunk(p, state, (struct span){ buffers, (size_t)n }, n == 0, buffers + CHUNK, to);
	}
	if (state != NULL)
		p->end(state);
	free(buffers);
	return good;
}

/* Gives the compressed file the original's mode, owner and times, and flushes it to disk before renaming it. Returns
 * false with errno set. */
static bool
finish(int from, int to, const char *temporary, const char *packed)
{
	struct stat st;

	if (fstat(from, &st) != 0 || fchmod(to, st.st_mode & 07777) != 0)
		return false;
	if (fchown(to, st.st_uid, st.st_gid) != 0 && errno != EPERM)
		return false;
	const struct timespec times[] = { st.st_atim, st.st_mtim };
	return futimens(to, times) == 0 && fsync(to) == 0 && rename(temporary, packed) == 0;
}

static bool
pack(const struct packing *p, const char *path, const char *temporary, const char *packed, const atomic_bool *stop)
{
	const int from = open(path, O_RDONLY | O_CLOEXEC);
	const int to = from >= 0 ? open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600) : -1;
	bool      good = false;

	if (to >= 0)
		good = pack_stream(&packers[p->kind], p->level, from, to, stop) && finish(from, to, temporary, packed);
	const int why = errno;
	if (from >= 0)
		close(from);
	if (to >= 0)
		close(to);
	if (to >= 0 && !good)
		unlink(temporary);
	errno = why;
	return good;
}

char *
pack_file(const struct packing *p, const char *path, const atomic_bool *stop)
{
	char *packed = pack_path(path, p->kind), *temporary = packed != NULL ? temporary_path(packed) : NULL;
	int   why = ENOMEM;

	if (temporary != NULL) {
		why = pack(p, path, temporary, packed, stop) ? 0 : errno;
		if (why == 0)
			unlink(path);
	}
	free(temporary);
	if (why == 0)
		return packed;
	free(packed);
	errno = why;
	return NULL;
}
