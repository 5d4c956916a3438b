/* fuzz_read_bro1.c - lines of Bro 1 to records and back: what is read is written, and reads as the same line again.
 *
 * The last byte chooses: bits 0-1 the format that is read (3: detected), bits 2-3 the one that is written, bits 4-7
 * networks and Bro 1.5's options.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "read/bro1.h"
#include "read/read.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void
require(bool holds)
{
	if (!holds)
		abort();
}

/* Returns the log in that format, without the lines that cannot be read; NULL if nothing can. */
static connlog_text
convert(struct bytes in, const char *from, const connlog_writer_options *to, connlog_writer **writer)
{
	char                  *copy = malloc(in.n + 1); /* so that reading after the log is detected */
	char                   err[512];
	const connlog_record  *record;
	connlog_writer_options o = *to;
	int                    status;

	require(copy != NULL);
	if (in.n > 0)
		memcpy(copy, in.p, in.n);
	connlog_reader *r = reader_memory((struct bytes){ (const uint8_t *)copy, in.n }, from, err, sizeof err);
	*writer = connlog_writer_new(&o, err, sizeof err);
	require(r != NULL && *writer != NULL);
	while ((status = connlog_reader_next(r, &record, err, sizeof err)) != CONNLOG_END) {
		if (status == CONNLOG_READ_COLUMNS)
			require(connlog_writer_columns(*writer, connlog_reader_columns(r), 0, err, sizeof err) == CONNLOG_OK);
		else if (status == CONNLOG_READ_RECORD)
			require(connlog_writer_record(*writer, record) == CONNLOG_OK);
	}
	connlog_reader_free(r);
	free(copy);
	return connlog_writer_bytes(*writer);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static const char *const formats[] = { "bro0", "bro1", "bro1.5", NULL }, *const targets[] = { "bro0", "bro1",
		                                                                                          "bro1.5", "json" };
	connlog_writer *first, *second;

	if (n == 0)
		return 0;
	const uint8_t          how = p[n - 1];
	const char            *from = formats[how & 3], *to = targets[how >> 2 & 3];
	connlog_writer_options o = { .format = to,
		                         .local_nets = how & 16 ? "10.0.0.0/8,fe80::/10" : NULL,
		                         .neighbor_nets = how & 32 ? "{ 192.0.2.0/24 }" : NULL,
		                         .record_state_history = how & 64,
		                         .dpd_conn_logs = how & 128 };
	const connlog_text     once = convert((struct bytes){ p, n - 1 }, from, &o, &first);

	/* A line in our own words stays the same; without histories, additional text may look like one. */
	if (from != NULL && strcmp(from, to) == 0 && (strcmp(to, "bro1.5") != 0 || o.record_state_history)) {
		const connlog_text twice = convert((struct bytes){ (const uint8_t *)once.p, once.n }, to, &o, &second);
		require(twice.n == once.n && (once.n == 0 || memcmp(twice.p, once.p, once.n) == 0));
		connlog_writer_free(second);
	}
	connlog_writer_free(first);
	return 0;
}
