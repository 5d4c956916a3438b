/* fuzz_fold.c - lists for --fold and --fold-by, and any log, folded: the number of records and the sums of the counters
 * must be preserved. The first two lines are the lists, unless the log starts immediately; the first byte of the third
 * line chooses the window and the memory. */
#include <inttypes.h>

#include "connlog_fold.h"
#include "read_log.h"

enum { SUMS = 7 };

struct total {
	uint64_t records, sums[SUMS];
};

/* A connlog_record_fn. */
static int
add(void *arg, const connlog_record *r)
{
	static const char *const names[SUMS] = { "orig_bytes",    "resp_bytes", "missed_bytes", "orig_pkts",
		                                     "orig_ip_bytes", "resp_pkts",  "resp_ip_bytes" };
	struct total            *t = arg;
	connlog_value            v = connlog_record_find(r, "fold.count");

	look_at(r);
	t->records += v.set ? v.count : 1;
	for (int i = 0; i < SUMS; i++) {
		v = connlog_record_find(r, names[i]);
		t->sums[i] += v.set ? v.count : 0;
	}
	return CONNLOG_OK;
}

/* Returns the next line, NUL-terminated, in `out`; longer ones are truncated. */
static void
take_line(const uint8_t **data, size_t *size, char *out, size_t room)
{
	const uint8_t *end = memchr(*data, '\n', *size);
	const size_t   n = end ? (size_t)(end - *data) : *size, kept = n < room ? n : room - 1;

	memcpy(out, *data, kept);
	out[kept] = '\0';
	*data += n + (end != NULL);
	*size -= n + (end != NULL);
}

static void
fold_log(connlog_fold *f, const uint8_t *data, size_t size)
{
	struct total          plain = { 0 }, folded = { 0 };
	const connlog_record *record;
	char                  err[300];
	int                   status;
	connlog_reader       *reader = reader_memory((struct bytes){ data, size }, NULL, err, sizeof err);

	if (reader == NULL)
		return;
	while ((status = connlog_reader_next(reader, &record, err, sizeof err)) != CONNLOG_END) {
		if (status == CONNLOG_READ_RECORD) {
			add(&plain, record);
			connlog_fold_record(f, record, add, &folded);
		} else if (status == CONNLOG_READ_COLUMNS) {
			connlog_fold_finish(f, add, &folded);
			connlog_fold_columns(f, connlog_reader_columns(reader));
		}
	}
	connlog_fold_finish(f, add, &folded);
	connlog_reader_free(reader);
	if (memcmp(&plain, &folded, sizeof plain) != 0) {
		fprintf(stderr, "fuzz_fold: %" PRIu64 " records, folded %" PRIu64 "\n", plain.records, folded.records);
		abort();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char                 rules[64], by[256], err[200];
	connlog_where_error  error;
	connlog_where       *where = connlog_where_new("orig_pkts > 1 or ts is unset", 0, &error);
	const connlog_where *conditions[] = { where };
	connlog_fold_options o = { .rules = rules, .by = by, .where = conditions, .where_n = 1 };

	if (size > 0 && data[0] != '#' && data[0] != '{') {
		take_line(&data, &size, rules, sizeof rules);
		take_line(&data, &size, by, sizeof by);
	} else {
		o.rules = "scans,dns,icmp";
		o.by = NULL;
	}
	if (o.by != NULL && size > 0) {
		o.window = (data[0] & 15) * 10.0;
		o.memory = (uint64_t)(data[0] >> 4) * 4096;
		data++;
		size--;
	}
	connlog_fold *f = connlog_fold_new(&o, err, sizeof err);
	if (f != NULL)
		fold_log(f, data, size);
	connlog_fold_free(f);
	connlog_where_free(where);
	return 0;
}
