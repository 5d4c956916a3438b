/* fuzz_library.c - the public functions in an order that the input chooses, as a careless program might call them.
 *
 * The input is a byte of flags and a program: a byte selects the next step, and the bytes after it are the arguments
 * (see steps[]). Packets have inconsistent lengths and times, options and fields have any text, callbacks come at any
 * time, policies set columns to anything, the end comes twice. Nothing may crash or hang, values that were set must be
 * read back, every value must have the type of its column or argument, and whatever fails must write a message.
 * fuzz_engine.c checks the sums.
 */
#include "check.h"

#include <connlog.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define TEXT_MAX     64
#define LISTENERS    16  /* of each kind, since they are called for each record */
#define STEPS_MAX    200 /* so that an input ends in time */
#define CALLBACK_MAX 20000

#define PREFIX "Conn::extraction_prefix" /* of files, which must not be written here */

struct world {
	const uint8_t   *p; /* the rest of the input */
	size_t           n;
	connlog_options *options;
	connlog_engine  *engine;
	connlog_writer  *writer;
	unsigned         listeners, policies;
	unsigned         seed;    /* selects what policies do */
	uint64_t         called;  /* callbacks so far: the engine is stopped after CALLBACK_MAX */
	int64_t          usec;    /* time of the next packet */
	char             err[96]; /* deliberately too short for some messages */
};

/* ---- taking arguments from the input */

static uint64_t
take(struct world *w, unsigned bytes)
{
	uint64_t v = 0;
	for (; bytes > 0 && w->n > 0; bytes--, w->n--)
		v = v << 8 | *w->p++;
	return v;
}

/* Returns a text of up to TEXT_MAX - 1 bytes. */
static const char *
take_text(struct world *w, char text[TEXT_MAX])
{
	const size_t want = take(w, 1) % TEXT_MAX, n = want < w->n ? want : w->n;
	memcpy(text, w->p, n);
	text[n] = '\0';
	w->p += n;
	w->n -= n;
	return text;
}

/* Returns bytes in memory of exactly their size, so that ASan detects the first byte read after them. */
static uint8_t *
take_bytes(struct world *w, size_t want, size_t *n)
{
	*n = want < w->n ? want : w->n;
	uint8_t *copy = malloc(*n ? *n : 1);
	check(copy != NULL, "no memory");
	memcpy(copy, w->p, *n);
	w->p += *n;
	w->n -= *n;
	return copy;
}

static void
check_failed(struct world *w, bool failed)
{
	check(memchr(w->err, '\0', sizeof w->err) != NULL, "a text is not terminated");
	check(!failed || w->err[0] != '\0', "a failure without a text");
	w->err[0] = '\0';
}

/* ---- callbacks -------------------------------------------------------------------------------------------------- */

static void
look_at_value(connlog_value v)
{
	char         text[128];
	const size_t n = connlog_value_text(v, text, sizeof text);
	check(n < sizeof text ? strlen(text) <= n : strlen(text) <= sizeof text - 1, "a text is not terminated");
}

static void
look_at_record(const connlog_record *r)
{
	connlog_extra extra;

	for (size_t i = 0; connlog_column_at(i) != NULL; i++) {
		const connlog_value v = connlog_record_get(r, i);
		check(!v.set || v.type == connlog_column_at(i)->type, "a value has another type than its column");
		look_at_value(v);
	}
	check(!connlog_record_get(r, 1000).set && !connlog_record_find(r, "nothing").set, "no column has a value");
	for (size_t i = 0; connlog_record_extra(r, i, &extra); i++)
		check(extra.name.n == 0 || extra.name.p != NULL, "an extra without a name");
}

static int
on_record(void *arg, const connlog_record *r)
{
	struct world *w = arg;

	look_at_record(r);
	if (w->writer != NULL)
		check(connlog_writer_record(w->writer, r) == CONNLOG_OK, "a record cannot be written");
	if (w->writer != NULL && connlog_writer_bytes(w->writer).n > 1 << 20)
		connlog_writer_clear(w->writer);
	return w->called++ < CALLBACK_MAX ? CONNLOG_OK : 1;
}

