/* parquet_column.c - gathers a column's values from the records. */
#include <endian.h>
#include <math.h>

#include "base/parse.h"
#include "base/utf8.h"
#include "write/parquet.h"

const struct pq_kind_info pq_kinds[PQ_KINDS] = {
	[PQ_KIND_TIME] = { PQ_INT64, 8, false, true },          [PQ_KIND_DOUBLE] = { PQ_DOUBLE, 8, false, false },
	[PQ_KIND_COUNT] = { PQ_INT64, 8, false, false },        [PQ_KIND_INT] = { PQ_INT64, 8, false, false },
	[PQ_KIND_PORT] = { PQ_INT32, 4, false, false },         [PQ_KIND_BOOL] = { PQ_BOOLEAN, 1, false, true },
	[PQ_KIND_TEXT] = { PQ_BYTE_ARRAY, 0, false, false },    [PQ_KIND_LIST] = { PQ_BYTE_ARRAY, 0, false, false },
	[PQ_KIND_ADDRESS] = { PQ_BYTE_ARRAY, 16, true, false }, [PQ_KIND_BINARY_ADDRESS] = { PQ_FIXED, 16, false, false },
};

/* Up to this time, in the year 2255, microseconds are exact. */
#define MICROS_MOST 9007199254740992.0

/* For a column that is not in the schema, the type's name decides. */
static enum pq_kind
kind_of_name(const char *type)
{
	static const struct {
		const char  *name;
		enum pq_kind kind;
	} kinds[] = {
		{ "count", PQ_KIND_COUNT },   { "int", PQ_KIND_INT },         { "port", PQ_KIND_PORT },
		{ "double", PQ_KIND_DOUBLE }, { "interval", PQ_KIND_DOUBLE }, { "time", PQ_KIND_TIME },
		{ "bool", PQ_KIND_BOOL },
	};

	if (strchr(type, '[') != NULL)
		return PQ_KIND_LIST;
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (strcmp(kinds[i].name, type) == 0)
			return kinds[i].kind;
	return PQ_KIND_TEXT;
}

static enum pq_kind
kind_of(const struct field *f, bool binary_addresses)
{
	if (f->column == NULL)
		return kind_of_name(f->type_name);
	switch (f->column->info.type) {
	case CONNLOG_TIME:
		return PQ_KIND_TIME;
	case CONNLOG_INTERVAL:
	case CONNLOG_DOUBLE:
		return PQ_KIND_DOUBLE;
	case CONNLOG_COUNT:
		return PQ_KIND_COUNT;
	case CONNLOG_INT:
		return PQ_KIND_INT;
	case CONNLOG_PORT:
		return PQ_KIND_PORT;
	case CONNLOG_BOOL:
		return PQ_KIND_BOOL;
	case CONNLOG_ADDR:
		return binary_addresses ? PQ_KIND_BINARY_ADDRESS : PQ_KIND_ADDRESS;
	case CONNLOG_STRING_SET:
		return PQ_KIND_LIST;
	default:
		return PQ_KIND_TEXT;
	}
}

bool
pq_column_init(struct pq_column *c, const struct field *f, bool binary_addresses)
{
	*c = (struct pq_column){ .name = f->name, .kind = kind_of(f, binary_addresses) };
	c->distinct = pq_kinds[c->kind].distinct || f->column == &schema[COL_UID];
	return outbuf_reserve(&c->levels, PQ_PAGE_ROWS) != NULL &&
	       outbuf_reserve(&c->values, (size_t)PQ_PAGE_ROWS * pq_kinds[c->kind].width + 1) != NULL;
}

void
pq_column_free(struct pq_column *c)
{
	outbuf_free(&c->levels);
	outbuf_free(&c->repeats);
	outbuf_free(&c->values);
	outbuf_free(&c->pages);
	pq_dict_free(&c->dict);
}

void
pq_column_clear(struct pq_column *c)
{
	c->pages.n = 0;
	c->entries = c->nulls = c->raw_bytes = 0;
	c->plain_pages = c->dict_pages = 0;
	c->bounds = (struct pq_bounds){ .any = false };
	pq_dict_clear(&c->dict);
}

/* ---- one value ---------------------------------------------------------------------------------------------------- */

/* Room for a page's rows and for values of fixed width is reserved from the beginning. */
static inline void
put_level(struct pq_column *c, char level)
{
	c->levels.p[c->levels.n++] = level;
}

static inline void
put_fixed(struct pq_column *c, const void *value, size_t n)
{
	put_level(c, 1);
	memcpy(c->values.p + c->values.n, value, n);
	c->values.n += n;
	c->set++;
}

static inline void
put_null(struct pq_column *c)
{
	put_level(c, 0);
	c->nulls++;
}

static inline void
put_u64(struct pq_column *c, uint64_t v)
{
	v = htole64(v);
	put_fixed(c, &v, 8);
}

static inline void
put_double(struct pq_column *c, double v)
{
	uint64_t bits;
	memcpy(&bits, &v, 8);
	put_u64(c, bits);
}

static inline void
put_port(struct pq_column *c, uint16_t port)
{
	const uint32_t v = htole32(port);
	put_fixed(c, &v, 4);
}

static inline void
put_bool(struct pq_column *c, bool v)
{
	put_fixed(c, &v, 1);
}

static inline void
put_time(struct pq_column *c, double seconds)
{
	const double micros = seconds * 1e6;

	if (fabs(micros) <= MICROS_MOST)
		put_u64(c, (uint64_t)(int64_t)floor(micros + 0.5));
	else
		put_null(c);
}

