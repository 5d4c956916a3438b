/* connlog.h - the public interface of libconnlog: packets in, connection records out; logs in, the same records out.
 *
 * The library turns packets into the records that Zeek 8.2.2 writes to conn.log, and reads and writes every format that
 * such logs have had since 1995.  It takes the time from the packets, never from a clock.  It does not print, exit, or open
 * files other than those it is given.  There is no global state.
 *
 * Events and scripts are in connlog_events.h, which this header includes; connlog_live.h has the options of live capture.
 *
 *     connlog_options *o = connlog_options_new();
 *     connlog_options_set(o, "ignore_checksums", "T", err, sizeof err);
 *     connlog_engine *e = connlog_engine_new(o, err, sizeof err);
 *     connlog_on_record(e, print_it, NULL);
 *     connlog_run(e, source, err, sizeof err);  // or connlog_packets(e, packets, n), with packets from anywhere
 *     connlog_finish(e);                        // logs the connections that are still open
 *     connlog_engine_free(e); connlog_options_free(o);
 *
 * Errors: functions that can fail return NULL or a negative connlog_error.  Those that take `err` write a message there: a
 * sentence without a full stop, always terminated, truncated to fit.  Pass NULL and 0 if you do not want it; after success
 * its content is undefined.  connlog_error_text() describes the error codes.
 * Units: times are seconds since the epoch, intervals are seconds, sizes are bytes.  Numbers are in host byte order,
 * addresses in network byte order.  Strings passed in are NUL-terminated and need not outlive the call unless stated.
 * Memory: objects returned by a ..._new(), ..._files() or similar function are owned by the caller and freed with the
 * matching ..._free(), which accepts NULL.  Everything else belongs to the library; "static" means it is never freed.
 * Threads: an object, and everything obtained from it, belongs to one thread at a time.  Objects share nothing.
 * Callbacks run in the thread that feeds the engine, during that call, unless the option "parallel_handlers" lets them run in others
 * (connlog_cores.h).  They may query values and register callbacks, but must not feed, finish or free the engine that calls them.
 */
#ifndef CONNLOG_H
#define CONNLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CONNLOG_VERSION "0.1.0"

#if defined(__GNUC__)
#define CONNLOG_API __attribute__((visibility("default")))
#else
#define CONNLOG_API
#endif

typedef enum connlog_error {
	CONNLOG_OK = 0,
	CONNLOG_END = -1, /* no more input */
	CONNLOG_NO_MEMORY = -2,
	CONNLOG_BAD_OPTION = -3,
	CONNLOG_BAD_INPUT = -4, /* input is damaged or cut short; what came before it is good */
	CONNLOG_IO = -5,        /* reading or writing failed: the text says what and why */
	CONNLOG_CLOSED = -6,    /* the reader of our output has gone (EPIPE) */
} connlog_error;

/* Returns what a connlog_error means, as a sentence without a full stop; static.  Other values are those a callback returned. */
CONNLOG_API const char *connlog_error_text(int error);

/* Returns the version of the running library and the optional parts it was built with, one line each ("connlog
 * 0.1.0\ncaptures: ...\n"); static.  connlog_format_at() and connlog_link_at() list formats and link types. */
CONNLOG_API const char *connlog_version(void);

/* ---- options ---------------------------------------------------------------------------------------------- */

typedef struct connlog_options connlog_options;

/* Returns options with Zeek's defaults, or NULL when out of memory. */
CONNLOG_API connlog_options *connlog_options_new(void);
CONNLOG_API void             connlog_options_free(connlog_options *o);

/* Sets an option by Zeek's name for it ("tcp_attempt_delay", "Tunnel::max_depth", "Site::local_nets") or by ours
 * ("max_connections").  `value` is written as in Zeek's scripts or on its command line: T/F, 5sec, 1.5min, 10,
 * 10.0.0.0/8,fd00::/8.
 * Returns CONNLOG_OK, or CONNLOG_BAD_OPTION with a message that says which options or values exist. */
