/* parquet_page.c - writes a page: its header, levels and values, compressed with zstd. */
#include <zstd.h>

#include "write/parquet.h"

/* Compresses q->body into q->packed. */
static void
pack(struct parquet *q)
{
	const size_t bound = ZSTD_compressBound(q->body.n);

	q->packed.n = 0;
	char *to = outbuf_reserve(&q->packed, bound);
	if (q->zstd == NULL) {
		q->zstd = ZSTD_createCCtx();
		if (q->zstd != NULL)
			ZSTD_CCtx_setParameter(q->zstd, ZSTD_c_compressionLevel, q->o.level);
	}
	if (to == NULL || q->zstd == NULL || q->body.failed) {
		q->failed = true;
		return;
	}
	const size_t n = ZSTD_compress2(q->zstd, to, bound, q->body.p, q->body.n);
	if (ZSTD_isError(n))
		q->failed = true;
	else
		outbuf_advance(&q->packed, n);
}

/* Appends q->body as a page. */
static void
put_page(struct parquet *q, struct outbuf *out, enum pq_page type, uint32_t entries, enum pq_encoding encoding)
{
	struct thrift head = { out, 0 };

	pack(q);
	thrift_field_i32(&head, 1, (int32_t)type);
	thrift_field_i32(&head, 2, (int32_t)q->body.n);
	thrift_field_i32(&head, 3, (int32_t)q->packed.n);
	struct thrift more = thrift_field_struct(&head, type == PQ_DATA_PAGE ? 5 : 7);
	thrift_field_i32(&more, 1, (int32_t)entries);
	thrift_field_i32(&more, 2, (int32_t)encoding);
	if (type == PQ_DATA_PAGE) {
		thrift_field_i32(&more, 3, PQ_RLE); /* bytes of the definition levels */
		thrift_field_i32(&more, 4, PQ_RLE); /* bytes of the repetition levels */
	}
	thrift_end(&more);
	thrift_end(&head);
	outbuf_put(out, q->packed.p, q->packed.n);
}

/* Appends values to a page's body in the plain encoding. */
static void
put_plain(struct outbuf *body, enum pq_kind kind, const char *values, size_t bytes)
{
	if (kind == PQ_KIND_BOOL)
		pq_put_bools(body, values, bytes);
	else if (pq_kinds[kind].as_text)
		pq_put_addresses(body, values, bytes / pq_kinds[kind].width);
	else
		outbuf_put(body, values, bytes);
}

static unsigned
bits_for(uint32_t most)
{
	return most > 0 ? 32 - (unsigned)__builtin_clz(most) : 1;
}

static void
forget_values(struct pq_column *c)
{
	c->levels.n = c->repeats.n = c->values.n = 0;
	c->set = 0;
}

void
pq_end_page(struct parquet *q, struct pq_column *c)
{
	const uint32_t entries = (uint32_t)c->levels.n;
	const bool     list = c->kind == PQ_KIND_LIST;

	if (entries == 0)
		return;
	if (c->levels.failed || c->repeats.failed || c->values.failed) { /* there are fewer values than were counted */
		q->failed = true;
		forget_values(c);
		return;
	}
	q->body.n = 0;
	if (list)
		pq_put_levels(&q->body, &c->repeats, 1, &q->bits);
	pq_put_levels(&q->body, &c->levels, list ? 2 : 1, &q->bits);
	const bool numbered = pq_dict_number(c, &q->numbers);
	if (numbered) {
		const unsigned width = bits_for(c->dict.n > 0 ? c->dict.n - 1 : 0);
		outbuf_char(&q->body, (char)width);
		pq_put_hybrid(&q->body, (const void *)q->numbers.p, c->set, width);
		c->dict_pages++;
	} else {
		const size_t at = q->body.n;
		put_plain(&q->body, c->kind, c->values.p, c->values.n);
		if (c->kind == PQ_KIND_BOOL)
			pq_bounds_take(&c->bounds, PQ_BOOLEAN, c->values.p, c->set);
		else if (!q->body.failed)
			pq_bounds_take(&c->bounds, pq_kinds[c->kind].type, q->body.p + at, c->set);
		c->plain_pages++;
	}
	const size_t before = c->pages.n;
	put_page(q, &c->pages, PQ_DATA_PAGE, entries, numbered ? PQ_RLE_DICTIONARY : PQ_PLAIN);
	c->raw_bytes += q->body.n + (c->pages.n - before - q->packed.n);
	q->group_bytes += c->pages.n - before;
	c->entries += entries;
	q->failed |= c->pages.failed;
	forget_values(c);
}

size_t
pq_put_chunk(struct parquet *q, struct pq_column *c, struct outbuf *out)
{
	const size_t before = out->n;

	if (c->dict_pages > 0) {
		q->body.n = 0;
		put_plain(&q->body, c->kind, c->dict.entries.p, c->dict.entries.n);
		if (!q->body.failed)
			pq_bounds_take(&c->bounds, pq_kinds[c->kind].type, q->body.p, c->dict.n);
		put_page(q, out, PQ_DICTIONARY_PAGE, c->dict.n, PQ_PLAIN);
		c->raw_bytes += q->body.n + (out->n - before - q->packed.n);
	}
	const size_t dict = out->n - before;
	outbuf_put(out, c->pages.p, c->pages.n);
	return dict;
}
