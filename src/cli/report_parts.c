/* report_parts.c - see report_parts.h. */
#include "cli/report_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PARTS_MOST = 256 };

struct parts {
	FILE    *log[2];
	uint64_t bytes; /* in both files */
	FILE    *of[2][PARTS_MOST], *run[PARTS_MOST];
	size_t   n;
};

static bool
failed(void)
{
	const char *folder = getenv("TMPDIR");

	if (errno == ENOMEM)
		complain("out of memory");
	else
		complain("temporary file in %s: %s; set TMPDIR to a folder with more room", folder != NULL ? folder : "/tmp",
		         strerror(errno));
	return false;
}

/* Returns a temporary file without a name, or NULL after printing a message. */
static FILE *
nameless(void)
{
	const char *folder = getenv("TMPDIR");
	char        path[4096];
	int         fd;

	if (folder == NULL)
		folder = "/tmp";
	fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd < 0 && snprintf(path, sizeof path, "%s/connlog-XXXXXX", folder) <
	                  (int)sizeof path) { /* not every file system supports O_TMPFILE */
		fd = mkostemp(path, O_CLOEXEC);
		if (fd >= 0)
			(void)unlink(path);
	}
	FILE *f = fd >= 0 ? fdopen(fd, "w+") : NULL;
	if (f == NULL) {
		(void)failed();
		if (fd >= 0)
			close(fd);
	}
	return f;
}

static void
drop(FILE **f)
{
	if (*f != NULL)
		(void)fclose(*f); /* the file has been read or is no longer needed */
	*f = NULL;
}

struct parts *
parts_new(void)
{
	struct parts *p = calloc(1, sizeof *p);

	if (p == NULL)
		(void)failed();
	return p;
}

void
parts_free(struct parts *p)
{
	for (size_t log = 0; p != NULL && log < 2; log++) {
		drop(&p->log[log]);
		for (size_t i = 0; i < p->n; i++)
			drop(&p->of[log][i]);
	}
	for (size_t i = 0; p != NULL && i < p->n; i++)
		drop(&p->run[i]);
	free(p);
}

bool
parts_take(struct parts *p, size_t log, struct pack *pack)
{
	if (p->log[log] == NULL && (p->log[log] = nameless()) == NULL)
		return false;
	for (size_t i = 0; i < pack->n; i++)
		if (!pack_write(pack, &pack->rows[i], p->log[log]))
			return failed();
	p->bytes += pack_bytes(pack);
	pack_empty(pack);
	return fflush(p->log[log]) == 0 || failed();
}

/* ---- dividing ---------------------------------------------------------------------------------------------------- */

/* FNV-1a, whose upper bits are better. */
static size_t
part_of(const struct parts *p, const uint8_t *key)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < PACK_KEY; i++)
		hash = (hash ^ key[i]) * UINT64_C(0x100000001b3);
	return (hash >> 32) % p->n;
}

/* Distributes the rows of a log among the files of its parts, row by row through an empty pack. */
static bool
divide(struct parts *p, size_t log, struct pack *pack, const bool compared[PACK_COLUMNS])
{
	enum pack_status status;

	if (p->log[log] == NULL)
		return true;
	rewind(p->log[log]);
	while ((status = pack_read(pack, p->log[log])) == PACK_ROW) {
		pack_mask(pack, compared);
		if (!pack_write(pack, pack->rows, p->of[log][part_of(p, pack_key(pack, pack->rows))]))
			return failed();
		pack->n = pack->used = 0;
	}
	drop(&p->log[log]);
	return status == PACK_END || failed();
}

static bool
divide_both(struct parts *p, struct pairs *d, uint64_t memory)
{
	const uint64_t n = p->bytes / (memory / 2 + 1) + 1; /* the other half is for findings, and for larger parts */

	p->n = n < PARTS_MOST ? (size_t)n : PARTS_MOST;
	for (size_t log = 0; log < 2; log++)
		for (size_t i = 0; i < p->n; i++)
			if ((p->of[log][i] = nameless()) == NULL)
				return false;
	return divide(p, 0, &d->pack[0], d->compared) && divide(p, 1, &d->pack[1], d->compared);
}