CONNLOG_API int
connlog_options_set(connlog_options *o, const char *name, const char *value, char *err, size_t err_size);

/* Static. */
typedef struct connlog_option_info {
	const char *name;
	const char *type;    /* bool, interval, intervals, count, counts, columns, subnets, ports, string */
	const char *initial; /* the default, as text */
	const char *doc;
} connlog_option_info;
/* Returns the option at index `i`, or NULL past the last one. */
CONNLOG_API const connlog_option_info *connlog_option_at(size_t i);

/* ---- records ---------------------------------------------------------------------------------------------- */

/* A connection record; valid during the callback, or until the next connlog_reader_next(). */
typedef struct connlog_record connlog_record;

typedef enum connlog_type {
	CONNLOG_TIME,       /* number: seconds since the epoch */
	CONNLOG_INTERVAL,   /* number: seconds */
	CONNLOG_STRING,     /* text */
	CONNLOG_ENUM,       /* text */
	CONNLOG_ADDR,       /* address */
	CONNLOG_PORT,       /* count */
	CONNLOG_COUNT,      /* count */
	CONNLOG_INT,        /* integer */
	CONNLOG_BOOL,       /* boolean */
	CONNLOG_STRING_SET, /* texts */
	/* Only as arguments of events: */
	CONNLOG_BYTES,   /* text: arbitrary bytes of a packet or a stream */
	CONNLOG_COUNTS,  /* counts */
	CONNLOG_RECORD,  /* record */
	CONNLOG_RECORDS, /* records */
	/* Added later: a column's again. */
	CONNLOG_DOUBLE, /* number: without a unit */
} connlog_type;

typedef struct connlog_text {
	const char *p; /* not terminated; may hold any bytes, since they can come from a packet */
	size_t      n;
} connlog_text;

typedef struct connlog_texts {
	const connlog_text *at;
	size_t              n;
} connlog_texts;

typedef struct connlog_counts {
	const uint64_t *at;
	size_t          n;
} connlog_counts;

/* The fields of a value that is itself a record. */
typedef struct connlog_fields {
	const struct connlog_field *at;
	size_t                      n;
} connlog_fields;

typedef struct connlog_fields_list {
	const connlog_fields *at;
	size_t                n;
} connlog_fields_list;

typedef struct connlog_value {
	connlog_type type;
	bool         set; /* false: the column is unset in this record, and the rest is undefined */
	union {
		double              number;
		uint64_t            count;
		int64_t             integer;
		bool                boolean;
		uint8_t             address[16]; /* network order; IPv4 as ::ffff:a.b.c.d */
		connlog_text        text;
		connlog_texts       texts;
		connlog_counts      counts;
		connlog_fields      record;
		connlog_fields_list records;
	};
} connlog_value;

typedef struct connlog_field {
	const char   *name;
	connlog_value value;
} connlog_field;

/* Static, unless it comes from connlog_columns_at(). */
typedef struct connlog_column_info {
	const char  *name;
	connlog_type type;
	const char  *type_name; /* Zeek's name for it: "time", "set[string]" */
	const char  *doc;
} connlog_column_info;

/* Returns the column at index `i` in Zeek's order, or NULL past the last one. */
CONNLOG_API const connlog_column_info *connlog_column_at(size_t i);
/* Returns the index of the column with that name, or -1. */
CONNLOG_API int connlog_column_find(const char *name);
/* Returns the column's value in this record; an unset value if there is no such column.  What it points to lives as long as
 * the record. */
CONNLOG_API connlog_value connlog_record_get(const connlog_record *r, size_t column);
/* The same by the column's name, which is looked up at each call. */
CONNLOG_API connlog_value connlog_record_find(const connlog_record *r, const char *name);

/* Formats a value as Zeek's logs do, but without escaping: "192.0.2.1", "1700000000.123456", "T", the elements of a set
 * separated by commas, "-" for an unset value.  Writes at most `size` bytes including the terminating NUL.
 * Returns the length of the whole text, which was truncated if that is not less than `size`. */
