/* index.c - reads and writes indexes: see index.h. */
#include "archive/index.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive/keyset.h"
#include "base/siphash.h"

enum {
	VERSION = 1,
	FLAG_PACKED = 1,
	HEADER = 72,
	BLOCK = 44,
	LATE = 12,
	CHECKSUM = 8,
	HEAD = 4096, /* bytes of a capture that distinguish it from others */
};

#define INDEX_MAX (INT64_C(1) << 32) /* bytes */

static const char               magic[8] = { 'c', 'o', 'n', 'n', 'l', 'o', 'g', 'X' };
static const struct siphash_key key = { 0x636f6e6e6c6f6758u, 0x7061697273000001u };

/* ---- names and hashes ------------------------------------------------------------------------------------------------------- */

uint64_t
index_pair(const struct addr *a, const struct addr *b)
{
	const bool swap = addr_cmp(a, b) > 0;
	uint64_t   w[4];

	memcpy(w, swap ? b : a, 16);
	memcpy(w + 2, swap ? a : b, 16);
	for (int i = 0; i < 4; i++)
		w[i] = le64toh(w[i]);
	const uint64_t hash = siphash13(&key, w, 4);
	return hash + (hash == 0);
}

static uint64_t
hash_bytes(const void *p, size_t n)
{
	uint64_t out[2];

	siphash24_128(&key, p, n, out);
	return out[0];
}

char *
index_path(const char *capture)
{
	const char *slash = strrchr(capture, '/'), *name = slash ? slash + 1 : capture;
	char       *path;

	return asprintf(&path, "%.*s.%s.connlog-index", (int)(name - capture), capture, name) >= 0 ? path : NULL;
}

/* Reads until `n` bytes or the end.  Returns their number, or -1. */
static ssize_t
read_all(int fd, uint8_t *p, size_t n)
{
	size_t  have = 0;
	ssize_t r = 1;

	while (have < n && (r = read(fd, p + have, n - have)) != 0) {
		if (r < 0 && errno != EINTR)
			return -1;
		have += r > 0 ? (size_t)r : 0;
	}
	return (ssize_t)have;
}

int
index_file_of(const char *capture, struct index_file *out)
{
	uint8_t     head[HEAD];
	struct stat st;
	const int   fd = open(capture, O_RDONLY | O_CLOEXEC);
	int         why = 0;

	if (fd < 0)
		return errno;
	const ssize_t n = read_all(fd, head, sizeof head);
	if (n < 0 || fstat(fd, &st) != 0)
		why = errno;
	close(fd);
	if (why != 0)
		return why;
	out->size = (uint64_t)st.st_size;
	out->mtime = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
	out->head = hash_bytes(head, (size_t)n);
	return 0;
}

/* ---- writing ---------------------------------------------------------------------------------------------------------------- */

void
index_write(const struct index *x, struct outbuf *out)
{
	const size_t begin = out->n;
	uint64_t     codes = 0;

	for (size_t i = 0; i < x->n; i++)
		codes += x->blocks[i].code.n;
	outbuf_put(out, magic, sizeof magic);
	outbuf_le(out, VERSION, 4);
	outbuf_le(out, x->packed ? FLAG_PACKED : 0, 4);
	outbuf_le(out, x->file.size, 8);
	outbuf_le(out, (uint64_t)x->file.mtime, 8);
	outbuf_le(out, x->file.head, 8);
	outbuf_le(out, x->packets, 8);
	outbuf_le(out, x->n, 8);
	outbuf_le(out, x->n_marks, 4);
	outbuf_le(out, x->n_late, 4);
	outbuf_le(out, codes, 8);
	for (size_t i = 0; i < x->n; i++) {
		const struct index_block *k = &x->blocks[i];
		outbuf_le(out, k->offset, 8);
		outbuf_le(out, (uint64_t)k->from, 8);
		outbuf_le(out, (uint64_t)k->to, 8);
		outbuf_le(out, k->packets, 4);
		outbuf_le(out, k->pairs, 4);
		outbuf_le(out, k->code.n, 4);
		outbuf_le(out, k->mark, 4);
		outbuf_le(out, k->marks, 4);
	}
	for (size_t i = 0; i < x->n_marks; i++)
		outbuf_le(out, x->marks[i], 8);
	for (size_t i = 0; i < x->n_late; i++) {
		outbuf_le(out, x->late[i].block, 4);
		outbuf_le(out, x->late[i].pair, 8);
	}
	for (size_t i = 0; i < x->n; i++)
		outbuf_put(out, (const char *)x->blocks[i].code.p, x->blocks[i].code.n);
	if (!out->failed)
		outbuf_le(out, hash_bytes(out->p + begin, out->n - begin), CHECKSUM);
}

/* ---- reading ---------------------------------------------------------------------------------------------------------------- */

static uint64_t
load64(const uint8_t *p)
{
	return load_le32(p) | (uint64_t)load_le32(p + 4) << 32;
}

/* Parses a block. Returns whether it is plausible: within the file, after the previous block, with existing marks. */
static bool
take_block(const uint8_t *p, struct index *x, size_t i, struct bytes *codes)
{
	struct index_block *k = &x->blocks[i];

	*k = (struct index_block){ .offset = load64(p),
		                       .from = (int64_t)load64(p + 8),
		                       .to = (int64_t)load64(p + 16),
		                       .packets = load_le32(p + 24),
		                       .pairs = load_le32(p + 28),
		                       .mark = load_le32(p + 36),
		                       .marks = load_le32(p + 40) };
	k->code.n = load_le32(p + 32);
	k->code.p = bytes_at(*codes, 0, k->code.n);
	if (!k->code.p || k->mark > x->n_marks || k->marks > x->n_marks - k->mark)
		return false;
	*codes = bytes_skip(*codes, k->code.n);
	return i == 0 || k->offset >= x->blocks[i - 1].offset;
}

