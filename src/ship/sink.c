/* sink.c - see sink.h. */
#include "ship/sink.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "sensor/clock.h"
#include "sensor/out.h"

#define PATIENCE 0.25 /* seconds that a live run waits for room */
#define SLICE    0.1  /* seconds between checks whether any process delivers */

enum {
	FLUSH_SIZE = 64 << 10, /* bytes */
	PIECES = 4,            /* lines are divided so that at least this many pieces fit into the memory */
	NAME_ROOM = 64,
};

/* ---- options ------------------------------------------------------------------------------------------------------ */

/* Lists the known kinds. */
static void
unknown_kind(const char *scheme, char *err, size_t err_size)
{
	int n = snprintf(err, err_size, "no sink is called %s: known are", scheme);

	for (size_t i = 0; ship_kind_at(i) != NULL && n >= 0 && (size_t)n < err_size; i++)
		n += snprintf(err + n, err_size - (size_t)n, " %s", ship_kind_at(i)->syntax);
}

/* Adds the column that is used as key, or that the kind of sink needs, to the fields. Returns false and writes a
 * message to `err`. */
static bool
add_column(struct sink *k, char *err, size_t err_size)
{
	const char *key = k->kind->keyed ? url_option(&k->url, "key") : NULL, *fields = k->options.fields;
	const char *column = key != NULL ? key : k->kind->column;

	if (column == NULL)
		return true;
	if (connlog_column_find(column) < 0) {
		snprintf(err, err_size, "key=%s: there is no such column", column);
		return false;
	}
	if (asprintf(&k->fields, "%s%s+%s", fields != NULL ? fields : "", fields != NULL ? "," : "", column) >= 0) {
		k->options.fields = k->fields;
		return true;
	}
	k->fields = NULL;
	snprintf(err, err_size, "out of memory");
	return false;
}

/* Chooses the kind and the format. Returns false and writes a message to `err`. */
static bool
choose(struct sink *k, unsigned flags, char *err, size_t err_size)
{
	const char         *condition = url_option(&k->url, "where");
	connlog_where_error wrong;

	if (condition == NULL || (k->where = connlog_where_new(condition, flags, &wrong)) != NULL)
		return true;
	snprintf(err, err_size, "where=: %s, at \"%.*s\"", wrong.text, (int)wrong.n, condition + wrong.at);
	return false;
}

/* Applies the options that all kinds share.  Returns false and writes a message to `err`. */
static bool
common_options(struct sink *k, char *err, size_t err_size)
{
	const char *format = url_option(&k->url, "format"), *fields = url_option(&k->url, "fields");
	const char *times = url_option(&k->url, "json-timestamps"), *patience = url_option(&k->url, "timeout");

	if (k->kind->fixed && format != NULL) {
		snprintf(err, err_size, "it has no format");
		return false;
	}
	if (k->kind->fixed)
		k->options.json_timestamps = NULL;
	if (format != NULL)
		k->options.format = format;
	else if (k->kind->format != NULL)
		k->options.format = k->kind->format;
	if (k->options.format != NULL && strcmp(k->options.format, "parquet") == 0) {
		snprintf(err, err_size, "parquet is no format for this sink: use parquet:DIR, or add format=");
		return false;
	}
	if (fields != NULL)
		k->options.fields = *fields != '\0' ? fields : NULL;
	if (times != NULL)
		k->options.json_timestamps = times;
	if (patience != NULL) {
		char *end;
		k->patience = strtod(patience, &end);
		if (end == patience || *end != '\0' || !(k->patience > 0)) {
			snprintf(err, err_size, "timeout=%s: a number of seconds is expected", patience);
			return false;
		}
	}
	return add_column(k, err, err_size);
}

/* Derives the name of the sink's spool folder from its hosts and path: their letters and digits, and a checksum. */
static bool
make_name(struct sink *k)
{
	char        text[NAME_ROOM];
	size_t      n = 0;
	const char *hosts = k->url.hosts != NULL ? k->url.hosts : "";
	uLong       check = crc32(0, (const Bytef *)hosts, (uInt)strlen(hosts));

	check = crc32(check, (const Bytef *)k->url.path, (uInt)strlen(k->url.path));
	for (const char *part = hosts; part != NULL; part = part == hosts ? k->url.path : NULL)
		for (const char *p = part; *p != '\0' && n + 1 < sizeof text; p++)
			text[n++] = isalnum((unsigned char)*p) ? *p : '-';
	text[n] = '\0';
	if (asprintf(&k->name, "%s-%s-%08lx", k->url.scheme, text, check) >= 0)
		return true;
	k->name = NULL;
	return false;
}

/* Prepares the sink. Returns false and writes a message to `err`. */
static bool
prepare(struct sink *k, const struct ship_options *o, char *err, size_t err_size)
{
	struct ship_setup setup = { .live = o->live, .writer = &k->options };

	k->kind = ship_kind_find(k->url.scheme);
	if (k->kind == NULL) {
		unknown_kind(k->url.scheme, err, err_size);
		return false;
	}
	if (k->kind->missing != NULL) {
		snprintf(err, err_size, "this connlog was built without it: install %s and build it anew", k->kind->missing);
		return false;
	}
	if (!common_options(k, err, err_size) || !choose(k, o->extras ? CONNLOG_WHERE_EXTRAS : 0, err, err_size) ||
	    (k->made = k->kind->prepare(&k->url, &setup, err, err_size)) == NULL)
		return false;
	const char *unknown = url_unknown(&k->url);
	if (unknown == NULL)
		return true;
	snprintf(err, err_size, "it has no option \"%s\"", unknown);
	return false;
}