CONNLOG_API size_t connlog_value_text(connlog_value value, char *out, size_t size);

/* A column of an input log that is not one of Zeek's. */
typedef struct connlog_extra {
	connlog_text name;
	connlog_text
		 type_name; /* Zeek's name for its type, as far as the log states it: "string", "count", "set[string]" */
	bool set;
	bool list; /* a set or vector: `texts`; otherwise `text`, with numbers as written and booleans as T or F */
	union {
		connlog_text  text;
		connlog_texts texts;
	};
} connlog_extra;
/* Stores the unknown column at index `i` in `*out`.  Returns false past the last one. */
CONNLOG_API bool connlog_record_extra(const connlog_record *r, size_t i, connlog_extra *out);

/* ---- formats ------------------------------------------------------------------------------------------------ */

/* A log format. */
typedef struct connlog_format_info {
	const char *name;
	const char *doc;   /* what it is */
	const char *loses; /* what parts of a record it cannot hold; "" for none */
} connlog_format_info;
/* Returns the format at index `i`, or NULL past the last one. */
CONNLOG_API const connlog_format_info *connlog_format_at(size_t i);

/* ---- readers: logs to records --------------------------------------------------------------------------------- */

typedef struct connlog_reader connlog_reader;

/* The columns of a log, in its order, including those that Zeek does not know. */
typedef struct connlog_columns connlog_columns;
/* Stores the column at index `i` in `*out`; its strings belong to the reader.  Returns false past the last one. */
CONNLOG_API bool connlog_columns_at(const connlog_columns *c, size_t i, connlog_column_info *out);

typedef struct connlog_reader_options {
	const char  *format; /* NULL: detected for each file from its content */
	connlog_text begun;  /* bytes already read from the first file; they must outlive the reader */
} connlog_reader_options;

/* Reads files ("-" is standard input), plain or compressed with gzip or zstd, one after the other.  Opens nothing yet.
 * `o` may be NULL.  Returns NULL and writes a message to `err` on failure. */
CONNLOG_API connlog_reader *
connlog_reader_files(const char *const *paths, size_t n, const connlog_reader_options *o, char *err, size_t err_size);
CONNLOG_API void connlog_reader_free(connlog_reader *r);

/* What connlog_reader_next() returns besides errors. */
enum {
	CONNLOG_READ_RECORD = 1,
	/* The records that follow have different columns; also returned before the first record. */
	CONNLOG_READ_COLUMNS = 2,
};

/* Returns CONNLOG_READ_RECORD with a record in `*out` that is valid until the next call; CONNLOG_READ_COLUMNS; CONNLOG_END;
 * or CONNLOG_BAD_INPUT or CONNLOG_IO with a message that names the file and the line, after which the next call continues. */
CONNLOG_API int connlog_reader_next(connlog_reader *r, const connlog_record **out, char *err, size_t err_size);

/* Returns the record that connlog_reader_next() returned last, for changing it with connlog_record_set(). */
CONNLOG_API connlog_record *connlog_reader_record(connlog_reader *r);

/* Returns the columns of the current records; they change only at CONNLOG_READ_COLUMNS. */
CONNLOG_API const connlog_columns *connlog_reader_columns(const connlog_reader *r);

typedef struct connlog_reader_progress {
	uint64_t    bytes; /* read from all files, before decompression */
	uint64_t    records;
	uint64_t    bad;    /* lines reported as CONNLOG_BAD_INPUT */
	uint64_t    line;   /* number of the last line returned, within its file */
	const char *name;   /* of the file being read, or NULL */
	const char *format; /* of that file, or NULL */
} connlog_reader_progress;
CONNLOG_API void connlog_reader_progress_get(const connlog_reader *r, connlog_reader_progress *out);
/* Called when everything read so far has been returned, before the reader opens a file or waits for more bytes, which can
 * block: a program that passes records on should flush its output here.  The function must not call the reader.  Only one
 * can be registered; NULL removes it. */
