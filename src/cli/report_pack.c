/* report_pack.c - see report_pack.h.
 *
 * The key is both endpoints, the lower one first, and the protocol: a record with exchanged endpoints still has the
 * same key.
 */
#include "cli/report_pack.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { END_SIZE = 18, PROTO_AT = 2 * END_SIZE, HEAD = 1 + sizeof(uint32_t), LAST = 255 };

static bool
reserve(struct pack *p, size_t n)
{
	size_t size = p->size > 0 ? p->size : 1 << 16;

	if (p->size - p->used >= n)
		return true;
	while (size - p->used < n)
		if (__builtin_mul_overflow(size, 2, &size))
			return false;
	uint8_t *bytes = realloc(p->bytes, size);
	if (bytes == NULL)
		return false;
	p->bytes = bytes;
	p->size = size;
	return true;
}

static bool
reserve_row(struct pack *p)
{
	const size_t room = p->room > 0 ? 2 * p->room : 1024;

	if (p->n < p->room)
		return true;
	struct pack_row *rows = reallocarray(p->rows, room, sizeof *rows);
	if (rows == NULL)
		return false;
	p->rows = rows;
	p->room = room;
	return true;
}

static void
put_key(uint8_t key[PACK_KEY], const struct report_row *row)
{
	uint8_t ends[2][END_SIZE] = { 0 };

	for (int i = 0; i < 2; i++) {
		if (row->has_host[i])
			memcpy(ends[i], row->host[i], 16);
		if (row->has_port[i]) {
			ends[i][16] = (uint8_t)(row->port[i] >> 8);
			ends[i][17] = (uint8_t)row->port[i];
		}
	}
	const int low = memcmp(ends[0], ends[1], END_SIZE) > 0;
	memcpy(key, ends[low], END_SIZE);
	memcpy(key + END_SIZE, ends[1 - low], END_SIZE);
	memset(key + PROTO_AT, 0, PACK_KEY - PROTO_AT);
	memcpy(key + PROTO_AT, row->proto.p, row->proto.n < PACK_KEY - PROTO_AT ? row->proto.n : PACK_KEY - PROTO_AT);
}

/* Formats a value. Tunnels are named by uids, which differ in each run, so only their number can be compared. */
static size_t
format(connlog_value v, char *out, size_t size)
{
	if (v.type == CONNLOG_STRING_SET)
		return (size_t)snprintf(out, size, "(%zu)", v.texts.n);
	return connlog_value_text(v, out, size);
}

static bool
put_value(struct pack *p, size_t column, connlog_value v)
{
	size_t n, room;

	for (room = 64;; room = n + 1) {
		if (!reserve(p, HEAD + room))
			return false;
		n = format(v, (char *)p->bytes + p->used + HEAD, room);
		if (n > UINT32_MAX)
			return false;
		if (n < room)
			break;
	}
	const uint32_t length = (uint32_t)n;
	p->bytes[p->used] = (uint8_t)column;
	memcpy(p->bytes + p->used + 1, &length, sizeof length);
	p->used += HEAD + n;
	return true;
}

static int64_t
usec_of(const struct report_row *row)
{
	const double usec = row->ts * 1e6;
	return row->has_ts && fabs(usec) < 9e18 ? llround(usec) : INT64_MIN;
}

bool
pack_add(struct pack *p, const connlog_record *record, const struct report_row *row)
{
	const size_t begin = p->used;

	if (!reserve_row(p) || !reserve(p, PACK_KEY))
		return false;
	put_key(p->bytes + begin, row);
	p->used += PACK_KEY;
	for (size_t i = 0; i < PACK_COLUMNS && connlog_column_at(i) != NULL; i++) {
		const connlog_value v = connlog_record_get(record, i);
		if (v.set && !put_value(p, i, v))
			return false;
	}
	if (!reserve(p, 1))
		return false;
	p->bytes[p->used++] = LAST;
	p->rows[p->n++] = (struct pack_row){ .usec = usec_of(row), .at = begin };
	return true;
}

void
pack_columns(struct pack *p, const connlog_columns *columns)
{
	connlog_column_info info;

	for (size_t i = 0; connlog_columns_at(columns, i, &info); i++) {
		const int at = connlog_column_find(info.name);
		if (at >= 0 && at < PACK_COLUMNS)
			p->has[at] = true;
	}
}

void
pack_free(struct pack *p)
{
	free(p->rows);
	free(p->bytes);
}

void
pack_empty(struct pack *p)
{
	pack_free(p);
	p->rows = NULL;
	p->bytes = NULL;
	p->n = p->room = p->used = p->size = 0;
}

static struct pack_value
value_at(const uint8_t *at)
{
	struct pack_value v = { .column = PACK_NONE, .next = at };
	uint32_t          n;

	if (*at == LAST)
		return v;
	memcpy(&n, at + 1, sizeof n);
	v.column = *at;
	v.text = (connlog_text){ (const char *)at + HEAD, n };
	v.next = at + HEAD + n;
	return v;
}