bool
sink_init(struct sink *k, const char *text, const struct ship_options *o, char *err, size_t err_size)
{
	char why[SHIP_NAME_MAX * 2];

	*k = (struct sink){ .control = -1, .options = *o->writer, .waits = !o->live, .patience = o->patience };
	bool good = url_parse(&k->url, text, why, sizeof why) && prepare(k, o, why, sizeof why);
	if (good && (!make_name(k) || !ring_init(&k->ring, o->memory))) {
		snprintf(why, sizeof why, "out of memory");
		good = false;
	}
	if (!good)
		snprintf(err, err_size, "%s: %s", k->url.shown != NULL ? k->url.shown : text, why);
	return good;
}

void
sink_free(struct sink *k)
{
	ring_free(&k->ring);
	connlog_writer_free(k->writer);
	connlog_where_free(k->where);
	if (k->made != NULL)
		k->kind->free(k->made);
	free(k->name);
	free(k->fields);
	url_free(&k->url);
}

/* ---- sending ------------------------------------------------------------------------------------------------------ */

void
sink_begin(struct sink *k, const volatile sig_atomic_t *hurry, const struct ship_times *times)
{
	k->times = times;
	k->hurry = hurry;
}

/* Returns whether a process delivers this sink's records, or one will. */
static bool
is_served(const struct sink *k)
{
	struct pollfd p = { .fd = k->control, .events = POLLIN };

	return !k->counts->gone && poll(&p, 1, 0) <= 0;
}

/* Puts a piece into the shared memory, waiting for room if necessary. Returns whether there was room. */
static bool
put_piece(struct sink *k, enum spool_kind kind, connlog_text t, uint64_t records, double until)
{
	const struct ring_frame f = { .kind = kind, .n = (uint32_t)t.n, .records = (uint32_t)records };

	if (t.n > ring_most(&k->ring))
		return false;
	for (;;) {
		const uint32_t freed = k->ring.shared->freed;
		if (ring_put(&k->ring, &f, t.p, NULL))
			return true;
		const double left = until - clock_steady();
		if (left <= 0 || (k->hurry != NULL && *k->hurry) || !is_served(k))
			return false;
		ring_wait_freed(&k->ring, freed, fmin(left, SLICE));
	}
}

/* Returns how many bytes to put in one go: whole lines, and more than a quarter of the memory only if a single line is
 * that long. */
static size_t
piece_of(const struct sink *k, connlog_text t)
{
	const size_t most = k->ring.size / PIECES;

	if (t.n <= most)
		return t.n;
	const size_t whole = whole_lines(t.p, most);
	if (whole > 0)
		return whole;
	const char *end = memchr(t.p, '\n', t.n);
	return end != NULL ? (size_t)(end + 1 - t.p) : t.n;
}

static void
put(struct sink *k, enum spool_kind kind, connlog_text t, uint64_t records)
{
	do {
		const double       until = k->waits ? INFINITY : k->stuck ? 0 : clock_steady() + PATIENCE;
		const connlog_text piece = { t.p, piece_of(k, t) };
		const uint64_t     lines = piece.n < t.n ? count_lines(piece.p, piece.n) : records;
		const uint64_t     n = lines < records ? lines : records;
		k->stuck = !put_piece(k, kind, piece, n, until);
		if (k->stuck)
			k->lost += n;
		records -= n;
		t.p += piece.n;
		t.n -= piece.n;
	} while (t.n > 0);
}

/* Sends the writer's buffer. */
static void
hand_on(struct sink *k, enum spool_kind kind)
{
	const connlog_text t = connlog_writer_bytes(k->writer);

	if (t.n > 0 || kind == SPOOL_FOOT)
		put(k, kind, t, k->pending);
	k->pending = 0;
	connlog_writer_clear(k->writer);
}

static void
send_head(struct sink *k)
{
	if (k->headed)
		return;
	k->headed = true;
	connlog_writer_open(k->writer, k->times != NULL ? *k->times->open : clock_wall());
	hand_on(k, SPOOL_HEAD);
}

void
sink_record(struct sink *k, const connlog_record *r)
{
	if (k->where != NULL && !connlog_where_match(k->where, r))
		return;
	send_head(k);
	k->records++;
	if (k->options.json_streaming)
		connlog_writer_clock(k->writer, k->times != NULL ? k->times->now(k->times->arg) : clock_wall());
	if (connlog_writer_record(k->writer, r) == CONNLOG_OK)
		k->pending++;
	else
		k->lost++;
	if (connlog_writer_bytes(k->writer).n >= FLUSH_SIZE)
		hand_on(k, SPOOL_LINES);
}

void
sink_lines(struct sink *k, connlog_text t, uint64_t records)
{
	send_head(k);
	k->records += records;
	put(k, SPOOL_LINES, t, records);
}

/* When the columns change, the writer emits a footer and a new header between the lines. */
void
sink_columns(struct sink *k, const connlog_columns *columns)
{
	sink_flush(k);
	connlog_writer_columns(k->writer, columns, clock_wall(), NULL, 0);
	if (!k->headed || connlog_writer_bytes(k->writer).n == 0)
		return;
	hand_on(k, SPOOL_LINES);
	k->headed = false;
	send_head(k);
}

void
sink_flush(struct sink *k)
{
	if (k->pending > 0)
		hand_on(k, SPOOL_LINES);
}

void
sink_end(struct sink *k)
{
	send_head(k);
	sink_flush(k);
	connlog_writer_close(k->writer, k->times != NULL ? *k->times->last : clock_wall());
	hand_on(k, SPOOL_FOOT);
	ring_close(&k->ring);
}