typedef void (*connlog_wait_fn)(void *arg);
CONNLOG_API void connlog_reader_on_wait(connlog_reader *r, connlog_wait_fn fn, void *arg);
/* Makes a blocked or later connlog_reader_next() return CONNLOG_END.  Async-signal-safe. */
CONNLOG_API void connlog_reader_stop(connlog_reader *r);

/* ---- engine ----------------------------------------------------------------------------------------------- */

typedef struct connlog_engine connlog_engine;
typedef struct connlog_event  connlog_event; /* connlog_events.h */

/* A packet as captured.  The engine does not refer to its memory after connlog_packets() returns. */
typedef struct connlog_packet {
	const uint8_t *data;   /* `caplen` bytes, starting with the link-layer header; need not be aligned */
	uint32_t       caplen; /* bytes captured */
	uint32_t       len;    /* bytes on the wire; more than `caplen` if the capture truncated the packet */
	int32_t        link;   /* DLT_ value as returned by libpcap's pcap_datalink() on Linux (1 is Ethernet) */
	uint32_t       nsec;   /* nanoseconds, below 1000000000; truncated to microseconds, as in Zeek */
	int64_t        sec;    /* seconds since the epoch; packets from before it are counted and skipped */
	uint32_t       flags;  /* CONNLOG_PACKET_..., or 0 */
} connlog_packet;

/* The sending host left the checksums of TCP, UDP and ICMP to its network card: they count as good, also inside
 * tunnels. The checksum of the IPv4 header is still verified. */
#define CONNLOG_PACKET_NOT_SUMMED 1u

/* Creates an engine.  `o` is copied; NULL means the defaults.  Returns NULL and writes a message to `err` on failure. */
CONNLOG_API connlog_engine *connlog_engine_new(const connlog_options *o, char *err, size_t err_size);
/* Does not log connections that are still open; call connlog_finish() first to log them. */
CONNLOG_API void connlog_engine_free(connlog_engine *e);

/* Called for each connection that has ended and is logged (Zeek's Conn::log_conn).  All registered functions are called in
 * order of registration.  Return anything but CONNLOG_OK to stop: no callback is called any more, and connlog_packets(),
 * connlog_finish() and similar functions return that value from then on.  Use a positive one to tell it from a library error.
 * connlog_on_record() returns CONNLOG_OK or CONNLOG_NO_MEMORY. */
typedef int (*connlog_record_fn)(void *arg, const connlog_record *r);
CONNLOG_API int connlog_on_record(connlog_engine *e, connlog_record_fn fn, void *arg);

/* Called before a record is logged (Zeek's hook Conn::log_policy); may change it with connlog_record_set().  Return whether
 * to log the record: the first function that returns false drops it, and later ones are not called.
 * connlog_on_policy() returns CONNLOG_OK or CONNLOG_NO_MEMORY. */
typedef bool (*connlog_policy_fn)(void *arg, connlog_record *r);
CONNLOG_API int connlog_on_policy(connlog_engine *e, connlog_policy_fn fn, void *arg);

/* Sets a column of a record, or unsets it if `value.set` is false (`value.type` is then ignored).  Strings are copied.  Later
 * policies, record callbacks and writers see the new value.  Other columns keep theirs, even if they depend on this one.
 * Returns CONNLOG_OK, CONNLOG_NO_MEMORY, or CONNLOG_BAD_OPTION if there is no such column or it cannot take the value (see
 * connlog_column_takes()); the record is then unchanged. */
CONNLOG_API int connlog_record_set(connlog_record *r, size_t column, connlog_value value);
/* Returns what connlog_record_set() accepts for the column, for error messages: "a port, 0 to 65535"; NULL if there is no
 * such column.  Static. */
CONNLOG_API const char *connlog_column_takes(size_t column);

/* Feeds packets to the engine, in order of time.  How many are passed in one call does not affect the result, only the speed:
 * 32 or more are best.  Damaged packets are counted and are not an error.
 * Returns CONNLOG_OK, or what a callback returned. */
