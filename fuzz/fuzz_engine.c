/* fuzz_engine.c - decoding and tracking as a whole, through the public interface alone.
 *
 * The input is a byte of options and then frames, each behind three bytes: the time since the frame before it (in
 * steps that grow fourfold, so that every timer can be reached) and the frame's length, big endian.
 *
 *     options | gap length length frame... | gap length length frame... | ...
 *
 * Options: bits 0-2 choose the link type, bit 3 looks at checksums, bit 4 sets small caps so that eviction is met,
 * bits 5-6 choose the size of the batches, bit 7 the format of the records.
 * Every record is written; the counters have to add up; memory is watched by ASan.  test/gen/corpus.py makes seeds.
 */
#include <connlog.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BATCH_MAX 32

static const int32_t links[8] = { 1, 101, 113, 276, 0, 9, 105, 127 };
static const size_t  batches[4] = { 1, 2, 7, BATCH_MAX };

/* The counters that are looked at: group, name. */
enum { READ, BEFORE_EPOCH, INNER, ANALYSED, REFUSED, CARRIERS, FRAGMENTS, IGNORED, REJECTED, CREATED, ENDED, COUNTERS };
static const char *const counters[COUNTERS][2] = {
	{ "packets", "read" },    { "packets", "before_epoch" }, { "pieces", "inner" },      { "pieces", "analysed" },
	{ "pieces", "refused" },  { "pieces", "carriers" },      { "pieces", "fragments" },  { "pieces", "ignored" },
	{ "pieces", "rejected" }, { "connections", "created" },  { "connections", "ended" },
};

struct run {
	connlog_writer *writer;
	uint64_t        records;
	uint64_t        counter[COUNTERS];
	size_t          told; /* how many of them were there */
};

static void
check(bool holds, const char *what)
{
	if (!holds) {
		fprintf(stderr, "fuzz_engine: %s\n", what);
		abort();
	}
}

static int
on_record(void *arg, const connlog_record *r)
{
	struct run *run = arg;

	run->records++;
	for (size_t i = 0; connlog_column_at(i) != NULL; i++) {
		connlog_value v = connlog_record_get(r, i);
		check(v.type == connlog_column_at(i)->type, "a value has another type than its column");
	}
	check(connlog_writer_record(run->writer, r) == CONNLOG_OK, "a record cannot be written");
	check(connlog_writer_bytes(run->writer).n > 0, "a record is written as nothing");
	connlog_writer_clear(run->writer);
	return CONNLOG_OK;
}

static void
on_counter(void *arg, const char *group, const char *name, uint64_t value)
{
	struct run *run = arg;

	for (size_t i = 0; i < COUNTERS; i++)
		if (strcmp(group, counters[i][0]) == 0 && strcmp(name, counters[i][1]) == 0) {
			run->counter[i] = value;
			run->told++;
		}
}

static void
check_counters(const connlog_engine *e, struct run *run)
{
	const uint64_t *c = run->counter;

	connlog_counters(e, on_counter, run);
	check(run->told == COUNTERS, "a counter is missing");
	check(c[READ] - c[BEFORE_EPOCH] + c[INNER] ==
	          c[ANALYSED] + c[REFUSED] + c[CARRIERS] + c[FRAGMENTS] + c[IGNORED] + c[REJECTED],
	      "the packet counters do not add up");
	check(c[CREATED] == c[ENDED], "a connection is still open");
	check(c[ENDED] == run->records, "a connection ended without a record");
}

static connlog_engine *
new_engine(uint8_t flags)
{
	char             err[256];
	connlog_options *o = connlog_options_new();

	check(o != NULL, "no options");
	if (!(flags & 8))
		check(connlog_options_set(o, "ignore_checksums", "T", err, sizeof err) == CONNLOG_OK, err);
	if (flags & 16)
		check(connlog_options_set(o, "max_connections", "4", err, sizeof err) == CONNLOG_OK, err);
	connlog_engine *e = connlog_engine_new(o, err, sizeof err);
	connlog_options_free(o);
	check(e != NULL, err);
	return e;
}

/* Takes the next frame off the input.  Each is copied to memory of its own size, so that ASan sees the first byte
 * read behind it. */
static bool
next_frame(const uint8_t **at, size_t *n, int64_t *usec, connlog_packet *p)
{
	if (*n < 3)
		return false;
	const size_t want = (size_t)(*at)[1] << 8 | (*at)[2];
	const size_t len = want < *n - 3 ? want : *n - 3;
	uint8_t     *copy = malloc(len ? len : 1);

	check(copy != NULL, "no memory");
	memcpy(copy, *at + 3, len);
	*usec += (*at)[0] ? INT64_C(1) << 2 * ((*at)[0] & 15) : 0; /* up to 1073 s */
	*p = (connlog_packet){ .data = copy,
		                   .caplen = (uint32_t)len,
		                   .len = (uint32_t)want,
		                   .sec = *usec / 1000000,
		                   .nsec = (uint32_t)(*usec % 1000000) * 1000 };
	*at += 3 + len;
	*n -= 3 + len;
	return true;
}

static void
feed(connlog_engine *e, uint8_t flags, const uint8_t *data, size_t n)
{
	const size_t   size = batches[flags >> 5 & 3];
	connlog_packet batch[BATCH_MAX];
	int64_t        usec = INT64_C(1700000000) * 1000000;
	size_t         filled;

	do {
		for (filled = 0; filled < size && next_frame(&data, &n, &usec, &batch[filled]); filled++)
			batch[filled].link = links[flags & 7];
		check(connlog_packets(e, batch, filled) == CONNLOG_OK, "packets are refused");
		for (size_t i = 0; i < filled; i++)
			free((void *)(uintptr_t)batch[i].data);
	} while (filled == size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	if (n < 1)
		return 0;
	char                         err[256];
	const connlog_writer_options options = { .format = data[0] & 128 ? "json" : "zeek", .fields = "all" };
	struct run                   run = { .writer = connlog_writer_new(&options, err, sizeof err) };
	connlog_engine              *e = new_engine(data[0]);

	check(run.writer != NULL, err);
	connlog_on_record(e, on_record, &run);
	feed(e, data[0], data + 1, n - 1);
	check(connlog_finish(e) == CONNLOG_OK, "the end is refused");
	check_counters(e, &run);
	connlog_engine_free(e);
	connlog_writer_free(run.writer);
	return 0;
}