/* ---- runs: the findings of a part, sorted ------------------------------------------------------------------------ */

struct run_head {
	int64_t  usec;
	uint64_t length; /* of the text that follows */
	uint8_t  key[PACK_KEY];
};

static bool
run_put(FILE *run, struct pairs *d, const struct finding *found)
{
	struct run_head h = { .usec = found->usec };
	char           *text = NULL;
	size_t          n = 0;
	FILE           *f = open_memstream(&text, &n);

	if (f == NULL)
		return failed();
	pairs_put(d, found, f);
	const bool complete = fclose(f) == 0;
	h.length = n;
	memcpy(h.key, pairs_key(d, found), PACK_KEY);
	const bool good = complete && fwrite(&h, sizeof h, 1, run) == 1 && fwrite(text, n, 1, run) == 1;
	free(text);
	return good || failed();
}

static bool
load(struct pack *pack, FILE **from)
{
	enum pack_status status;

	rewind(*from);
	while ((status = pack_read(pack, *from)) == PACK_ROW)
		continue;
	drop(from);
	return status == PACK_END || failed();
}

static bool
compare_part(struct parts *p, size_t i, struct pairs *d)
{
	if (!load(&d->pack[0], &p->of[0][i]) || !load(&d->pack[1], &p->of[1][i]))
		return false;
	if (!pairs_find(d)) {
		errno = ENOMEM;
		return failed();
	}
	if ((p->run[i] = nameless()) == NULL)
		return false;
	for (size_t k = 0; k < d->n; k++)
		if (!run_put(p->run[i], d, &d->findings[k]))
			return false;
	pack_empty(&d->pack[0]);
	pack_empty(&d->pack[1]);
	return fflush(p->run[i]) == 0 || failed();
}

/* ---- merging ----------------------------------------------------------------------------------------------------- */

struct next {
	struct run_head head;
	FILE           *run; /* NULL: at its end */
};

static bool
step(struct next *next)
{
	if (fread(&next->head, sizeof next->head, 1, next->run) == 1)
		return true;
	if (ferror(next->run))
		return failed();
	next->run = NULL;
	return true;
}

static bool
is_before(const struct next *a, const struct next *b)
{
	if (a->run == NULL || b->run == NULL)
		return a->run != NULL;
	if (a->head.usec != b->head.usec)
		return a->head.usec < b->head.usec;
	return memcmp(a->head.key, b->head.key, PACK_KEY) < 0; /* findings with the same endpoints are in one run */
}

/* Moves an entry down to its place in a heap that is otherwise ordered. */
static void
sink_down(struct next *heap, size_t n, size_t i)
{
	const struct next moving = heap[i];

	for (size_t child; (child = 2 * i + 1) < n; i = child) {
		child += child + 1 < n && is_before(&heap[child + 1], &heap[child]);
		if (!is_before(&heap[child], &moving))
			break;
		heap[i] = heap[child];
	}
	heap[i] = moving;
}

static bool
copy_text(const struct next *next, FILE *out)
{
	char     piece[4096];
	uint64_t left = next->head.length;

	for (size_t n; left > 0; left -= n) {
		n = left < sizeof piece ? (size_t)left : sizeof piece;
		if (fread(piece, n, 1, next->run) != 1)
			return failed();
		(void)fwrite(piece, n, 1, out); /* errors are checked at the end */
	}
	return true;
}

static bool
merge(struct parts *p, FILE *out)
{
	struct next heap[PARTS_MOST];

	for (size_t i = 0; i < p->n; i++) {
		rewind(p->run[i]);
		heap[i].run = p->run[i];
		if (!step(&heap[i]))
			return false;
	}
	for (size_t i = p->n / 2; i-- > 0;)
		sink_down(heap, p->n, i);
	while (heap[0].run != NULL) {
		if (!copy_text(&heap[0], out) || !step(&heap[0]))
			return false;
		sink_down(heap, p->n, 0);
	}
	return true;
}

bool
parts_compare(struct parts *p, struct pairs *d, uint64_t memory, FILE *out)
{
	if (!divide_both(p, d, memory))
		return false;
	for (size_t i = 0; i < p->n; i++)
		if (!compare_part(p, i, d))
			return false;
	return merge(p, out);
}