CONNLOG_API int connlog_packets(connlog_engine *e, const connlog_packet *p, size_t n);
/* Advances the time of a live engine while no packets arrive, so that connections that have timed out are logged.  No packet
 * captured before that time may follow.  Returns as connlog_packets() does. */
CONNLOG_API int connlog_idle(connlog_engine *e, int64_t sec, uint32_t nsec);
/* For live programs, after the system clock was set.  Keep feeding packet times (and connlog_idle()) as if the clock had not
 * been set, so that no connection sees the step as elapsed time, and pass the step here: the engine adds `by` seconds
 * (negative after a step back; initially 0) to all times it reports from now on: ts, event times, connlog_time(). */
CONNLOG_API void connlog_shift_times(connlog_engine *e, double by);
/* Ends and logs all open connections, as Zeek does at the end of its input.  Packets fed later start new connections, which
 * another call ends.  Returns as connlog_packets() does. */
CONNLOG_API int connlog_finish(connlog_engine *e);

/* Returns the engine's time: that of the latest packet, in seconds since the epoch. */
CONNLOG_API double connlog_time(const connlog_engine *e);

typedef struct connlog_source connlog_source;

/* Feeds a source's packets to the engine until there are none left.  Returns
 * - CONNLOG_END when everything has been read; call connlog_finish() next;
 * - CONNLOG_OK when an interface had no packet for a tenth of a second; pass the time of day to connlog_idle() and call again;
 * - CONNLOG_BAD_INPUT or CONNLOG_IO as connlog_source_read() does; what came before is good, and the next call continues;
 * - anything else when out of memory, or what a callback returned; the engine cannot continue. */
CONNLOG_API int connlog_run(connlog_engine *e, connlog_source *s, char *err, size_t err_size);

/* Calls `fn` for each counter with its group ("packets", "connections", "rejected" …), name and current value; the counters of
 * a group are adjacent.  The strings are static. */
typedef void (*connlog_counter_fn)(void *arg, const char *group, const char *name, uint64_t value);
CONNLOG_API void connlog_counters(const connlog_engine *e, connlog_counter_fn fn, void *arg);

/* Called once for each finding about the input that the user should know (checksum offloading, a filtered or truncated
 * capture, traffic seen twice) and for errors of scripts, at connlog_finish() or earlier.  `text` is valid during the call;
 * lines after the first are details, such as a script's traceback.  Only one function can be registered; NULL removes it. */
typedef void (*connlog_notice_fn)(void *arg, const char *text);
CONNLOG_API void connlog_on_notice(connlog_engine *e, connlog_notice_fn fn, void *arg);

/* ---- sources ---------------------------------------------------------------------------------------------- */

/* Reads files and directories ("-" is standard input) one after the other, as one stream.  Opens nothing yet.  A pcapng file
 * whose path is prefixed with "pcapng::" is read as Zeek reads it: in part, and without the filter.
 * `bpf` is a pcap filter or NULL.  Returns NULL and writes a message to `err` if it does not compile. */
CONNLOG_API connlog_source *
connlog_source_files(const char *const *paths, size_t n, const char *bpf, char *err, size_t err_size);
/* Captures from an interface, which is opened immediately; connlog_live.h takes several, and options.
 * Returns NULL and writes a message to `err` on failure. */
CONNLOG_API connlog_source *connlog_source_live(const char *iface, const char *bpf, char *err, size_t err_size);
CONNLOG_API void            connlog_source_free(connlog_source *s);

/* Reads up to `max` packets (at least 1), which are valid until the next call.
 * Returns their number (0: none yet, live capture only), CONNLOG_END, or CONNLOG_BAD_INPUT or CONNLOG_IO with a message that
 * names the file and says where and why reading stopped; the next call continues with the next file. */
CONNLOG_API int connlog_source_read(connlog_source *s, connlog_packet *p, size_t max, char *err, size_t err_size);