/* Readers may rely on texts being UTF-8: in one that is not, each byte that is not ASCII becomes \xHH, as in JSON. */
static void
put_odd_text(struct pq_column *c, struct text t)
{
	const size_t at = c->values.n;
	uint32_t     n = 0;

	outbuf_put(&c->values, (const char *)&n, 4);
	for (size_t i = 0; i < t.n; i++) {
		char escape[4];
		if ((unsigned char)t.p[i] < 0x80)
			outbuf_char(&c->values, t.p[i]);
		else
			outbuf_put(&c->values, escape, (size_t)(put_hex_escape(escape, (unsigned char)t.p[i]) - escape));
	}
	n = htole32((uint32_t)(c->values.n - at - 4));
	if (!c->values.failed)
		memcpy(c->values.p + at, &n, 4);
}

static bool
is_ascii(struct text t)
{
	unsigned char all = 0;

	for (size_t i = 0; i < t.n; i++)
		all |= (unsigned char)t.p[i];
	return all < 0x80;
}

static void
put_text(struct pq_column *c, struct text t, bool plain)
{
	const uint32_t n = htole32((uint32_t)t.n);

	c->set++;
	if (!plain && !is_ascii(t) && !utf8_is_good(t.p, t.n)) {
		put_odd_text(c, t);
		return;
	}
	char *p = outbuf_reserve(&c->values, 4 + t.n);
	if (p == NULL)
		return;
	memcpy(p, &n, 4);
	if (t.n > 0)
		memcpy(p + 4, t.p, t.n);
	outbuf_advance(&c->values, 4 + t.n);
}

static void
put_list(struct pq_column *c, const struct text_set *set)
{
	for (size_t i = 0; i < set->n; i++) {
		outbuf_char(&c->levels, 2);
		outbuf_char(&c->repeats, i > 0);
		put_text(c, set->at[i], false);
	}
	if (set->n == 0) {
		outbuf_char(&c->levels, 1);
		outbuf_char(&c->repeats, 0);
		c->nulls++; /* there is a list, but it has no leaf value */
	}
}

static void
put_nothing(struct pq_column *c)
{
	if (c->kind == PQ_KIND_LIST) {
		outbuf_char(&c->levels, 0);
		outbuf_char(&c->repeats, 0);
		c->nulls++;
	} else {
		put_null(c);
	}
}

/* Parses a number; one that does not fit is unset. */
static void
put_number(struct pq_column *c, struct text t)
{
	uint64_t count;
	int64_t  integer;
	double   number;
	bool     plain;

	if (c->kind == PQ_KIND_COUNT && parse_u64(t.p, t.n, &count))
		put_u64(c, count);
	else if (c->kind == PQ_KIND_INT && parse_i64(t.p, t.n, &integer))
		put_u64(c, (uint64_t)integer);
	else if (c->kind == PQ_KIND_PORT && parse_u64(t.p, t.n, &count) && count <= UINT16_MAX)
		put_port(c, (uint16_t)count);
	else if (c->kind == PQ_KIND_DOUBLE && parse_double(t.p, t.n, &number, &plain))
		put_double(c, number);
	else if (c->kind == PQ_KIND_TIME && parse_double(t.p, t.n, &number, &plain))
		put_time(c, number);
	else
		put_nothing(c);
}

static void
put_extra(struct pq_column *c, const struct extra *x)
{
	if (x == NULL || (c->kind == PQ_KIND_LIST) != (x->kind == EXTRA_LIST)) {
		put_nothing(c);
	} else if (c->kind == PQ_KIND_LIST) {
		put_list(c, &x->list);
	} else if (c->kind == PQ_KIND_TEXT) {
		put_level(c, 1);
		put_text(c, x->text, false);
	} else if (c->kind == PQ_KIND_BOOL) {
		put_bool(c, text_is(x->text, "T"));
	} else {
		put_number(c, x->text);
	}
}

static inline void
put_value(struct pq_column *c, const struct cell *cell, const struct record *r)
{
	const void *at = cell_at(cell, r);

	switch (c->kind) {
	case PQ_KIND_TIME:
		put_time(c, *(const double *)at);
		break;
	case PQ_KIND_DOUBLE:
		put_double(c, *(const double *)at);
		break;
	case PQ_KIND_COUNT:
	case PQ_KIND_INT:
		put_u64(c, *(const uint64_t *)at);
		break;
	case PQ_KIND_PORT:
		put_port(c, *(const uint16_t *)at);
		break;
	case PQ_KIND_BOOL:
		put_bool(c, *(const bool *)at);
		break;
	case PQ_KIND_LIST:
		put_list(c, at);
		break;
	case PQ_KIND_TEXT:
		put_level(c, 1);
		put_text(c, *(const struct text *)at, (r->plain & cell->plain) != 0);
		break;
	default: /* an address */
		put_fixed(c, at, sizeof(struct addr));
	}
}

void
pq_column_take(struct parquet *q, struct pq_column *c, const struct field *f, const struct cell *cell,
               const struct record *r)
{
	if (cell_is_set(cell, r))
		put_value(c, cell, r);
	else if (cell->has == 0)
		put_extra(c, field_extra(f, r));
	else
		put_nothing(c);
	if (c->levels.n >= PQ_PAGE_ROWS || c->values.n >= PQ_PAGE_BYTES)
		pq_end_page(q, c);
}
