/* connlog.h - the public interface of libconnlog: packets in, connection records out; logs in, the same records out.
 *
 * The library turns packets into the records that Zeek 8.2.2 writes to conn.log, and reads and writes the formats that such
 * logs have had since 1995.  It takes the time from the
 * packets, never from a clock; it never prints, never exits and opens no file that it was not told to open.
 * There is no global state: two engines in two threads do not meet, one engine belongs to one thread at a time.
 *
 *     connlog_options *o = connlog_options_new();
 *     connlog_options_set(o, "ignore_checksums", "T", err, sizeof err);
 *     connlog_engine *e = connlog_engine_new(o, err, sizeof err);
 *     connlog_on_record(e, print_it, NULL);
 *     connlog_run(e, source, err, sizeof err);  // or connlog_packets(e, packets, n), with packets from anywhere
 *     connlog_finish(e);                        // what is still open is logged
 *     connlog_engine_free(e); connlog_options_free(o);
 *
 * Errors: functions that can fail return NULL or a negative connlog_error.  Those that have `err` write a text there
 * (a sentence without a point, always terminated, cut to fit; NULL with the size 0 for none), which means something
 * only where they have failed; connlog_error_text() has one for the others.
 * Units: times are seconds since the epoch, intervals seconds, sizes bytes.  Numbers are in host byte order, addresses in
 * network byte order.  Texts that are given are terminated and in no need to live longer than the call, unless it says so.
 * Memory: who gets an object of a ..._new(), ..._files() or the like frees it with the ..._free() of its kind, which takes
 * NULL.  What else is handed out belongs to the library; "Static" means that it lives for ever.
 * Threads: an object and all that is made from it belong to one thread at a time; different objects have nothing in common.
 * Callbacks are called in the thread and during the call that feeds the engine.  They may ask for values and register
 * callbacks, but neither feed, finish nor free the engine that calls them.
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

/* => What a value of connlog_error means, as a sentence without a point; anything else is what a callback returned.
 * Static. */
CONNLOG_API const char *connlog_error_text(int error);

/* => The version of the library that runs, and what it was built with, one line each ("connlog 0.1.0\ncaptures: ...\n").
 * Formats and link types are listed by connlog_format_at() and connlog_link_at().  Static. */
CONNLOG_API const char *connlog_version(void);

/* ---- options ---------------------------------------------------------------------------------------------- */

typedef struct connlog_options connlog_options;

/* => Options with Zeek's defaults, or NULL where there is no memory.  The caller frees them. */
CONNLOG_API connlog_options *connlog_options_new(void);
CONNLOG_API void             connlog_options_free(connlog_options *o);

/* Sets an option by Zeek's name of it ("tcp_attempt_delay", "Tunnel::max_depth", "Site::local_nets") or ours
 * ("max_connections").  `value` is written as in Zeek's scripts or on its command line: T/F, 5sec, 1.5min, 10,
 * 10.0.0.0/8,fd00::/8.
 * => CONNLOG_OK, or CONNLOG_BAD_OPTION with a text that says what is known or expected. */
CONNLOG_API int
connlog_options_set(connlog_options *o, const char *name, const char *value, char *err, size_t err_size);

/* All of it static. */
typedef struct connlog_option_info {
	const char *name;
	const char *type;    /* bool, interval, count, counts, subnets, ports, string */
	const char *initial; /* default, as text */
	const char *doc;
} connlog_option_info;
/* => The option at `i`, or NULL behind the last. */
CONNLOG_API const connlog_option_info *connlog_option_at(size_t i);

/* ---- records ---------------------------------------------------------------------------------------------- */

/* Valid during the callback, or until the next connlog_reader_next(). */
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
	/* Arguments of events alone: */
	CONNLOG_BYTES,   /* text: bytes of a packet or a stream, of any value */
	CONNLOG_COUNTS,  /* counts */
	CONNLOG_RECORD,  /* record */
	CONNLOG_RECORDS, /* records */
} connlog_type;