typedef struct connlog_source_progress {
	uint64_t    bytes, total_bytes; /* read so far, and of all files (0: unknown) */
	uint64_t    packets;            /* returned */
	uint64_t    filtered;           /* skipped by the filter */
	uint64_t    dropped;            /* live: lost because a ring was full, or by the interface */
	const char *name;               /* of the file being read, or NULL */
} connlog_source_progress;
CONNLOG_API void connlog_source_progress_get(const connlog_source *s, connlog_source_progress *out);

/* Makes a blocked or later connlog_source_read() return CONNLOG_END.  Async-signal-safe. */
CONNLOG_API void connlog_source_stop(connlog_source *s);

/* A link type that can be decoded.  Packets of any other are taken for raw IP, as in Zeek; this is counted and raises a
 * notice.  Static. */
typedef struct connlog_link_info {
	int32_t     link; /* as connlog_packet has it */
	const char *name; /* libpcap's: "EN10MB" */
} connlog_link_info;
/* Returns the link type at index `i`, or NULL past the last one. */
CONNLOG_API const connlog_link_info *connlog_link_at(size_t i);

/* ---- writers: records to bytes ------------------------------------------------------------------------------ */

typedef struct connlog_writer connlog_writer;

typedef struct connlog_writer_options {
	const char *format; /* a name of connlog_format_at(); NULL for "zeek" */
	/* As --fields takes it; NULL: Zeek's default columns, or those of connlog_writer_columns(). */
	const char *fields;
	/* NULL or "JSON::TS_EPOCH", "JSON::TS_MILLIS", "JSON::TS_MILLIS_UNSIGNED", "JSON::TS_ISO8601" */
	const char *json_timestamps;
	/* For the formats of Bro 1 (bro0, bro1, bro1.5): subnets as the option "Site::local_nets" takes them; NULL for none. */
	const char *local_nets, *neighbor_nets;
	bool        record_state_history; /* bro1.5: add the history */
	bool        dpd_conn_logs;        /* bro1.5: put a "?" after a service that is known from the port alone */
	bool        json_streaming;       /* begin lines with _path and _write_ts (connlog_writer_clock()) */
	bool        json_unset;           /* LogAscii::json_include_unset_fields: write unset columns as null */
	/* "zeek", "bro2": Zeek's LogAscii constants of these names; NULL for their defaults.  Separators are single characters. */
	const char *separator, *set_separator, *empty_field, *unset_field;
	bool        no_meta; /* LogAscii::include_meta=F: neither header nor footer */
	/* The columns of the log that the records come from; NULL: those of an engine's records. */
	const connlog_columns *columns;
	/* "parquet": see connlog_parquet.h; NULL for the defaults. */
	const struct connlog_parquet_options *parquet;
} connlog_writer_options;

/* `o` may be NULL.  Returns NULL and writes a message to `err` on failure. */
CONNLOG_API connlog_writer *connlog_writer_new(const connlog_writer_options *o, char *err, size_t err_size);
CONNLOG_API void            connlog_writer_free(connlog_writer *w);
/* Returns whether the writer writes that column; one that nobody writes need not be computed (the option log_community_id). */
CONNLOG_API bool connlog_writer_has(const connlog_writer *w, size_t column);

/* Announces that the following records have different columns (CONNLOG_READ_COLUMNS).  The writer writes those columns, in
 * their order, as far as its format and `fields` allow.  A log that is already open gets a new header; `when` is as below.
 * Returns CONNLOG_OK, or CONNLOG_BAD_OPTION if `fields` names a column that does not exist. */
CONNLOG_API int
connlog_writer_columns(connlog_writer *w, const connlog_columns *c, double when, char *err, size_t err_size);
/* Returns those of the latest columns that the format cannot hold, separated by commas; "" for none. */
CONNLOG_API const char *connlog_writer_dropped(const connlog_writer *w);
/* Sets the time that json_streaming writes as _write_ts from now on, in seconds since the epoch. */
CONNLOG_API void connlog_writer_clock(connlog_writer *w, double now);

/* Append the header, a record's line, or the footer to the writer's buffer.  `when` is the time for #open and #close, which
 * are written in local time.  Return CONNLOG_OK or CONNLOG_NO_MEMORY. */