struct pack_value
pack_values(const struct pack *p, const struct pack_row *row)
{
	return value_at(p->bytes + row->at + PACK_KEY);
}

struct pack_value
pack_next(struct pack_value v)
{
	return value_at(v.next);
}

/* Precedes the bytes of a row in a file. */
struct head {
	int64_t  usec;
	uint64_t length;
};

bool
pack_write(const struct pack *p, const struct pack_row *row, FILE *f)
{
	struct pack_value v = pack_values(p, row);

	while (v.column != PACK_NONE)
		v = pack_next(v);
	const struct head h = { row->usec, (uint64_t)(v.next + 1 - pack_key(p, row)) };
	return fwrite(&h, sizeof h, 1, f) == 1 && fwrite(pack_key(p, row), h.length, 1, f) == 1;
}

enum pack_status
pack_read(struct pack *p, FILE *f)
{
	struct head h;

	if (fread(&h, sizeof h, 1, f) != 1)
		return ferror(f) ? PACK_FAILED : PACK_END;
	if (!reserve_row(p) || !reserve(p, h.length)) {
		errno = ENOMEM;
		return PACK_FAILED;
	}
	if (fread(p->bytes + p->used, h.length, 1, f) != 1)
		return PACK_FAILED;
	p->rows[p->n++] = (struct pack_row){ .usec = h.usec, .at = p->used };
	p->used += h.length;
	return PACK_ROW;
}

int
pack_differ(struct pack_walk *w, const bool compared[PACK_COLUMNS])
{
	while (w->a.column != PACK_NONE || w->b.column != PACK_NONE) {
		const bool a = w->a.column != PACK_NONE && (w->b.column == PACK_NONE || w->a.column <= w->b.column);
		const bool b = w->b.column != PACK_NONE && (w->a.column == PACK_NONE || w->b.column <= w->a.column);
		const int  column = a ? w->a.column : w->b.column;

		w->text[0] = a ? w->a.text : (connlog_text){ NULL, 0 };
		w->text[1] = b ? w->b.text : (connlog_text){ NULL, 0 };
		if (a)
			w->a = pack_next(w->a);
		if (b)
			w->b = pack_next(w->b);
		const bool same =
			a && b && w->text[0].n == w->text[1].n && memcmp(w->text[0].p, w->text[1].p, w->text[0].n) == 0;
		if (compared[column] && !same)
			return column;
	}
	return PACK_NONE;
}

/* Returns the order of the texts of a walk: an unset one comes first. */
static int
order_of(const connlog_text text[2])
{
	if (text[0].p == NULL || text[1].p == NULL)
		return text[0].p == NULL ? -1 : 1;
	const int order = memcmp(text[0].p, text[1].p, text[0].n < text[1].n ? text[0].n : text[1].n);
	return order != 0 ? order : text[0].n < text[1].n ? -1 : 1;
}

int
pack_compare(const struct pack *of_a, const struct pack_row *a, const struct pack *of_b, const struct pack_row *b,
             const bool compared[PACK_COLUMNS])
{
	struct pack_walk w;
	const int        order = memcmp(pack_key(of_a, a), pack_key(of_b, b), PACK_KEY);

	if (order != 0 || a->usec != b->usec)
		return order != 0 ? order : a->usec < b->usec ? -1 : 1;
	w.a = pack_values(of_a, a);
	w.b = pack_values(of_b, b);
	return pack_differ(&w, compared) == PACK_NONE ? 0 : order_of(w.text);
}

struct sorting {
	const struct pack *pack;
	const bool        *compared;
};

static int
compare(const void *x, const void *y, void *arg)
{
	const struct sorting *s = arg;
	return pack_compare(s->pack, x, s->pack, y, s->compared);
}

void
pack_mask(struct pack *p, const bool compared[PACK_COLUMNS])
{
	static const struct {
		const char *columns[2];
		size_t      at[2], n;
	} parts[] = { { { "id.orig_h", "id.resp_h" }, { 0, END_SIZE }, 16 },
		          { { "id.orig_p", "id.resp_p" }, { 16, END_SIZE + 16 }, 2 },
		          { { "proto", "proto" }, { PROTO_AT, PROTO_AT }, PACK_KEY - PROTO_AT } };

	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
		if (compared[connlog_column_find(parts[i].columns[0])] && compared[connlog_column_find(parts[i].columns[1])])
			continue;
		for (size_t row = 0; row < p->n; row++)
			for (int end = 0; end < 2; end++)
				memset(p->bytes + p->rows[row].at + parts[i].at[end], 0, parts[i].n);
	}
}

void
pack_sort(struct pack *p, const bool compared[PACK_COLUMNS])
{
	struct sorting s = { p, compared };

	pack_mask(p, compared);
	if (p->n > 0)
		qsort_r(p->rows, p->n, sizeof *p->rows, compare, &s);
}
