/* fuzz_engine.c - decoding and tracking as a whole, through the public interface only.
 *
 * The input is a byte of options and then frames (frames.h). Options besides those of frames.h: bit 3 verifies
 * checksums, bit 4 sets small limits so that eviction is reached, bit 7 chooses the format of the records and adds the
 * measured columns. Every record is written; the counters must add up; ASan watches the memory. test/gen/corpus.py
 * makes seeds.
 */
#include "frames.h"

#include <sys/prctl.h>

#define MEASURED "quality,+stack,+shape"

/* The counters that are checked: group, name. */
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
	size_t          told, found; /* counters reported, and those of them that are checked */
};

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

enum { EVERY = 512 }; /* more than there are counters */

/* The places of the counters that are checked, which are always the same: 1 + the number in `counters`, or 0. */
static uint8_t place[EVERY];
static size_t  places; /* 0 until they are known */

/* Finds the counters by their names once and by their places afterwards: comparing texts for each input, or tracing that
 * for libFuzzer, would take a thirtieth of the time. */
__attribute__((no_sanitize("coverage"))) static void
on_counter(void *arg, const char *group, const char *name, uint64_t value)
{
	struct run *run = arg;

	check(run->told < EVERY, "too many counters");
	for (size_t i = 0; places == 0 && i < COUNTERS; i++)
		if (strcmp(group, counters[i][0]) == 0 && strcmp(name, counters[i][1]) == 0)
			place[run->told] = (uint8_t)(i + 1);
	if (place[run->told] > 0) {
		run->counter[place[run->told] - 1] = value;
		run->found++;
	}
	run->told++;
}

static void
check_counters(const connlog_engine *e, struct run *run)
{
	const uint64_t *c = run->counter;

	connlog_counters(e, on_counter, run);
	if (places == 0)
		places = run->told;
	check(run->told == places && run->found == COUNTERS, "a counter is missing");
	check(c[READ] - c[BEFORE_EPOCH] + c[INNER] ==
	          c[ANALYSED] + c[REFUSED] + c[CARRIERS] + c[FRAGMENTS] + c[IGNORED] + c[REJECTED],
	      "the packet counters do not add up");
	check(c[CREATED] == c[ENDED], "a connection is still open");
	check(c[ENDED] == run->records, "a connection ended without a record");
}

/* Options and writers are made once per combination of flags, since most inputs take less time than making them. */
static const connlog_options *
options_for(uint8_t flags)
{
	static connlog_options *made[256];
	const uint8_t           choice = flags & (8 | 16 | 32 | 64 | 128);
	char                    err[256], batch[8];

	if (made[choice])
		return made[choice];
	connlog_options *o = made[choice] = connlog_options_new();
	check(o != NULL, "no options");
	if (!(flags & 8))
		check(connlog_options_set(o, "ignore_checksums", "T", err, sizeof err) == CONNLOG_OK, err);
	snprintf(batch, sizeof batch, "%zu", batch_size(flags));
	check(connlog_options_set(o, "max_batch", batch, err, sizeof err) == CONNLOG_OK, err);
	if (flags & 16)
		check(connlog_options_set(o, "max_connections", "4", err, sizeof err) == CONNLOG_OK, err);
	if (flags & 128)
		check(connlog_options_set(o, "measure", "quality,stack,shape", err, sizeof err) == CONNLOG_OK, err);
	return o;
}

static connlog_writer *
writer_for(uint8_t flags)
{
	static connlog_writer *made[2];
	const bool             json = flags & 128;
	char                   err[256];

	if (!made[json]) {
		const connlog_writer_options options = { .format = json ? "json" : "zeek",
			                                     .fields = json ? "all,+" MEASURED : "all" };
		made[json] = connlog_writer_new(&options, err, sizeof err);
		check(made[json] != NULL, err);
	}
	return made[json];
}

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* An engine that gets a few packets touches few pages; huge pages would have to be cleared for each input. */
int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	(void)prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	if (n < 1)
		return 0;
	char            err[256];
	struct run      run = { .writer = writer_for(data[0]) };
	connlog_engine *e = connlog_engine_new(options_for(data[0]), err, sizeof err);

	check(e != NULL, err);
	connlog_on_record(e, on_record, &run);
	feed(e, data[0], data + 1, n - 1);
	check(connlog_finish(e) == CONNLOG_OK, "the end is refused");
	check_counters(e, &run);
	connlog_engine_free(e);
	return 0;
}