/* Sets a column of the record to a value of any type, chosen by `seed`. */
static void
set_something(connlog_record *r, unsigned seed)
{
	static const connlog_text texts[3] = { { "a,b", 3 }, { "", 0 }, { "\xff\0\"\\", 4 } };
	connlog_value             v = { .type = (connlog_type)(seed >> 6 & 15), .set = (seed >> 10 & 7) != 0 };
	const size_t              column = seed & 63;
	char                      before[64], after[64];

	if ((seed & 1024) != 0 && connlog_column_at(column) != NULL)
		v.type = connlog_column_at(column)->type;
	if (v.type == CONNLOG_STRING || v.type == CONNLOG_ENUM || v.type == CONNLOG_BYTES)
		v.text = seed & 2048 ? texts[seed % 3] : connlog_record_find(r, seed & 4096 ? "proto" : "history").text;
	else if (v.type == CONNLOG_STRING_SET)
		v.texts = (connlog_texts){ texts, seed >> 11 & 3 };
	else if (v.type == CONNLOG_TIME || v.type == CONNLOG_INTERVAL || v.type == CONNLOG_DOUBLE)
		v.number = seed & 2048 ? (double)seed * 1e300 : (double)seed / -3;
	else if (v.type == CONNLOG_BOOL)
		v.boolean = seed & 2048;
	else if (v.type != CONNLOG_COUNTS && v.type != CONNLOG_READ_RECORD && v.type != CONNLOG_RECORDS)
		v.count = (uint64_t)seed << (seed >> 13 & 63);
	connlog_value_text(connlog_record_get(r, column), before, sizeof before);
	if (v.set && v.text.n > 0 && v.text.p == NULL)
		v.set = false;
	const int status = connlog_record_set(r, column, v);
	check(status == CONNLOG_OK || status == CONNLOG_BAD_OPTION, "a column is set with an unknown answer");
	check((connlog_column_at(column) != NULL) == (connlog_column_takes(column) != NULL), "a column takes nothing");
	connlog_value_text(connlog_record_get(r, column), after, sizeof after);
	if (status != CONNLOG_OK)
		check(strcmp(before, after) == 0, "a column has changed that could not be set");
	else
		check(connlog_record_get(r, column).set == v.set, "a column is not as it was set");
}

static bool
on_policy(void *arg, connlog_record *r)
{
	struct world *w = arg;

	for (unsigned i = 0; i < 4; i++) {
		w->seed = w->seed * 1103515245 + 12345;
		set_something(r, w->seed >> 8);
	}
	w->called++;
	return w->seed >> 28 != 0;
}

static int
on_event(void *arg, const connlog_event *event)
{
	struct world             *w = arg;
	const connlog_event_info *info = connlog_event_at(connlog_event_which(event));

	check(info != NULL && connlog_event_find(info->name) == (int)connlog_event_which(event), "an unknown event");
	for (size_t i = 0; info->arguments[i].name != NULL; i++) {
		const connlog_value v = connlog_event_argument(event, i);
		check(!v.set || v.type == info->arguments[i].type, "an argument has another type than it should");
		look_at_value(v);
	}
	check(!connlog_event_argument(event, CONNLOG_ARGUMENTS_MAX + 1).set, "an argument too many");
	check(connlog_event_time(event) == connlog_event_time(event), "an event at no time");
	look_at_record(connlog_event_record(event));
	if (w->called % 3 == 0)
		connlog_event_extract(event, w->called & 1, w->called & 2);
	if (w->called % 5 == 0)
		connlog_event_set_threshold(event, (connlog_threshold)(w->called & 3), (double)(w->called % 97) - 1,
		                            w->called & 4);
	return w->called++ < CALLBACK_MAX ? CONNLOG_OK : 2;
}

static void
on_notice(void *arg, const char *text)
{
	check(arg != NULL && text[0] != '\0', "a notice without words");
}

static void
on_counter(void *arg, const char *group, const char *name, uint64_t value)
{
	(void)value;
	check(arg != NULL && group[0] != '\0' && name[0] != '\0', "a counter without a name");
}

/* ---- steps ------------------------------------------------------------------------------------------------------- */

static void
set_option(struct world *w)
{
	static const char *const values[] = { "T", "F", "0", "1", "-1", "1usec", "5min", "10.0.0.0/8,::/0", "80/tcp,53/udp",
		                                  "",  "4" };
	char                     name[TEXT_MAX], value[TEXT_MAX];
	const connlog_option_info *info = connlog_option_at(take(w, 1));
	const uint64_t             which = take(w, 1) % (sizeof values / sizeof values[0] + 1);

	take_text(w, name);
	take_text(w, value);
	if (strncmp(info ? info->name : name, PREFIX, strlen(PREFIX)) == 0)
		return;
	const int status = connlog_options_set(w->options, info ? info->name : name, which > 0 ? values[which - 1] : value,
	                                       w->err, sizeof w->err);
	check_failed(w, status != CONNLOG_OK);
}