typedef struct connlog_text {
	const char *p; /* not terminated, and of any bytes: a packet may have brought them */
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

/* The fields of a value that is a record itself. */
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
	bool         set; /* false: the column is unset in this record, the rest means nothing */
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

/* All of it static. */
typedef struct connlog_column_info {
	const char  *name;
	connlog_type type;
	const char  *type_name; /* Zeek's: "time", "set[string]" */
	const char  *doc;
} connlog_column_info;

/* => The column at `i` in Zeek's order, or NULL behind the last. */
CONNLOG_API const connlog_column_info *connlog_column_at(size_t i);
/* => The index of a column by name, or -1. */
CONNLOG_API int connlog_column_find(const char *name);
/* => The column's value in this record; one that is not set for no column.  What it points at lives as long as the
 * record. */
CONNLOG_API connlog_value connlog_record_get(const connlog_record *r, size_t column);
/* The same by Zeek's name of the column, which has to be looked up each time. */
CONNLOG_API connlog_value connlog_record_find(const connlog_record *r, const char *name);

/* Writes a value as Zeek's logs have it, but without their escapes: "192.0.2.1", "1700000000.123456", "T", the elements of
 * a set with commas between, "-" where it is not set.  At most `size` bytes with the final zero byte are written.
 * => The length of the whole text, which was cut where it is not below `size`. */
CONNLOG_API size_t connlog_value_text(connlog_value value, char *out, size_t size);

/* A column of a log that was read which is none of Zeek's. */
typedef struct connlog_extra {
	connlog_text name;
	connlog_text type_name; /* Zeek's name of its type, as far as the log tells: "string", "count", "set[string]" */
	bool         set;
	bool         list; /* a set or vector: `texts`; else `text`, numbers as they stood, booleans as T or F */
	union {
		connlog_text  text;
		connlog_texts texts;
	};
} connlog_extra;
/* The unknown column at `i` in `*out`. => false behind the last. */
CONNLOG_API bool connlog_record_extra(const connlog_record *r, size_t i, connlog_extra *out);

/* ---- formats ------------------------------------------------------------------------------------------------ */

/* For listings: the format at `i`, until NULL. */
typedef struct connlog_format_info {
	const char *name;
	const char *doc;   /* what it is */
	const char *loses; /* what of a record has no place in it; "" for nothing */
} connlog_format_info;
CONNLOG_API const connlog_format_info *connlog_format_at(size_t i);

/* ---- readers: logs to records --------------------------------------------------------------------------------- */

typedef struct connlog_reader connlog_reader;

/* The columns of a log in its order, those that Zeek does not know included. */
typedef struct connlog_columns connlog_columns;
/* => The column at `i` in `*out` (its texts are the reader's), or false behind the last. */
CONNLOG_API bool connlog_columns_at(const connlog_columns *c, size_t i, connlog_column_info *out);

typedef struct connlog_reader_options {
	const char  *format; /* NULL: each file's is found out by its content */
	connlog_text begun;  /* bytes of the first file that have been read from it already; to be there until the end */
} connlog_reader_options;

/* Files ("-" is standard input), plain or packed with gzip or zstd, one after the other. Nothing is opened yet.
 * `o` may be NULL. => NULL with a text in `err`. */
CONNLOG_API connlog_reader *
connlog_reader_files(const char *const *paths, size_t n, const connlog_reader_options *o, char *err, size_t err_size);
CONNLOG_API void connlog_reader_free(connlog_reader *r);

/* What connlog_reader_next() found. */
enum {
	CONNLOG_READ_RECORD = 1,
	/* The records that follow have other columns than those before; it comes before the first record, too. */
	CONNLOG_READ_COLUMNS = 2,
};

/* => CONNLOG_READ_RECORD with a record in `*out`, good until the next call; CONNLOG_READ_COLUMNS; CONNLOG_END; or CONNLOG_BAD_INPUT
 * or CONNLOG_IO with a text in `err` that names the file and the line: the next call goes on behind it. */
CONNLOG_API int connlog_reader_next(connlog_reader *r, const connlog_record **out, char *err, size_t err_size);

/* => The record that connlog_reader_next() has handed out last, to change it with connlog_record_set(). */
CONNLOG_API connlog_record *connlog_reader_record(connlog_reader *r);

/* => The columns of the records that come now: changed by CONNLOG_READ_COLUMNS only. */
CONNLOG_API const connlog_columns *connlog_reader_columns(const connlog_reader *r);

typedef struct connlog_reader_progress {
	uint64_t    bytes; /* read of all files, packed as they are */
	uint64_t    records;
	uint64_t    bad;    /* lines that were told as CONNLOG_BAD_INPUT */
	uint64_t    line;   /* of the file: the last one handed out */
	const char *name;   /* of the file being read, or NULL */
	const char *format; /* of that file, or NULL */
} connlog_reader_progress;
CONNLOG_API void connlog_reader_progress_get(const connlog_reader *r, connlog_reader_progress *out);
/* Called when all that has been read was handed out, before a file is opened or asked for more bytes, which can take any time:
 * who passes records on does not keep any back then.  It must not call the reader. There is one function only; NULL takes
 * it away. */
typedef void (*connlog_wait_fn)(void *arg);
CONNLOG_API void connlog_reader_on_wait(connlog_reader *r, connlog_wait_fn fn, void *arg);
/* Makes a blocked or later connlog_reader_next() return CONNLOG_END; async-signal-safe. */
CONNLOG_API void connlog_reader_stop(connlog_reader *r);

/* ---- engine ----------------------------------------------------------------------------------------------- */

typedef struct connlog_engine connlog_engine;

/* A packet as it was captured.  The engine keeps none of the memory after connlog_packets() returns. */
typedef struct connlog_packet {
	const uint8_t *data;   /* `caplen` bytes, from the link layer's header on; no alignment is needed */
	uint32_t       caplen; /* bytes captured */
	uint32_t       len;    /* bytes on the wire; more than `caplen` where the capture has cut the packet */
	int32_t        link;   /* DLT_ value as libpcap's pcap_datalink() gives it on Linux (1 is Ethernet) */
	uint32_t       nsec;   /* nanoseconds, below 1000000000; cut to microseconds, as Zeek sees them */
	int64_t        sec;    /* seconds since the epoch; a packet from before is counted and left out */
	uint32_t       flags;  /* of CONNLOG_PACKET_...; 0 for none */
} connlog_packet;

/* The checksums of TCP, UDP and ICMP in it mean nothing, because the host that sends it leaves them to its network card: they
 * count as good, those inside tunnels included.  That of the IPv4 header is looked at all the same. */
#define CONNLOG_PACKET_NOT_SUMMED 1u

/* `o` is copied; NULL: the defaults. => NULL with a text in `err`. */
CONNLOG_API connlog_engine *connlog_engine_new(const connlog_options *o, char *err, size_t err_size);
/* What is still open is not logged: call connlog_finish() before, if it is to be. */
CONNLOG_API void connlog_engine_free(connlog_engine *e);

/* Called for each connection when it has ended and is to be logged (Zeek's Conn::log_conn).  Return anything but
 * CONNLOG_OK to stop: nothing is called any more, and connlog_packets(), connlog_finish() and the like return that value
 * from then on.  A positive one cannot be taken for an error of the library.  All functions that were given are called, in
 * their order.
 * => CONNLOG_OK or CONNLOG_NO_MEMORY. */
typedef int (*connlog_record_fn)(void *arg, const connlog_record *r);
CONNLOG_API int connlog_on_record(connlog_engine *e, connlog_record_fn fn, void *arg);

/* Called before a record is logged (Zeek's hook Conn::log_policy); may change it with connlog_record_set().
 * => Whether the record is to be logged.  It is not when one of the functions says so, and those that were given
 * later are then not asked.
 * connlog_on_policy() => CONNLOG_OK or CONNLOG_NO_MEMORY. */
typedef bool (*connlog_policy_fn)(void *arg, connlog_record *r);
CONNLOG_API int connlog_on_policy(connlog_engine *e, connlog_policy_fn fn, void *arg);

/* Sets a column of a record, any of connlog_column_at(), or unsets it with `value.set` false (`value.type` is then not
 * looked at).  Texts are copied.  The record has then the value for everybody who comes later: policies, record callbacks,
 * writers.  Other columns stay as they are, even where they tell of the same thing.
 * => CONNLOG_OK; CONNLOG_NO_MEMORY; or CONNLOG_BAD_OPTION: no such column, `value.type` is not the column's, or it is a value
 * that the column cannot take (see connlog_column_takes()), and the record is as it was. */
CONNLOG_API int connlog_record_set(connlog_record *r, size_t column, connlog_value value);
/* => What connlog_record_set() takes for the column, for messages: "a port, 0 to 65535"; NULL for no column.  Static. */
CONNLOG_API const char *connlog_column_takes(size_t column);

/* Packets in the order of their times; how many there are in a call makes no difference to the result, but to the
 * speed: 32 or more at once are best.  A packet that is damaged is no error, but counted.
 * => CONNLOG_OK, or what a callback returned. */
CONNLOG_API int connlog_packets(connlog_engine *e, const connlog_packet *p, size_t n);
/* Tells a live engine how late it is when no packets come, so that connections that have timed out are logged; do not
 * mix it with packets that were captured earlier.  => As above. */
CONNLOG_API int connlog_idle(connlog_engine *e, int64_t sec, uint32_t nsec);
/* For a live program whose clock was set: it goes on with packets' times (and those of connlog_idle()) as if it had not been, so
 * that no connection takes the step for time that has passed, and says here by how many seconds all times are later that the
 * engine hands out from now on: ts, those of events, connlog_time().  Below 0: earlier; 0 at first. */
CONNLOG_API void connlog_shift_times(connlog_engine *e, double by);
/* Ends and logs every open connection, as Zeek does at the end of its input.  Packets that come later begin new
 * connections, which another call ends.  => As above. */
CONNLOG_API int connlog_finish(connlog_engine *e);

/* => The engine's time, seconds since the epoch: that of the packet it has come to. */
CONNLOG_API double connlog_time(const connlog_engine *e);

typedef struct connlog_source connlog_source;

/* Hands a source's packets to the engine until there are no more.
 * => CONNLOG_END: all has been read, connlog_finish() is next.  CONNLOG_OK: an interface has nothing at the moment (it was
 * waited for a tenth of a second); tell connlog_idle() the time of day and call it again.  CONNLOG_BAD_INPUT or
 * CONNLOG_IO, as of connlog_source_read(): what came before is good, a call goes on behind it.  Anything else: out of
 * memory, or what a callback returned; there is no going on. */
CONNLOG_API int connlog_run(connlog_engine *e, connlog_source *s, char *err, size_t err_size);

/* Every counter as it stands: group ("packets", "connections", "rejected" …), name, value; the counters of a group come
 * together.  The texts are static. */
typedef void (*connlog_counter_fn)(void *arg, const char *group, const char *name, uint64_t value);
CONNLOG_API void connlog_counters(const connlog_engine *e, connlog_counter_fn fn, void *arg);

/* ---- events ----------------------------------------------------------------------------------------------- */

/* The events of Zeek's TCP analyzer and those around them, under Zeek's names (connlog_event_at() tells all about
 * each).  An event that nobody handles costs nothing; as in Zeek, handling connection_reset, connection_partial_close or
 * connection_status_update brings timers of their own, and the first two can change when a connection ends. */
typedef enum connlog_event_id {
	CONNLOG_EVENT_NEW_CONNECTION,
	CONNLOG_EVENT_NEW_CONNECTION_CONTENTS,
	CONNLOG_EVENT_CONNECTION_SYN_PACKET,
	CONNLOG_EVENT_CONNECTION_FIRST_ACK,
	CONNLOG_EVENT_CONNECTION_ESTABLISHED,
	CONNLOG_EVENT_CONNECTION_ATTEMPT,
	CONNLOG_EVENT_CONNECTION_REJECTED,
	CONNLOG_EVENT_CONNECTION_RESET,
	CONNLOG_EVENT_CONNECTION_EOF,
	CONNLOG_EVENT_CONNECTION_FINISHED,
	CONNLOG_EVENT_CONNECTION_HALF_FINISHED,
	CONNLOG_EVENT_CONNECTION_PARTIAL_CLOSE,
	CONNLOG_EVENT_CONNECTION_PENDING,
	CONNLOG_EVENT_PARTIAL_CONNECTION,
	CONNLOG_EVENT_TCP_PACKET,
	CONNLOG_EVENT_TCP_OPTION,
	CONNLOG_EVENT_TCP_OPTIONS,
	CONNLOG_EVENT_TCP_CONTENTS,
	CONNLOG_EVENT_TCP_REXMIT,
	CONNLOG_EVENT_TCP_MULTIPLE_CHECKSUM_ERRORS,
	CONNLOG_EVENT_TCP_MULTIPLE_GAP,
	CONNLOG_EVENT_TCP_MULTIPLE_RETRANSMISSIONS,
	CONNLOG_EVENT_TCP_MULTIPLE_ZERO_WINDOWS,
	CONNLOG_EVENT_CONTENTS_FILE_WRITE_FAILURE,
	CONNLOG_EVENT_CONTENT_GAP,
	CONNLOG_EVENT_CONNECTION_REUSED,
	CONNLOG_EVENT_CONNECTION_FLIPPED,
	CONNLOG_EVENT_CONNECTION_TIMEOUT,
	CONNLOG_EVENT_CONNECTION_STATUS_UPDATE,
	CONNLOG_EVENT_CONNECTION_STATE_REMOVE,
	CONNLOG_EVENT_CONNECTION_FLOW_LABEL_CHANGED,
	CONNLOG_EVENT_TUNNEL_CHANGED,
	CONNLOG_EVENT_UDP_REQUEST,
	CONNLOG_EVENT_UDP_REPLY,
	CONNLOG_EVENT_UDP_MULTIPLE_CHECKSUM_ERRORS,
	CONNLOG_EVENT_CONN_BYTES_THRESHOLD_CROSSED,
	CONNLOG_EVENT_CONN_PACKETS_THRESHOLD_CROSSED,
	CONNLOG_EVENT_CONN_DURATION_THRESHOLD_CROSSED,
	CONNLOG_EVENT_CONN_GENERIC_PACKET_THRESHOLD_CROSSED,
	CONNLOG_EVENTS /* how many there are */
} connlog_event_id;

#define CONNLOG_ARGUMENTS_MAX 6

typedef struct connlog_argument_info {
	const char  *name; /* Zeek's; NULL behind the last */
	connlog_type type;
	const char  *type_name; /* Zeek's: "count", "TCP::OptionList" */
} connlog_argument_info;

/* An event's arguments besides the connection. */
typedef struct connlog_event_info {
	const char           *name;
	const char           *doc;
	bool                  frequent; /* comes for packets by the hundred: left out where nobody asks for it by name */
	connlog_argument_info arguments[CONNLOG_ARGUMENTS_MAX + 1];
} connlog_event_info;

/* => The event's definition; NULL for anything but an event. */
CONNLOG_API const connlog_event_info *connlog_event_at(size_t id);
/* => The event's id by its name, or -1. */
CONNLOG_API int connlog_event_find(const char *name);

typedef struct connlog_event connlog_event; /* valid during the callback only, and all that comes from it */

/* Called when the event happens.  Return anything but CONNLOG_OK to stop, as of connlog_on_record().  What is done in a
 * handler can raise another event at once, and so on; no more than 64 come of one. */
typedef int (*connlog_event_fn)(void *arg, const connlog_event *event);
/* Handles an event from now on; best before the first packet.  All functions that were given are called, in their
 * order. => CONNLOG_OK, CONNLOG_BAD_OPTION (no such event) or CONNLOG_NO_MEMORY. */
CONNLOG_API int connlog_on_event(connlog_engine *e, connlog_event_id id, connlog_event_fn fn, void *arg);

/* => Which event it is, for a function that handles several. */
CONNLOG_API connlog_event_id connlog_event_which(const connlog_event *event);
/* => The packet time of the event, seconds since the epoch (Zeek's network_time()). */
CONNLOG_API double connlog_event_time(const connlog_event *event);
/* => The argument at `i`, in the order of connlog_event_info; one that is not set behind the last. */
CONNLOG_API connlog_value connlog_event_argument(const connlog_event *event, size_t i);
/* => The event's connection as it stands: every column that can be told by now. */
CONNLOG_API const connlog_record *connlog_event_record(const connlog_event *event);

/* The contents of the event's connection go into files, from now on if both sides have been seen, else from
 * connection_established on (Zeek: set_contents_file, c$extract_orig, c$extract_resp): one a side, named after the option
 * Conn::extraction_prefix and the connection.  The option Conn::default_extract does this for all connections.
 * => CONNLOG_OK, or CONNLOG_BAD_OPTION for anything but TCP. */
CONNLOG_API int connlog_event_extract(const connlog_event *event, bool orig, bool resp);

/* Sets a threshold of the event's connection, as Zeek's set_current_conn_bytes_threshold() and its sisters: one of each
 * kind and side; 0 takes it back.  When it is crossed, perhaps at once, its event is raised, once.  For the duration `is_orig`
 * means nothing.
 * => CONNLOG_OK, CONNLOG_BAD_OPTION (no number that can be one) or CONNLOG_NO_MEMORY. */
typedef enum connlog_threshold {
	CONNLOG_THRESHOLD_BYTES,    /* of IP, conn_bytes_threshold_crossed */
	CONNLOG_THRESHOLD_PACKETS,  /* conn_packets_threshold_crossed */
	CONNLOG_THRESHOLD_DURATION, /* seconds, conn_duration_threshold_crossed; looked at when a packet comes */
} connlog_threshold;
CONNLOG_API int
connlog_event_set_threshold(const connlog_event *event, connlog_threshold which, double value, bool is_orig);

/* What a user should be told about the input (checksum offloading, a filtered or cut capture, traffic seen
 * twice) and errors of scripts: called once for each finding, by connlog_finish or earlier, with a sentence that lives for
 * the call; lines behind the first are details (a script's traceback).  There is one function only; NULL takes it
 * away. */
typedef void (*connlog_notice_fn)(void *arg, const char *text);
CONNLOG_API void connlog_on_notice(connlog_engine *e, connlog_notice_fn fn, void *arg);

/* ---- scripts ---------------------------------------------------------------------------------------------- */

/* Loads a Lua script: it is run, and from now on its global functions that have an event's name handle that event,
 * log_policy(rec) and log_conn(rec) do what the callbacks of connlog_on_policy() and connlog_on_record() do, and
 * connlog_done() is called by the first connlog_finish().  docs/SCRIPTS.md tells what scripts are given.  Several can be loaded, each by
 * itself; they are freed with the engine.  Best before the first packet.
 * An error in a script later on is a notice (connlog_on_notice), counted, and stops nothing.
 * => CONNLOG_OK, or with a text: CONNLOG_IO (it cannot be read), CONNLOG_BAD_INPUT (it is no Lua, fails, or handles nothing),
 * CONNLOG_BAD_OPTION (the library was built without Lua), CONNLOG_NO_MEMORY. */
CONNLOG_API int connlog_script_load(connlog_engine *e, const char *path, char *err, size_t err_size);

/* Called for each line that a script prints, which comes without its end. */
typedef void (*connlog_print_fn)(void *arg, connlog_text line);
CONNLOG_API void connlog_on_print(connlog_engine *e, connlog_print_fn fn, void *arg);

/* ---- sources ---------------------------------------------------------------------------------------------- */

/* Files, directories ("-" is standard input) read one after the other as one stream. Nothing is opened yet.
 * A path behind "pcapng::" is, where it is pcapng, read as Zeek reads that: in part, and without the filter.
 * `bpf` is a pcap filter or NULL. => NULL with a text in `err` (a filter that does not compile). */
CONNLOG_API connlog_source *
connlog_source_files(const char *const *paths, size_t n, const char *bpf, char *err, size_t err_size);
/* Live capture from an interface, which is opened at once; connlog_live.h has a function that takes several, and options.
 * => NULL with a text in `err`. */
CONNLOG_API connlog_source *connlog_source_live(const char *iface, const char *bpf, char *err, size_t err_size);
CONNLOG_API void            connlog_source_free(connlog_source *s);

/* Up to `max` packets (at least 1), valid until the next call.
 * => Their number (0: none yet, live only), or CONNLOG_END, or CONNLOG_BAD_INPUT / CONNLOG_IO with a text in
 * `err` that names the file and says where it stopped and why; the source goes on with the next file at the
 * next call. */
CONNLOG_API int connlog_source_read(connlog_source *s, connlog_packet *p, size_t max, char *err, size_t err_size);

/* For progress: bytes read so far of all files, and how many there are (0 where that is not known). */
typedef struct connlog_source_progress {
	uint64_t    bytes, total_bytes;
	uint64_t    packets;  /* handed out */
	uint64_t    filtered; /* left out by the filter */
	uint64_t    dropped;  /* live: lost because a ring was full, or by the interface */
	const char *name;     /* of the file being read, or NULL */
} connlog_source_progress;
CONNLOG_API void connlog_source_progress_get(const connlog_source *s, connlog_source_progress *out);

/* Makes later calls of connlog_source_read() return CONNLOG_END, and one that waits when the signal comes; for signal
 * handlers (async-signal-safe). */
CONNLOG_API void connlog_source_stop(connlog_source *s);

/* For listings: the link types that are known, until NULL.  Packets of any other are taken for bare IP, as Zeek does, which is a
 * notice and counted.  All of it static. */
typedef struct connlog_link_info {
	int32_t     link; /* as connlog_packet has it */
	const char *name; /* libpcap's: "EN10MB" */
} connlog_link_info;
CONNLOG_API const connlog_link_info *connlog_link_at(size_t i);

/* ---- writers: records to bytes ------------------------------------------------------------------------------ */

typedef struct connlog_writer connlog_writer;

typedef struct connlog_writer_options {
	const char *format; /* a name of connlog_format_at(); NULL for "zeek" */
	const char
		*fields; /* NULL: Zeek's default columns, or those of connlog_writer_columns(); else as --fields takes it */
	/* NULL or "JSON::TS_EPOCH", "JSON::TS_MILLIS", "JSON::TS_MILLIS_UNSIGNED", "JSON::TS_ISO8601" */
	const char *json_timestamps;
	/* For Bro 1's lines (bro0, bro1, bro1.5), each NULL for none: subnets as the option "Site::local_nets" takes them. */
	const char *local_nets, *neighbor_nets;
	bool        record_state_history; /* bro1.5 with the history */
	bool        dpd_conn_logs;        /* bro1.5 with a "?" behind a service that only the port tells */
	bool        json_streaming;       /* _path and _write_ts (connlog_writer_clock()) in front */
	bool        json_unset;           /* LogAscii::json_include_unset_fields: columns that are unset are null */
	/* "zeek", "bro2": Zeek's LogAscii constants of these names; NULL for their defaults.  A separator is one character. */
	const char *separator, *set_separator, *empty_field, *unset_field;
	bool        no_meta; /* LogAscii::include_meta=F: no header, nothing at the end */
	/* NULL: the records have the columns of the engine's; else those of the log that they are read from. */
	const connlog_columns *columns;
} connlog_writer_options;

/* `o` may be NULL. => NULL with a text in `err`. */
CONNLOG_API connlog_writer *connlog_writer_new(const connlog_writer_options *o, char *err, size_t err_size);
CONNLOG_API void            connlog_writer_free(connlog_writer *w);
/* => Whether it writes that column: what nobody reads need not be computed (the option log_community_id). */
CONNLOG_API bool connlog_writer_has(const connlog_writer *w, size_t column);

/* Says that the records have other columns from now on (CONNLOG_READ_COLUMNS). The writer writes the columns that the records
 * have, in their order, as far as its format and the option `fields` allow.  `when` is as below, for a log that is
 * open already and gets a new header. => CONNLOG_OK, or CONNLOG_BAD_OPTION where `fields` names a column that there is not. */
CONNLOG_API int
connlog_writer_columns(connlog_writer *w, const connlog_columns *c, double when, char *err, size_t err_size);
/* => The columns given last that its format has no place for, separated by commas; "" for none. */
CONNLOG_API const char *connlog_writer_dropped(const connlog_writer *w);
/* The time, seconds since the epoch, that json_streaming shows as that of writing the records that follow. */
CONNLOG_API void connlog_writer_clock(connlog_writer *w, double now);

/* Each appends to the writer's buffer: the header, a record's line, what stands at the end. `when` is the time for #open
 * and #close, which are written in local time. => CONNLOG_OK or CONNLOG_NO_MEMORY. */
CONNLOG_API int connlog_writer_open(connlog_writer *w, double when);
CONNLOG_API int connlog_writer_record(connlog_writer *w, const connlog_record *r);
CONNLOG_API int connlog_writer_close(connlog_writer *w, double when);
/* A line of JSON, whatever the format, as events have no other: {"ts":…,"event":…,"uid":…,"id.orig_h":…,"id.orig_p":…,
 * "id.resp_h":…,"id.resp_p":…,"start_time":…} and the arguments that are set; bytes as base64. */
CONNLOG_API int connlog_writer_event(connlog_writer *w, const connlog_event *event);

/* => What has been written since the last call to connlog_writer_clear(); valid until the next call that writes. */
CONNLOG_API connlog_text connlog_writer_bytes(const connlog_writer *w);
CONNLOG_API void         connlog_writer_clear(connlog_writer *w);

/* Whole lines of records or events, `n` of them, in the order in which they happened; good for the call.  Return anything but
 * CONNLOG_OK to stop, as of connlog_on_record(). */
typedef int (*connlog_lines_fn)(void *arg, connlog_text lines, uint64_t n);

/* Asks for the lines that a writer with these options makes of the records, without header and end: what connlog_on_record() with a
 * writer does, but several at once.  With `events` other than 0 the lines are those of the events whose bits are set in it (1 <<
 * connlog_event_id).  Lines are kept back until there are enough of them, connlog_idle() or connlog_finish().
 *
 * Where the option "workers" is not 1 and nothing but this function is registered, so many threads track packets and write lines,
 * and their order is still that of a single one; the function is called by the thread that calls the engine.
 * Call it once, before the first packet.  Returns CONNLOG_OK, or CONNLOG_NO_MEMORY or CONNLOG_BAD_OPTION with a text in `err`. */
CONNLOG_API int connlog_on_lines(connlog_engine *e, const connlog_writer_options *w, uint64_t events,
                                 connlog_lines_fn fn, void *arg, char *err, size_t err_size);
/* Hands on the lines of everything that has happened so far.  Returns as connlog_idle() does. */
CONNLOG_API int connlog_flush(connlog_engine *e);
/* Returns how many threads track the engine's packets; 1 is that of the caller. */
CONNLOG_API unsigned connlog_workers(const connlog_engine *e);

/* ---- sinks: bytes to a place --------------------------------------------------------------------------------- */

typedef struct connlog_sink connlog_sink;

/* A file descriptor that the caller keeps open and closes.  Writing to a pipe whose reader has gone raises SIGPIPE:
 * ignore that signal to get CONNLOG_CLOSED instead.  => NULL with a text in `err`, as of the next. */
CONNLOG_API connlog_sink *connlog_sink_fd(int fd, char *err, size_t err_size);
/* A file that gets the name `path` only when connlog_sink_close() has finished it; before that the bytes are in
 * a hidden file beside it, which is removed when the sink is freed unfinished.  What has that name already and is no
 * regular file (a named pipe, a device) is written to as it is. */
CONNLOG_API connlog_sink *connlog_sink_file(const char *path, char *err, size_t err_size);
/* Writes all of it, and waits where it has to. => CONNLOG_OK, CONNLOG_CLOSED (EPIPE) or CONNLOG_IO. */
CONNLOG_API int connlog_sink_write(connlog_sink *s, const char *p, size_t n, char *err, size_t err_size);
/* => The bytes that it has taken so far, those of a write that failed on the way included. */
CONNLOG_API uint64_t connlog_sink_taken(const connlog_sink *s);
/* Finishes the file. => CONNLOG_OK, or CONNLOG_IO: it has not got its name. */
CONNLOG_API int  connlog_sink_close(connlog_sink *s, char *err, size_t err_size);
CONNLOG_API void connlog_sink_free(connlog_sink *s);

#ifdef __cplusplus
}
#endif
#endif
