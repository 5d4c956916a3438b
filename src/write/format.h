/* format.h - what a format of the log has to offer, and what it gets.
 *
 * A format is a table of functions that append to the writer's buffer; none of them knows where the bytes go.
 * A new one is a file with such a table and a row in formats[] (writer.c).
 */
#ifndef CONNLOG_WRITE_FORMAT_H
#define CONNLOG_WRITE_FORMAT_H

#include "base/outbuf.h"
#include "record/schema.h"

/* Zeek's JSON::TimestampFormat. */
enum json_time {
	JSON_TIME_EPOCH,  /* seconds, a double */
	JSON_TIME_MILLIS, /* milliseconds, an integer; UNSIGNED: as if it were without a sign */
	JSON_TIME_MILLIS_UNSIGNED,
	JSON_TIME_ISO8601,
};

struct connlog_writer {
	const struct format *format;
	struct field_set     fields;
	enum json_time       json_time;
	struct outbuf        out;
};

struct format {
	const char *name;
	/* What stands before the first and behind the last record; NULL for nothing. `when`: see connlog_writer_open. */
	void (*open)(struct connlog_writer *w, double when);
	void (*record)(struct connlog_writer *w, const struct record *r);
	void (*close)(struct connlog_writer *w, double when);
};

extern const struct format format_zeek; /* zeek.c */
extern const struct format format_json; /* json.c */

#endif