/* Returns the engine, creating it when it is first needed. */
static connlog_engine *
engine(struct world *w)
{
	if (w->engine == NULL) {
		w->engine = connlog_engine_new(w->options, w->err, sizeof w->err);
		check_failed(w, w->engine == NULL);
		check(w->engine != NULL, "no engine");
		w->listeners = w->policies = 0;
		w->called = 0;
	}
	return w->engine;
}

static void
drop_engine(struct world *w)
{
	connlog_engine_free(w->engine);
	w->engine = NULL;
}

static void
feed(struct world *w)
{
	static const int32_t links[] = { 1, 12, 113, 276, 0, 9, 105, 127 };
	connlog_packet       packets[40];
	size_t               n = take(w, 1) % 40, caplen;

	for (size_t i = 0; i < n; i++) {
		const uint64_t how = take(w, 1), step = take(w, 1), size = take(w, 2);
		uint8_t       *data = take_bytes(w, size % 4096, &caplen);
		w->usec += how & 2 ? -(int64_t)step : (int64_t)(UINT64_C(1) << (step & 31));
		packets[i] = (connlog_packet){ .data = data,
			                           .caplen = (uint32_t)caplen,
			                           .len = (uint32_t)(how & 4 ? take(w, 4) : caplen),
			                           .link = how & 8 ? (int32_t)take(w, 4) : links[how / 16 % 8],
			                           .sec = w->usec / 1000000,
			                           .nsec = (uint32_t)(w->usec % 1000000 * 1000),
			                           .flags = (uint32_t)(how & CONNLOG_PACKET_NOT_SUMMED) };
	}
	connlog_packets(engine(w), packets, n);
	for (size_t i = 0; i < n; i++)
		free((void *)(uintptr_t)packets[i].data);
}

static void
listen(struct world *w)
{
	const uint64_t which = take(w, 1);

	if (w->listeners++ >= LISTENERS)
		return;
	const int status = connlog_on_event(engine(w), (connlog_event_id)(which % 64), on_event, w);
	check(status == (which % 64 < CONNLOG_EVENTS ? CONNLOG_OK : CONNLOG_BAD_OPTION), "listening to an event");
	if (which & 64)
		check(connlog_on_record(engine(w), on_record, w) == CONNLOG_OK, "listening to records");
	if (which & 128)
		connlog_on_notice(engine(w), which & 1 ? on_notice : NULL, w);
}

static void
add_policy(struct world *w)
{
	w->seed ^= (unsigned)take(w, 4);
	if (w->policies++ < LISTENERS)
		check(connlog_on_policy(engine(w), on_policy, w) == CONNLOG_OK, "adding a policy");
}

static void
idle(struct world *w)
{
	const int64_t sec = (int64_t)take(w, 8);
	connlog_idle(engine(w), sec, (uint32_t)take(w, 4));
}

static void
finish(struct world *w)
{
	const int status = connlog_finish(engine(w));
	check(status == connlog_finish(engine(w)), "two ends differ");
	connlog_counters(engine(w), on_counter, w);
	check(connlog_error_text(status)[0] != '\0', "an error without words");
}

static void
new_writer(struct world *w)
{
	static const char *const times[] = {
		NULL, "JSON::TS_EPOCH", "JSON::TS_MILLIS", "JSON::TS_MILLIS_UNSIGNED", "JSON::TS_ISO8601", "nonsense"
	};
	char                         fields[TEXT_MAX];
	const uint64_t               how = take(w, 1);
	const connlog_format_info   *format = connlog_format_at(take(w, 1) % 12);
	const connlog_writer_options options = { .format = format    ? format->name
		                                               : how & 1 ? "nonsense"
		                                                         : NULL,
		                                     .fields = how & 2   ? "all"
		                                               : how & 4 ? take_text(w, fields)
		                                                         : NULL,
		                                     .json_timestamps = times[how / 8 % 6],
		                                     .json_streaming = how & 128 };

	connlog_writer_free(w->writer);
	w->writer = connlog_writer_new(&options, w->err, sizeof w->err);
	check_failed(w, w->writer == NULL);
	if (w->writer != NULL)
		connlog_writer_has(w->writer, take(w, 1));
}

