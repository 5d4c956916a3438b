/* parquet_meta.c - writes a file's metadata: the schema, where the chunks are, and their bounds.
 *
 * Field numbers are those of parquet.thrift.  Besides the logical types, the older converted types are written for
 * readers that know no others.
 */
#include <endian.h>
#include <stdio.h>

#include "connlog_parquet.h"
#include "write/parquet.h"

enum { REQUIRED = 0, OPTIONAL = 1, REPEATED = 2 };
enum { CONVERTED_UTF8 = 0, CONVERTED_LIST = 3, CONVERTED_TIMESTAMP_MICROS = 10, CONVERTED_UINT_16 = 12 };
enum { LOGICAL_STRING = 1, LOGICAL_LIST = 3, LOGICAL_TIMESTAMP = 8, LOGICAL_INTEGER = 10 };
enum { CODEC_ZSTD = 6 };

static const char *const list_path[] = { "list", "element" };

/* ---- the schema ---------------------------------------------------------------------------------------------------- */

static void
put_logical(struct thrift *t, enum pq_kind kind)
{
	struct thrift logical = thrift_field_struct(t, 10);

	if (kind == PQ_KIND_TIME) {
		struct thrift time = thrift_field_struct(&logical, LOGICAL_TIMESTAMP);
		thrift_field_bool(&time, 1, true); /* UTC */
		struct thrift unit = thrift_field_struct(&time, 2);
		thrift_field_empty(&unit, 2); /* microseconds */
		thrift_end(&unit);
		thrift_end(&time);
	} else if (kind == PQ_KIND_PORT) {
		struct thrift integer = thrift_field_struct(&logical, LOGICAL_INTEGER);
		thrift_field_i8(&integer, 1, 16);
		thrift_field_bool(&integer, 2, false); /* no sign */
		thrift_end(&integer);
	} else {
		thrift_field_empty(&logical, LOGICAL_STRING);
	}
	thrift_end(&logical);
}

/* Writes the schema element of a column with values. */
static void
put_leaf(struct outbuf *out, const char *name, enum pq_kind kind, int repetition)
{
	const enum pq_type type = pq_kinds[kind].type;
	struct thrift      t = { out, 0 };

	thrift_field_i32(&t, 1, (int32_t)type);
	if (type == PQ_FIXED)
		thrift_field_i32(&t, 2, (int32_t)pq_kinds[kind].width);
	thrift_field_i32(&t, 3, repetition);
	thrift_field_text(&t, 4, name, strlen(name));
	if (kind == PQ_KIND_TIME || kind == PQ_KIND_PORT || type == PQ_BYTE_ARRAY) {
		thrift_field_i32(&t, 6,
		                 kind == PQ_KIND_TIME   ? CONVERTED_TIMESTAMP_MICROS
		                 : kind == PQ_KIND_PORT ? CONVERTED_UINT_16
		                                        : CONVERTED_UTF8);
		put_logical(&t, kind);
	}
	thrift_end(&t);
}

/* Writes a list's three levels: an optional list of a repeated group of one element. */
static void
put_list(struct outbuf *out, const char *name)
{
	struct thrift t = { out, 0 }, group = { out, 0 };

	thrift_field_i32(&t, 3, OPTIONAL);
	thrift_field_text(&t, 4, name, strlen(name));
	thrift_field_i32(&t, 5, 1);
	thrift_field_i32(&t, 6, CONVERTED_LIST);
	struct thrift logical = thrift_field_struct(&t, 10);
	thrift_field_empty(&logical, LOGICAL_LIST);
	thrift_end(&logical);
	thrift_end(&t);
	thrift_field_i32(&group, 3, REPEATED);
	thrift_field_text(&group, 4, list_path[0], strlen(list_path[0]));
	thrift_field_i32(&group, 5, 1);
	thrift_end(&group);
	put_leaf(out, list_path[1], PQ_KIND_TEXT, REQUIRED);
}

static void
put_schema(struct thrift *t, const struct parquet *q)
{
	static const char root[] = "conn";
	struct thrift     top = { t->out, 0 };
	size_t            n = 1;

	for (size_t i = 0; i < q->n; i++)
		n += q->columns[i].kind == PQ_KIND_LIST ? 3 : 1;
	thrift_field_list(t, 2, THRIFT_STRUCT, n);
	thrift_field_text(&top, 4, root, sizeof root - 1);
	thrift_field_i32(&top, 5, (int32_t)q->n);
	thrift_end(&top);
	for (size_t i = 0; i < q->n; i++) {
		const struct pq_column *c = &q->columns[i];
		if (c->kind == PQ_KIND_LIST)
			put_list(t->out, c->name);
		else
			put_leaf(t->out, c->name, c->kind, OPTIONAL);
	}
}

/* ---- a chunk --------------------------------------------------------------------------------------------------------- */

