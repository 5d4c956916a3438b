/* read_log.h - shared by the fuzz targets of the readers: a log is read, and written again in the given formats.
 *
 * What a format has written must be read again as the same, byte for byte.
 */
#ifndef CONNLOG_FUZZ_READ_LOG_H
#define CONNLOG_FUZZ_READ_LOG_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "read/read.h"
#include "record/public.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Reads every byte of every value, so that the sanitizers detect values that extend beyond their memory. */
static unsigned
look_at(const connlog_record *record)
{
	volatile unsigned sum = 0;
	connlog_extra     x;

	for (size_t i = 0; connlog_column_at(i) != NULL; i++) {
		const connlog_value v = connlog_record_get(record, i);
		if (v.set && (v.type == CONNLOG_STRING || v.type == CONNLOG_ENUM))
			for (size_t k = 0; k < v.text.n; k++)
				sum = sum + (unsigned char)v.text.p[k];
		for (size_t k = 0; v.set && v.type == CONNLOG_STRING_SET && k < v.texts.n; k++)
			for (size_t b = 0; b < v.texts.at[k].n; b++)
				sum = sum + (unsigned char)v.texts.at[k].p[b];
	}
	for (size_t i = 0; connlog_record_extra(record, i, &x); i++)
		for (size_t k = 0; x.set && !x.list && k < x.text.n; k++)
			sum = sum + (unsigned char)x.text.p[k];
	return sum;
}

/* Reads `from` and writes it to a new writer. Returns the writer, or NULL if there are no columns. `*reader` stays
 * open, for the names of its columns. */
static connlog_writer *
convert(struct bytes from, const char *read_as, const char *to, connlog_reader **reader)
{
	const connlog_record *record;
	connlog_writer       *w = NULL;
	char                  err[300];
	int                   status;

	*reader = reader_memory(from, read_as, err, sizeof err);
	if (*reader == NULL)
		abort();
	while ((status = connlog_reader_next(*reader, &record, err, sizeof err)) != CONNLOG_END) {
		const connlog_columns *columns = connlog_reader_columns(*reader);
		if (status == CONNLOG_READ_RECORD) {
			look_at(record);
			connlog_writer_record(w, record);
		} else if (status == CONNLOG_READ_COLUMNS && w != NULL) {
			connlog_writer_columns(w, columns, 0, err, sizeof err);
		} else if (status == CONNLOG_READ_COLUMNS) {
			w = connlog_writer_new(&(connlog_writer_options){ .format = to, .columns = columns }, err, sizeof err);
			if (w == NULL)
				abort();
			connlog_writer_open(w, 0);
		}
	}
	return w;
}

/* Reads what `w` has written, and writes it again in the same format.  Returns NULL if there is nothing to write. */
static connlog_writer *
again(const connlog_writer *w, const char *format, connlog_reader **reader)
{
	const connlog_text t = connlog_writer_bytes(w);
	return convert((struct bytes){ (const uint8_t *)t.p, t.n }, format, format, reader);
}

/* Compares the second result with the third: for a log with damaged lines, the first may have unknown columns in
 * another order, since those lines added columns. */
static inline void
check_again(struct bytes from, const char *read_as, const char *format)
{
	connlog_reader *readers[3] = { NULL };
	connlog_writer *writers[3] = { convert(from, read_as, format, &readers[0]) };

	for (int i = 1; i < 3 && writers[i - 1] != NULL; i++)
		writers[i] = again(writers[i - 1], format, &readers[i]);
	if (writers[2] != NULL) {
		const connlog_text a = connlog_writer_bytes(writers[1]), b = connlog_writer_bytes(writers[2]);
		if (a.n != b.n || memcmp(a.p, b.p, a.n) != 0) {
			fwrite(a.p, 1, a.n, stderr);
			fwrite("----\n", 1, 5, stderr);
			fwrite(b.p, 1, b.n, stderr);
			abort();
		}
	}
	for (int i = 0; i < 3; i++) {
		connlog_writer_free(writers[i]);
		connlog_reader_free(readers[i]);
	}
}

#endif