/* Makes room for as many elements as the bytes can hold. Returns false when out of memory. */
static bool
make_room(struct index *x)
{
	x->blocks = calloc(x->n + 1, sizeof *x->blocks);
	x->marks = calloc(x->n_marks + 1, sizeof *x->marks);
	x->late = calloc(x->n_late + 1, sizeof *x->late);
	return x->blocks && x->marks && x->late;
}

static bool
take_parts(const uint8_t *p, struct index *x, struct bytes codes)
{
	const uint8_t *marks = p + x->n * BLOCK, *late = marks + x->n_marks * 8;
	bool           good = true;

	for (size_t i = 0; i < x->n_marks; i++)
		x->marks[i] = load64(marks + i * 8);
	for (size_t i = 0; i < x->n_late; i++)
		x->late[i] = (struct index_late){ load_le32(late + i * LATE), load64(late + i * LATE + 4) };
	for (size_t i = 1; i < x->n_late; i++)
		good = good && x->late[i].block >= x->late[i - 1].block;
	for (size_t i = 0; i < x->n && good; i++)
		good = take_block(p + i * BLOCK, x, i, &codes);
	return good && codes.n == 0;
}

bool
index_parse(struct bytes b, struct index *out)
{
	const uint8_t *h = bytes_at(b, 0, HEADER);

	*out = (struct index){ .packed = false };
	if (!h || b.n < HEADER + CHECKSUM || memcmp(h, magic, sizeof magic) != 0 || load_le32(h + 8) != VERSION ||
	    hash_bytes(b.p, b.n - CHECKSUM) != load64(b.p + b.n - CHECKSUM))
		return false;
	out->packed = (load_le32(h + 12) & FLAG_PACKED) != 0;
	out->file = (struct index_file){ load64(h + 16), (int64_t)load64(h + 24), load64(h + 32) };
	out->packets = load64(h + 40);
	const uint64_t n = load64(h + 48), codes = load64(h + 64), all = b.n - HEADER - CHECKSUM;
	out->n_marks = load_le32(h + 56);
	out->n_late = load_le32(h + 60);
	if (n > all / BLOCK || codes > all ||
	    n * BLOCK + out->n_marks * UINT64_C(8) + out->n_late * UINT64_C(12) + codes != all)
		return false;
	out->n = (size_t)n;
	const struct bytes rest = bytes_head(bytes_skip(b, b.n - CHECKSUM - (size_t)codes), (size_t)codes);
	if (make_room(out) && take_parts(h + HEADER, out, rest))
		return true;
	index_free(out);
	return false;
}

void
index_seal(uint8_t *p, size_t n)
{
	if (n < CHECKSUM)
		return;
	uint64_t sum = hash_bytes(p, n - CHECKSUM);
	for (size_t i = n - CHECKSUM; i < n; i++, sum >>= 8)
		p[i] = (uint8_t)sum;
}

/* Reads the file into the index's memory. Returns 0 or errno. */
static int
read_index(const char *path, struct index *x, size_t *n)
{
	struct stat st;
	const int   fd = open(path, O_RDONLY | O_CLOEXEC);
	int         why = 0;

	if (fd < 0)
		return errno;
	if (fstat(fd, &st) != 0)
		why = errno;
	else if (!S_ISREG(st.st_mode) || st.st_size > INDEX_MAX)
		why = EBADMSG;
	else if (!(x->memory = malloc((size_t)st.st_size + 1)))
		why = ENOMEM;
	const ssize_t have = why == 0 ? read_all(fd, x->memory, (size_t)st.st_size) : 0;
	if (have < 0)
		why = errno;
	close(fd);
	*n = why == 0 ? (size_t)have : 0;
	return why;
}

int
index_load(const char *capture, struct index *out)
{
	char             *path = index_path(capture);
	struct index      raw = { .memory = NULL };
	struct index_file now;
	size_t            n = 0;
	int               why = path ? read_index(path, &raw, &n) : ENOMEM;

	free(path);
	*out = (struct index){ .memory = NULL };
	if (why == 0 && !index_parse((struct bytes){ raw.memory, n }, out))
		why = EBADMSG;
	out->memory = raw.memory;
	if (why == 0)
		why = index_file_of(capture, &now);
	if (why == 0 && (now.size != out->file.size || now.mtime != out->file.mtime || now.head != out->file.head))
		why = ESTALE;
	if (why != 0)
		index_free(out);
	return why;
}

void
index_free(struct index *x)
{
	free(x->blocks);
	free(x->marks);
	free(x->late);
	free(x->memory);
	outbuf_free(&x->codes);
	*x = (struct index){ .memory = NULL };
}

/* ---- queries */

bool
index_has_any(const struct index *x, size_t block, const uint64_t *pairs, size_t m)
{
	const struct index_block *k = &x->blocks[block];

	if (keyset_has_any(k->code, k->pairs, pairs, m))
		return true;
	size_t lo = 0, hi = x->n_late;
	while (lo < hi) {
		const size_t mid = lo + (hi - lo) / 2;
		if (x->late[mid].block < block)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (; lo < x->n_late && x->late[lo].block == block; lo++)
		for (size_t p = 0; p < m; p++)
			if (x->late[lo].pair == pairs[p])
				return true;
	return false;
}