static void
put_statistics(struct thrift *t, const struct pq_column *c)
{
	const struct pq_bounds *b = &c->bounds;
	struct thrift           s = thrift_field_struct(t, 12);

	thrift_field_i64(&s, 3, (int64_t)c->nulls);
	if (b->any && !b->unknown) {
		thrift_field_text(&s, 5, (const char *)b->greatest, b->greatest_n);
		thrift_field_text(&s, 6, (const char *)b->least, b->least_n);
		thrift_field_bool(&s, 7, true); /* exact values, not truncated ones */
		thrift_field_bool(&s, 8, true);
	}
	thrift_end(&s);
}

static void
put_page_counts(struct thrift *t, const struct pq_column *c)
{
	const struct {
		enum pq_page     type;
		enum pq_encoding encoding;
		uint32_t         n;
	} pages[] = { { PQ_DICTIONARY_PAGE, PQ_PLAIN, c->dict_pages > 0 },
		          { PQ_DATA_PAGE, PQ_RLE_DICTIONARY, c->dict_pages },
		          { PQ_DATA_PAGE, PQ_PLAIN, c->plain_pages } };

	thrift_field_list(t, 13, THRIFT_STRUCT, (c->dict_pages > 0 ? 2u : 0u) + (c->plain_pages > 0));
	for (size_t i = 0; i < 3; i++) {
		struct thrift page = { t->out, 0 };
		if (pages[i].n == 0)
			continue;
		thrift_field_i32(&page, 1, (int32_t)pages[i].type);
		thrift_field_i32(&page, 2, (int32_t)pages[i].encoding);
		thrift_field_i32(&page, 3, (int32_t)pages[i].n);
		thrift_end(&page);
	}
}

static void
put_path(struct thrift *t, const struct pq_column *c)
{
	const bool list = c->kind == PQ_KIND_LIST;

	thrift_field_list(t, 3, THRIFT_BINARY, list ? 3 : 1);
	thrift_text(t->out, c->name, strlen(c->name));
	for (size_t i = 0; list && i < 2; i++)
		thrift_text(t->out, list_path[i], strlen(list_path[i]));
}

void
pq_meta_chunk(struct outbuf *out, const struct pq_column *c, const struct pq_chunk *chunk)
{
	struct thrift t = { out, 0 };

	thrift_field_i64(&t, 2, 0); /* this metadata is only here */
	struct thrift meta = thrift_field_struct(&t, 3);
	thrift_field_i32(&meta, 1, (int32_t)pq_kinds[c->kind].type);
	thrift_field_list(&meta, 2, THRIFT_I32, c->dict_pages > 0 ? 3 : 2);
	thrift_int(out, PQ_PLAIN);
	thrift_int(out, PQ_RLE);
	if (c->dict_pages > 0)
		thrift_int(out, PQ_RLE_DICTIONARY);
	put_path(&meta, c);
	thrift_field_i32(&meta, 4, CODEC_ZSTD);
	thrift_field_i64(&meta, 5, (int64_t)c->entries);
	thrift_field_i64(&meta, 6, (int64_t)c->raw_bytes);
	thrift_field_i64(&meta, 7, (int64_t)chunk->bytes);
	thrift_field_i64(&meta, 9, (int64_t)(chunk->at + chunk->dict));
	if (chunk->dict > 0)
		thrift_field_i64(&meta, 11, (int64_t)chunk->at);
	put_statistics(&meta, c);
	put_page_counts(&meta, c);
	thrift_end(&meta);
	thrift_end(&t);
}

/* ---- the end --------------------------------------------------------------------------------------------------------- */

static void
put_pair(struct outbuf *out, const char *key, const char *value)
{
	struct thrift t = { out, 0 };

	thrift_field_text(&t, 1, key, strlen(key));
	thrift_field_text(&t, 2, value, strlen(value));
	thrift_end(&t);
}

void
pq_meta_footer(struct outbuf *out, const struct parquet *q)
{
	static const char by[] = "connlog version " CONNLOG_VERSION;
	const size_t      before = out->n;
	struct thrift     t = { out, 0 };

	thrift_field_i32(&t, 1, 2); /* of the format */
	put_schema(&t, q);
	thrift_field_i64(&t, 3, (int64_t)q->rows);
	thrift_field_list(&t, 4, THRIFT_STRUCT, q->groups_n);
	outbuf_put(out, q->groups.p, q->groups.n);
	thrift_field_list(&t, 5, THRIFT_STRUCT, 3);
	put_pair(out, "connlog.schema_version", CONNLOG_PARQUET_SCHEMA);
	put_pair(out, "zeek.version", "8.2.2");
	put_pair(out, "zeek.path", "conn");
	thrift_field_text(&t, 6, by, sizeof by - 1);
	thrift_field_list(&t, 7, THRIFT_STRUCT, q->n);
	for (size_t i = 0; i < q->n; i++) { /* the bounds use the type's own order */
		struct thrift order = { out, 0 };
		thrift_field_empty(&order, 1);
		thrift_end(&order);
	}
	thrift_end(&t);
	const uint32_t n = htole32((uint32_t)(out->n - before));
	outbuf_put(out, (const char *)&n, 4);
	outbuf_put(out, "PAR1", 4);
}
