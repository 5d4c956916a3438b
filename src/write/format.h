/* format.h - what a format of the log has to offer, and what it gets.
 *
 * A format is a table of functions that write text; none of them knows where the bytes go.  A record is formatted into
 * memory that is known to be large enough (record_room() in writer.c), without a check on the way: what a value can take at
 * most is said here, and is what each format has to keep to.  A new format is a file with such a table and a row in
 * formats[] (formats.c).
 */
#ifndef CONNLOG_WRITE_FORMAT_H
#define CONNLOG_WRITE_FORMAT_H

#include "base/number.h"
#include "base/outbuf.h"
#include "base/siphash.h"
#include "conn/uid.h"
#include "conn/nets.h"
#include "connlog_parquet.h"
#include "record/schema.h"

/* Zeek's JSON::TimestampFormat. */
enum json_time {
	JSON_TIME_EPOCH,  /* seconds, a double */
	JSON_TIME_MILLIS, /* milliseconds, an integer; UNSIGNED: as if it were without a sign */
	JSON_TIME_MILLIS_UNSIGNED,
	JSON_TIME_ISO8601,
};

/* What a column can take at most: its value and, around it, name, quotes and separators. */
#define SCALAR_ROOM  FIXED6_TEXT_MAX /* the longest of all values but texts */
#define AROUND_VALUE 48
/* A byte of a text becomes at most \\xHH; around a text there may be quotes, a comma, or the word for an empty
 * one (STYLE_TEXT_MAX). */
#define BYTE_ROOM   5
#define AROUND_TEXT 40

/* ,"NAME": as JSON has it before a value */
struct key {
	char     text[AROUND_VALUE - 8];
	unsigned n;
};

/* ,"uid":…,"id.orig_h":…,"id.orig_p":…,"id.resp_h":…,"id.resp_p":…,"start_time":… */
#define EVENT_ORIGIN_ROOM (6 * AROUND_VALUE + UID_TEXT_MAX + 2 * ADDR_TEXT_MAX + 3 * SCALAR_ROOM)

/* How the latest event's connection is named in its line, and all that this depends on. */
struct event_origin {
	struct addr        h[2];
	uint16_t           p[2];
	uint8_t            proto;
	uint32_t           uid_salt;
	double             start_time;
	struct siphash_key uid_key;
	size_t             n; /* of the text; 0: none yet */
	char               text[EVENT_ORIGIN_ROOM];
};

/* What Zeek's LogAscii constants of these names say. */
#define STYLE_TEXT_MAX 32 /* bytes of empty and unset */
struct style_text {
	char   p[STYLE_TEXT_MAX];
	size_t n;
};
enum { STANDS = 1, STANDS_IN_SET = 2 }; /* for itself in a text */
struct zeek_style {
	char              separator, set_separator;
	struct style_text empty, unset;
	bool              meta;
	bool              plain;       /* plain texts (record.h) stand as they are */
	uint8_t           stands[256]; /* of each byte: STANDS, STANDS_IN_SET */
};

/* A field as a record's line is made of it, with what is to be known of its column in one place. */
struct cell {
	uint64_t has;    /* the column's; 0: the schema does not know it */
	uint16_t offset; /* in struct record */
	uint8_t  type;   /* connlog_type */
	uint8_t  id;     /* which column */
};

struct connlog_writer {
	const struct format *format;
	struct zeek_style    style;
	struct field_set     fields;
	struct key           keys[FIELDS_MAX]; /* of the fields that the schema knows */
	struct cell          cells[FIELDS_MAX];
	size_t               room;     /* that a line can take besides texts that are not plain, sets and unknown columns */
	uint64_t             texts;    /* HAS() bits of texts and sets */
	bool                 unknown;  /* there are fields that the schema does not know */
	bool                 straight; /* zeek_is_straight() */
	enum json_time       json_time;
	bool                 json_streaming, json_unset;
	struct net_set       local_nets, neighbor_nets;
	bool                 state_history, dpd_services; /* Bro 1.5's record_state_history, dpd_conn_logs */
	double               clock;                       /* connlog_writer_clock() */
	char                *wanted;                      /* --fields, or NULL */
	bool                 opened;
	struct outbuf        dropped; /* names, separated by commas, and a final zero byte */
	struct event_origin  origin;
	struct outbuf        out;

	connlog_parquet_options parquet_options;
	struct parquet         *parquet; /* between open and close */
};

struct format {
	connlog_format_info info;
	/* The only columns that the format has, in its order, separated by commas, of which some may be extras by their names
	 * (which are among the writer's fields where the log has them).  NULL: any. */
	const char *columns;
	const char *history_columns; /* the same with record_state_history; NULL: that changes nothing */
	bool        extras;          /* columns that the schema does not know can be written */
	bool        one_header;      /* columns that come up behind the header can not be written any more */
	size_t      room;            /* that a line can take besides its columns (record_room()) */
	size_t      copies;          /* how often the uid can stand in a line besides its column */
	/* The format's own names of the schema's columns.  NULL, or where it gives NULL: Zeek's behind the prefix, which is also
	 * what stands before those that the schema does not know. */
	const char *(*name)(const struct column *c);
	const char *prefix; /* NULL: none */
	/* What stands before the first and behind the last record; NULL for nothing. `when`: see connlog_writer_open. */
	void (*open)(struct connlog_writer *w, double when);
	/* Writes the record's line at `p`.  Returns where it ends. */
	char *(*record)(const struct connlog_writer *w, char *p, const struct record *r);
	/* In its place, of a format that is no lines: takes the record, and appends to the writer's buffer what it likes. */
	void (*take)(struct connlog_writer *w, const struct record *r);
	void (*close)(struct connlog_writer *w, double when);
	void (*free)(struct connlog_writer *w); /* what the format has of the writer's; NULL: nothing */
};

/* Returns whether both are the same columns in the same order. */
bool same_fields(const struct field_set *a, const struct field_set *b);

/* Returns what a call that appends answers; a lack of memory is told once. */
int writer_outcome(connlog_writer *w);

static inline struct cell
cell_of(const struct column *c)
{
	return (struct cell){ c->has, c->offset, (uint8_t)c->info.type, (uint8_t)(c - schema) };
}

/* Returns where the column's value lies; it means something only where the column is set. */
static inline const void *
cell_at(const struct cell *c, const struct record *r)
{
	return (const char *)r + c->offset;
}

/* Returns the record's text of that column as a log had it, or an empty one (record.h). */
static inline struct text
literal_of(const struct record *r, enum column_id id)
{
	return r->literals != NULL ? r->literals[id] : (struct text){ NULL, 0 };
}

/* \xHH, lower case, as Zeek escapes a byte in both of its formats.  Returns where it ends. */
char *put_hex_escape(char *p, unsigned char c);

/* A column that is set and no text or set, as Zeek's tab-separated log has it.  Returns where it ends. (zeek_row.c) */
char *put_scalar(char *p, const struct cell *c, const struct record *r);

extern const struct format format_zeek, format_bro2;                /* zeek.c */
extern const struct format format_json;                             /* json.c */
extern const struct format format_ossem;                            /* ossem.c */
extern const struct format format_ecs;                              /* ecs.c */
extern const struct format format_csv;                              /* csv.c */
extern const struct format format_parquet;                          /* parquet.c */
extern const struct format format_bro0, format_bro1, format_bro1_5; /* bro1.c */

/* Takes the style from the options.  Returns NULL, or what is wrong (static). (zeek.c) */
const char *zeek_style_set(struct zeek_style *s, const connlog_writer_options *o);

/* Returns the format of that name, or NULL. (formats.c) */
const struct format *format_find(const char *name);

#endif