CONNLOG_API int connlog_writer_open(connlog_writer *w, double when);
CONNLOG_API int connlog_writer_record(connlog_writer *w, const connlog_record *r);
CONNLOG_API int connlog_writer_close(connlog_writer *w, double when);
/* Appends an event as a line of JSON, whatever the format: {"ts":…,"event":…,"uid":…,"id.orig_h":…,"id.orig_p":…,
 * "id.resp_h":…,"id.resp_p":…,"start_time":…} and the arguments that are set; bytes as base64. */
CONNLOG_API int connlog_writer_event(connlog_writer *w, const connlog_event *event);

/* Returns what was written since the last connlog_writer_clear(); valid until the next call that writes. */
CONNLOG_API connlog_text connlog_writer_bytes(const connlog_writer *w);
CONNLOG_API void         connlog_writer_clear(connlog_writer *w);

/* Called with `n` whole lines of records or events, in order; valid during the call.  Return anything but CONNLOG_OK to stop,
 * as for connlog_on_record(). */
typedef int (*connlog_lines_fn)(void *arg, connlog_text lines, uint64_t n);

/* Registers a function for formatted lines: what connlog_on_record() with a writer of these options would give, without
 * header and footer, several lines at a time.  If `events` is not 0, the lines are those of the events whose bits (1 <<
 * connlog_event_id) are set.  Lines are buffered until there are enough, or until connlog_flush(), _idle() or _finish().
 *
 * If the option "workers" is not 1 and no other callback is registered (or "parallel_handlers" is set), that many threads track packets
 * and format lines.  The lines keep the order of a single thread, and the function is still called by the thread that calls the engine.
 * Call this once, before the first packet.  Returns CONNLOG_OK, or CONNLOG_NO_MEMORY or CONNLOG_BAD_OPTION with a message. */
CONNLOG_API int connlog_on_lines(connlog_engine *e, const connlog_writer_options *w, uint64_t events,
                                 connlog_lines_fn fn, void *arg, char *err, size_t err_size);
/* Delivers all buffered lines.  Returns as connlog_packets() does. */
CONNLOG_API int connlog_flush(connlog_engine *e);
/* Returns how many threads track the engine's packets; 1 means the caller's alone. */
CONNLOG_API unsigned connlog_workers(const connlog_engine *e);

/* ---- sinks: bytes to a place --------------------------------------------------------------------------------- */

typedef struct connlog_sink connlog_sink;

/* Writes to a file descriptor, which the caller keeps open and closes.  Writing to a pipe without a reader raises SIGPIPE;
 * ignore that signal to get CONNLOG_CLOSED instead.  Returns NULL and writes a message to `err` on failure. */
CONNLOG_API connlog_sink *connlog_sink_fd(int fd, char *err, size_t err_size);
/* Writes to a file that gets the name `path` only when connlog_sink_close() has completed it; until then the bytes are in a
 * hidden file beside it, which is removed if the sink is freed first.  An existing file that is not regular (a named pipe, a
 * device) is written to directly.  Returns NULL and writes a message to `err` on failure. */
CONNLOG_API connlog_sink *connlog_sink_file(const char *path, char *err, size_t err_size);
/* Writes all bytes, blocking if necessary.  Returns CONNLOG_OK, CONNLOG_CLOSED (EPIPE) or CONNLOG_IO. */
CONNLOG_API int connlog_sink_write(connlog_sink *s, const char *p, size_t n, char *err, size_t err_size);
/* Returns how many bytes were written so far, including the part of a failed write that succeeded. */
CONNLOG_API uint64_t connlog_sink_taken(const connlog_sink *s);
/* Completes the file.  Returns CONNLOG_OK, or CONNLOG_IO if it could not be given its name. */
CONNLOG_API int  connlog_sink_close(connlog_sink *s, char *err, size_t err_size);
CONNLOG_API void connlog_sink_free(connlog_sink *s);

#ifdef __cplusplus
}
#endif

#include "connlog_events.h"
#endif