static void
use_writer(struct world *w)
{
	const uint64_t how = take(w, 1);
	const double   when = (double)(int64_t)take(w, 8);

	if (w->writer == NULL)
		return;
	check((how & 1 ? connlog_writer_open(w->writer, when) : connlog_writer_close(w->writer, when)) == CONNLOG_OK,
	      "no header");
	connlog_writer_clock(w->writer, when);
	connlog_sink      *sink = how & 2 ? connlog_sink_file("/dev/null", w->err, sizeof w->err)
	                                  : connlog_sink_file("/nonexistent/file", w->err, sizeof w->err);
	const connlog_text bytes = connlog_writer_bytes(w->writer);
	check_failed(w, sink == NULL);
	if (sink != NULL && how & 4)
		check(connlog_sink_write(sink, bytes.p, bytes.n, NULL, 0) == CONNLOG_OK, "/dev/null is full");
	if (sink != NULL && how & 8)
		check(connlog_sink_close(sink, NULL, 0) == CONNLOG_OK, "/dev/null cannot be closed");
	connlog_sink_free(sink);
	connlog_writer_clear(w->writer);
}

/* Writes the next bytes to a file and stores its path. Returns its descriptor. */
static int
take_file(struct world *w, char path[32])
{
	size_t    n;
	uint8_t  *bytes = take_bytes(w, take(w, 2), &n);
	const int fd = memfd_create("fuzz", MFD_CLOEXEC);

	check(fd >= 0 && write(fd, bytes, n) == (ssize_t)n, "no file in memory");
	free(bytes);
	snprintf(path, 32, "/proc/self/fd/%d", fd);
	return fd;
}

static void
read_source(struct world *w)
{
	static const char *const filters[] = { NULL, "tcp", "ip6 or udp", "nonsense", "" };
	char                     path[32];
	const char *const        paths[] = { path };
	const char              *filter = filters[take(w, 1) % 5];
	const int                fd = take_file(w, path);
	connlog_source          *s = connlog_source_files(paths, 1, filter, w->err, sizeof w->err);
	int                      status = CONNLOG_END;

	check_failed(w, s == NULL);
	for (int tries = 0; s != NULL && tries < 1000; tries++) {
		status = connlog_run(engine(w), s, w->err, sizeof w->err);
		check_failed(w, status != CONNLOG_END);
		if (status != CONNLOG_BAD_INPUT && status != CONNLOG_IO)
			break;
	}
	check(status == CONNLOG_END || status > 0, "a file does not end");
	connlog_source_free(s);
	close(fd);
}

static void
read_log(struct world *w)
{
	char                         path[32];
	const char *const            paths[] = { path };
	const connlog_format_info   *format = connlog_format_at(take(w, 1) % 12);
	const connlog_reader_options options = { .format = format ? format->name : NULL };
	const unsigned               seed = (unsigned)take(w, 4);
	const int                    fd = take_file(w, path);
	connlog_reader              *r = connlog_reader_files(paths, 1, &options, w->err, sizeof w->err);
	const connlog_record        *record;
	connlog_column_info          info;
	int                          status;

	check_failed(w, r == NULL);
	while (r != NULL && (status = connlog_reader_next(r, &record, w->err, sizeof w->err)) != CONNLOG_END) {
		check_failed(w, status < 0);
		if (status == CONNLOG_READ_COLUMNS) {
			for (size_t i = 0; connlog_columns_at(connlog_reader_columns(r), i, &info); i++)
				check(info.name != NULL && info.type_name != NULL, "a column without a name");
			if (w->writer != NULL)
				connlog_writer_columns(w->writer, connlog_reader_columns(r), 0, NULL, 0);
		} else if (status == CONNLOG_READ_RECORD) {
			set_something(connlog_reader_record(r), seed);
			on_record(w, record);
		}
	}
	connlog_reader_free(r);
	close(fd);
}

/* corpus.py makes seeds with these numbers. */
static void (*const steps[16])(struct world *w) = {
	feed,       listen,      add_policy, new_writer, set_option, drop_engine, idle, finish,
	use_writer, read_source, read_log,   feed,       feed,       feed,        feed, listen,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct world w = { .p = data, .n = n, .options = connlog_options_new(), .usec = INT64_C(1700000000) * 1000000 };

	check(w.options != NULL, "no options");
	if (take(&w, 1) & 3) /* building the signatures' automata takes longer than everything else */
		check(connlog_options_set(w.options, "detect_services", "F", NULL, 0) == CONNLOG_OK, "no such option");
	check(connlog_options_set(w.options, PREFIX, "/nonexistent/", NULL, 0) == CONNLOG_OK, "no such option");
	for (unsigned i = 0; w.n > 0 && i < STEPS_MAX; i++)
		steps[take(&w, 1) % 16](&w);
	finish(&w);
	connlog_options_free(w.options);
	connlog_engine_free(w.engine);
	connlog_writer_free(w.writer);
	return 0;
}
