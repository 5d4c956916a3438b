/* format.h - the interface between the writer and a format of the log.
 *
 * A format is a table of functions that write text; none of them knows where the bytes go.  A record is formatted,
 * without further checks, into memory that is known to be large enough (record_room() in writer.c): the limits of what
 * a value can take are defined here, and every format must keep to them.  A new format is a file with such a table and
 * a row in formats[] (formats.c).
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
	JSON_TIME_MILLIS, /* milliseconds, an integer; UNSIGNED: printed as unsigned */
	JSON_TIME_MILLIS_UNSIGNED,
	JSON_TIME_ISO8601,
};

/* The most bytes that a column can take: its value and, around it, name, quotes and separators. */
#define SCALAR_ROOM  FIXED6_TEXT_MAX /* the longest value other than a text */
#define AROUND_VALUE 48
/* A byte of a text becomes at most \\xHH; around a text there can be quotes, a comma, or the word for an empty text
 * (STYLE_TEXT_MAX). */
#define BYTE_ROOM   5
#define AROUND_TEXT 40

/* ,"NAME": before a value in JSON */
struct key {
	char     text[AROUND_VALUE - 8];
	unsigned n;
};

/* ,"uid":…,"id.orig_h":…,"id.orig_p":…,"id.resp_h":…,"id.resp_p":…,"start_time":… */
#define EVENT_ORIGIN_ROOM (6 * AROUND_VALUE + UID_TEXT_MAX + 2 * ADDR_TEXT_MAX + 3 * SCALAR_ROOM)

/* How the line of the latest event names its connection, and everything this depends on. */
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

/* The values of Zeek's LogAscii constants of these names. */
#define STYLE_TEXT_MAX 32 /* lengths of empty and unset */
struct style_text {
	char   p[STYLE_TEXT_MAX];
	size_t n;
};
enum { STANDS = 1, STANDS_IN_SET = 2 }; /* the byte is written as it is in a text */
struct zeek_style {
	char              separator, set_separator;
	struct style_text empty, unset;
	bool              meta;
	bool              plain;       /* plain texts (record.h) are written as they are */
	uint8_t           stands[256]; /* of each byte: STANDS, STANDS_IN_SET */
};

/* A field of the line, with everything about its column in one place. */
struct cell {
	uint64_t has;    /* of the column; 0: the schema does not have it */
	uint64_t plain;  /* the same in record.plain; 0: its texts are never known to be plain */
	uint16_t offset; /* in struct record */
	uint16_t word;   /* of `has`: HAS_WORD() */
	uint8_t  type;   /* connlog_type */
	uint8_t  id;     /* which column */
};

#define WRITER_PATH_MAX 32

struct connlog_writer {
	const struct format *format;
	char                 path[WRITER_PATH_MAX]; /* what the log calls itself: letters, digits and _ */
	struct zeek_style    style;
	struct field_set     fields;
	struct key           keys[FIELDS_MAX]; /* of the fields in the schema */
	struct cell          cells[FIELDS_MAX];
	size_t               room;     /* most bytes of a line without sets, unknown columns and texts that are not plain */
	uint64_t             texts[2]; /* HAS_BIT() of the texts and sets, of each word */
	bool                 unknown;  /* there are fields that the schema does not have */
	bool                 wide;     /* there are fields behind the schema's first 64 */
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
	/* The only columns of the format, in its order, separated by commas; some may be extras by name (which are among
	 * the writer's fields if the log has them).  NULL: any columns. */
	const char *columns;
	const char *history_columns; /* the same with record_state_history; NULL: no difference */
	bool        extras;          /* columns that are not in the schema can be written */
	bool        one_header;      /* columns that appear after the header cannot be written */
	size_t      room;            /* the most bytes of a line besides its columns (record_room()) */
	size_t      copies;          /* how often the uid can occur in a line besides its column */
	/* Returns the format's own names of the schema's columns.  If it is NULL or returns NULL, the name is Zeek's with
	 * the prefix, which is also put before names that are not in the schema. */
	const char *(*name)(const struct column *c);
	const char *prefix; /* NULL: none */
	/* Write what comes before the first and after the last record; NULL for nothing.  `when`: see connlog_writer_open. */
	void (*open)(struct connlog_writer *w, double when);
	/* Writes the record's line at `p`.  Returns its end. */
	char *(*record)(const struct connlog_writer *w, char *p, const struct record *r);
	/* Used instead by a format that does not consist of lines: takes the record and appends what it wants to the
	 * writer's buffer. */
	void (*take)(struct connlog_writer *w, const struct record *r);
	void (*close)(struct connlog_writer *w, double when);
	void (*free)(struct connlog_writer *w); /* frees the format's own state in the writer; NULL: there is none */
};

/* Returns whether both are the same columns in the same order. */
bool same_fields(const struct field_set *a, const struct field_set *b);

/* Returns the result of a call that appends; lack of memory is reported once. */
int writer_outcome(connlog_writer *w);

static inline struct cell
cell_of(const struct column *c)
{
	return (struct cell){ .has = c->has,
		                  .plain = c->word == HAS_WORD(0) ? c->has : 0,
		                  .offset = c->offset,
		                  .word = c->word,
		                  .type = (uint8_t)c->info.type,
		                  .id = (uint8_t)(c - schema) };
}

static inline bool
cell_is_set(const struct cell *c, const struct record *r)
{
	return record_has(r, c->word, c->has);
}

/* The same for a loop that exists twice, once for writers all of whose columns are among the first 64 (`wide` is false). */
static inline __attribute__((always_inline)) bool
cell_is_there(const struct cell *c, const struct record *r, bool wide)
{
	return wide ? cell_is_set(c, r) : (r->has & c->has) != 0;
}

/* Returns the address of the column's value, which is meaningful only if the column is set. */
static inline const void *
cell_at(const struct cell *c, const struct record *r)
{
	return (const char *)r + c->offset;
}

/* Returns the text of that column as the log had it, or an empty one (record.h). */
static inline struct text
literal_of(const struct record *r, enum column_id id)
{
	return r->literals != NULL ? r->literals[id] : (struct text){ NULL, 0 };
}

/* Writes \xHH in lower case, as Zeek escapes a byte in both of its formats.  Returns its end. */
char *put_hex_escape(char *p, unsigned char c);

/* Writes a column that is set, and is neither a text nor a set, as in Zeek's tab-separated log.  Returns its
 * end.  Defined in zeek_row.c. */
char *put_scalar(char *p, const struct cell *c, const struct record *r);

extern const struct format format_zeek, format_bro2;                /* zeek.c */
extern const struct format format_json;                             /* json.c */
extern const struct format format_ossem;                            /* ossem.c */
extern const struct format format_ecs;                              /* ecs.c */
extern const struct format format_csv;                              /* csv.c */
extern const struct format format_parquet;                          /* parquet.c */
extern const struct format format_bro0, format_bro1, format_bro1_5; /* bro1.c */

/* Takes the style from the options.  Returns NULL, or a static message about what is wrong.  Defined in zeek.c. */
const char *zeek_style_set(struct zeek_style *s, const connlog_writer_options *o);

/* Returns the format of that name, or NULL.  Defined in formats.c. */
const struct format *format_find(const char *name);

#endif
