/* parquet.c - Apache Parquet as a format of the log: row groups, one after the other, and the metadata behind them.
 *
 * A record's values go into the columns; when a row group is full, its chunks are appended to the writer's buffer, so
 * most records add nothing to it and some add megabytes.  parquet.h describes the parts.
 */
#include "write/parquet.h"

#include <stdlib.h>
#include <zstd.h>

static void
parquet_free(struct connlog_writer *w)
{
	struct parquet *q = w->parquet;

	if (q == NULL)
		return;
	for (size_t i = 0; i < q->n; i++)
		pq_column_free(&q->columns[i]);
	free(q->columns);
	outbuf_free(&q->groups);
	outbuf_free(&q->body);
	outbuf_free(&q->packed);
	outbuf_free(&q->numbers);
	outbuf_free(&q->bits);
	ZSTD_freeCCtx(q->zstd);
	free(q);
	w->parquet = NULL;
}

/* Returns false when out of memory. */
static bool
begin(struct connlog_writer *w)
{
	struct parquet *q = w->parquet = calloc(1, sizeof *q);

	if (q == NULL || (q->columns = calloc(w->fields.n, sizeof *q->columns)) == NULL)
		return false;
	q->o = w->parquet_options;
	if (q->o.level == 0)
		q->o.level = 1;
	if (q->o.row_group_rows == 0)
		q->o.row_group_rows = 128 << 10;
	if (q->o.row_group_bytes == 0)
		q->o.row_group_bytes = 64 << 20;
	for (; q->n < w->fields.n; q->n++)
		if (!pq_column_init(&q->columns[q->n], &w->fields.at[q->n], q->o.binary_addresses)) {
			pq_column_free(&q->columns[q->n]);
			return false;
		}
	return true;
}

static void
parquet_open(struct connlog_writer *w, double when)
{
	(void)when;
	parquet_free(w);
	if (!begin(w))
		w->out.failed = true;
	outbuf_put(&w->out, "PAR1", 4);
	if (w->parquet != NULL)
		w->parquet->offset = 4;
}

/* Appends the row group to the file. */
static void
end_group(struct connlog_writer *w)
{
	struct parquet *q = w->parquet;
	struct thrift   t = { &q->groups, 0 };
	uint64_t        raw = 0;
	const uint64_t  begin = q->offset;

	if (q->group_rows == 0)
		return;
	thrift_field_list(&t, 1, THRIFT_STRUCT, q->n);
	for (size_t i = 0; i < q->n; i++) {
		struct pq_column *c = &q->columns[i];
		const size_t      before = w->out.n;
		pq_end_page(q, c);
		struct pq_chunk chunk = { .at = q->offset, .dict = pq_put_chunk(q, c, &w->out) };
		chunk.bytes = w->out.n - before;
		q->offset += chunk.bytes;
		raw += c->raw_bytes;
		pq_meta_chunk(&q->groups, c, &chunk);
		pq_column_clear(c);
	}
	thrift_field_i64(&t, 2, (int64_t)raw);
	thrift_field_i64(&t, 3, (int64_t)q->group_rows);
	thrift_field_i64(&t, 5, (int64_t)begin);
	thrift_field_i64(&t, 6, (int64_t)(q->offset - begin));
	thrift_end(&t);
	q->groups_n++;
	q->rows += q->group_rows;
	q->group_rows = q->group_bytes = 0;
	w->out.failed |= q->failed || q->groups.failed;
}

static void
parquet_take(struct connlog_writer *w, const struct record *r)
{
	if (w->parquet == NULL) /* the log was never opened */
		parquet_open(w, 0);
	struct parquet *q = w->parquet;
	for (size_t i = 0; q != NULL && i < q->n; i++)
		pq_column_take(q, &q->columns[i], &w->fields.at[i], &w->cells[i], r);
	if (q == NULL)
		return;
	q->group_rows++;
	if (q->group_rows >= q->o.row_group_rows || q->group_bytes >= q->o.row_group_bytes)
		end_group(w);
	w->out.failed |= q->failed;
}

static void
parquet_close(struct connlog_writer *w, double when)
{
	(void)when;
	if (w->parquet == NULL)
		return;
	end_group(w);
	pq_meta_footer(&w->out, w->parquet);
	w->out.failed |= w->parquet->failed;
	parquet_free(w);
}

size_t
parquet_held(const connlog_writer *w)
{
	const struct parquet *q = w->parquet;
	size_t                n = w->out.room;

	if (q == NULL)
		return n;
	n += q->groups.room + q->body.room + q->packed.room + q->numbers.room + q->bits.room;
	n += q->zstd != NULL ? ZSTD_sizeof_CCtx(q->zstd) : 0;
	for (size_t i = 0; i < q->n; i++) {
		const struct pq_column *c = &q->columns[i];
		n += c->levels.room + c->repeats.room + c->values.room + c->pages.room;
		n += c->dict.entries.room + c->dict.places.room + c->dict.room * sizeof *c->dict.slots;
	}
	return n;
}

const struct format format_parquet = {
	.info = { "parquet", "Apache Parquet, for DuckDB, Spark, ClickHouse and the like (written only)",
	          "what is finer than a microsecond of ts" },
	.extras = true,
	.one_header = true,
	.open = parquet_open,
	.take = parquet_take,
	.close = parquet_close,
	.free = parquet_free,
};
