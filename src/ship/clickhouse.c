/* clickhouse.c - clickhouse://[USER:PASSWORD@]HOST[:PORT]/TABLE, and clickhouses:// over TLS: rows of a table, through
 * ClickHouse's HTTP interface (INSERT INTO TABLE FORMAT JSONEachRow).
 *
 * Lines are collected into batches of some megabytes or one second, since ClickHouse works best with few, large
 * inserts. A batch counts as delivered when the server has confirmed the insert. A batch without a response is sent
 * again with the same insert_deduplication_token, by which tables with a deduplication window (replicated ones by
 * default) recognise it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "sensor/clock.h"
#include "ship/http.h"
#include "ship/kind.h"
#include "ship/place.h"

#define ANSWER  60.0 /* seconds to wait for the response to an insert */
#define REFUSAL 0.5  /* seconds to wait for the response to a request that could not be sent completely */

enum {
	BATCH_BYTES = 4 << 20,
	BATCH_MOST = 64 << 20,
	HEAD_MAX = 8 << 10,
	MARKS = 4096, /* pieces of lines that a batch may come from */
};

struct clickhouse {
	struct place *place;
	char         *head; /* of a request, up to the token */
	char         *tail; /* header fields except for the length */
	size_t        batch_bytes;
	double        batch_age;

	/* Unacknowledged lines, which are kept when the connection breaks. */
	char  *batch;
	size_t n, rows, room;
	double begun_at;
	struct mark {
		uint64_t mark;
		uint64_t rows;
	} marks[MARKS]; /* which lines of the queue the batch holds */
	size_t             marks_n;
	struct http_answer answer;
	bool               used; /* the connection has had a response */
};

/* ---- settings ----------------------------------------------------------------------------------------------------- */

static void
put_encoded(FILE *f, const char *text)
{
	for (const unsigned char *p = (const unsigned char *)text; *p != '\0'; p++)
		fprintf(f,
		        (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') || *p == '_'
		            ? "%c"
		            : "%%%02X",
		        *p);
}

/* Writes `NAME`, escaping what would end it. */
static void
put_name(FILE *f, const char *name)
{
	fputs("%60", f);
	for (; *name != '\0'; name++) {
		const char one[] = { *name, '\0' };
		if (*name == '`' || *name == '\\')
			fputs("%5C", f);
		put_encoded(f, one);
	}
	fputs("%60", f);
}

/* Writes the settings of the insert: the built-in ones, and clickhouse.NAME=VALUE. */
static void
put_settings(FILE *f, struct url *u)
{
	static const char prefix[] = "clickhouse.";

	fputs("&input_format_skip_unknown_fields=1&date_time_input_format=best_effort", f);
	for (size_t i = 0; i < u->options_n; i++) {
		struct url_option *o = &u->options[i];
		if (strncmp(o->name, prefix, sizeof prefix - 1) != 0)
			continue;
		o->used = true;
		fputc('&', f);
		put_encoded(f, o->name + sizeof prefix - 1);
		fputc('=', f);
		put_encoded(f, o->value);
	}
}

/* Writes the part that all requests share. Returns false when out of memory. */
static bool
make_head(struct clickhouse *s, struct url *u)
{
	size_t      n = 0;
	const char *database = url_option(u, "database");
	FILE       *f = open_memstream(&s->head, &n);

	if (f == NULL)
		return false;
	fputs("POST /?query=INSERT%20INTO%20", f);
	if (database != NULL) {
		put_name(f, database);
		fputc('.', f);
	}
	put_name(f, u->path);
	fputs("%20FORMAT%20JSONEachRow", f);
	put_settings(f, u);
	fputs("&insert_deduplication_token=connlog-", f);
	if (fclose(f) != 0 || (f = open_memstream(&s->tail, &n)) == NULL)
		return false;
	fprintf(f, " HTTP/1.1\r\nHost: %s\r\nUser-Agent: connlog\r\nContent-Type: application/x-ndjson\r\n", u->hosts);
	if (u->user != NULL && *u->user != '\0')
		fprintf(f, "X-ClickHouse-User: %s\r\n", u->user);
	if (u->password != NULL)
		fprintf(f, "X-ClickHouse-Key: %s\r\n", u->password);
	return fclose(f) == 0;
}

/* Returns whether a text may be used in a header field. */
static bool
is_printable(const char *text)
{
	for (; text != NULL && *text != '\0'; text++)
		if ((unsigned char)*text < ' ' || *text == 127)
			return false;
	return true;
}

/* Returns what is wrong, or NULL. */
static const char *
take_options(struct clickhouse *s, struct url *u)
{
	const char *bytes = url_option(u, "batch_bytes"), *age = url_option(u, "batch_age");
	char       *end;

	s->batch_bytes = BATCH_BYTES;
	s->batch_age = 1;
	if (*u->path == '\0' || strchr(u->path, '/') != NULL)
		return "//HOST[:PORT]/TABLE is expected";
	if (!is_printable(u->user) || !is_printable(u->password) || !is_printable(u->hosts))
		return "control characters are not allowed in it";
	if (bytes != NULL) {
		const unsigned long value = strtoul(bytes, &end, 10);
		if (end == bytes || *end != '\0' || *bytes == '-' || value == 0 || value > BATCH_MOST)
			return "batch_bytes= wants a number of bytes, 67108864 at most";
		s->batch_bytes = value;
	}
	if (age != NULL) {
		s->batch_age = strtod(age, &end);
		if (end == age || *end != '\0' || !(s->batch_age >= 0 && s->batch_age <= 3600))
			return "batch_age= wants a number of seconds, 3600 at most";
	}
	return NULL;
}

static void
clickhouse_free(void *sink)
{
	struct clickhouse *s = sink;

	if (s->place != NULL)
		place_free(s->place);
	free(s->head);
	free(s->tail);
	free(s->batch);
	free(s);
}

static void *
prepare(struct url *u, bool tls, char *err, size_t err_size)
{
	struct clickhouse *s = calloc(1, sizeof *s);

	if (s == NULL) {
		snprintf(err, err_size, "out of memory");
		return NULL;
	}
	s->place = place_of_host(u, tls ? "8443" : "8123", tls, err, err_size);
	if (s->place != NULL) {
		const char *wrong = take_options(s, u);
		const bool  made = wrong == NULL && make_head(s, u);
		if (made && strlen(s->head) + strlen(s->tail) < HEAD_MAX)
			return s;
		snprintf(err, err_size, "%s", wrong != NULL ? wrong : made ? "it is too long" : "out of memory");
	}
	clickhouse_free(s);
	return NULL;
}

static void *
clickhouse_prepare(struct url *u, const struct ship_setup *setup, char *err, size_t err_size)
{
	(void)setup;
	return prepare(u, false, err, err_size);
}

/* ---- inserting ---------------------------------------------------------------------------------------------------- */

/* Reads a response. Returns 0, or -1 with a message in the link. */
static int
read_answer(struct clickhouse *s, struct link *l, double seconds)
{
	char    bytes[4096];
	ssize_t got;

	http_answer_init(&s->answer);
	while (s->answer.state != HTTP_DONE && s->answer.state != HTTP_BAD) {
		got = stream_read(&s->place->stream, l, bytes, sizeof bytes, seconds);
		if (got < 0)
			return http_answer_end(&s->answer) ? 0 : -1;
		if (http_answer_take(&s->answer, bytes, (size_t)got) < (size_t)got && s->answer.state == HTTP_DONE)
			s->answer.closes = true; /* more than was requested */
	}
	return s->answer.state == HTTP_DONE ? 0 : link_fail(l, "the answer is not HTTP: is it the HTTP port?");
}

/* Sends the batch. Returns 0, or -1 with a message in the link; a server may reject it before it has read
 * everything. */
static int
send_batch(struct clickhouse *s, struct link *l)
{
	char           head[HEAD_MAX + 256];
	size_t         done = 0;
	const uint32_t check = (uint32_t)crc32_z(0, (const unsigned char *)s->batch, s->n);
	const uint32_t other = (uint32_t)adler32_z(1, (const unsigned char *)s->batch, s->n);
	const int n = snprintf(head, sizeof head, "%s%08" PRIx32 "%08" PRIx32 "-%zu%sContent-Length: %zu\r\n\r\n", s->head,
	                       check, other, s->n, s->tail, s->n);

	if (stream_write(&s->place->stream, l, head, (size_t)n, &done) != 0)
		return -1;
	done = 0;
	return stream_write(&s->place->stream, l, s->batch, s->n, &done);
}

/* Marks the batch as inserted. */
static void
note_inserted(struct clickhouse *s, struct link *l)
{
	for (size_t i = 0; i < s->marks_n; i++)
		for (uint64_t row = 0; row < s->marks[i].rows; row++)
			l->settled(l, s->marks[i].mark, true);
	l->counts->flying -= s->rows;
	l->counts->delivered += s->rows;
	l->counts->moves++;
	s->n = s->rows = s->marks_n = 0;
	l->fine(l);
}

/* Returns 0 once the batch is inserted, or -1 with a message in the link: the batch is kept then, and the connection
 * has to be reopened. */
static int
insert(struct clickhouse *s, struct link *l)
{
	char why[LINK_TEXT];

	if (s->n == 0)
		return 0;
	http_answer_init(&s->answer);
	const bool sent = send_batch(s, l) == 0;
	if (!sent) {
		memcpy(why, l->why, sizeof why);
		if (l->stop || read_answer(s, l, REFUSAL) != 0)
			return link_fail(l, "%s", why);
	} else if (read_answer(s, l, ANSWER) != 0) {
		return -1;
	}
	while (s->answer.text_n > 0 && s->answer.text[s->answer.text_n - 1] == ' ')
		s->answer.text[--s->answer.text_n] = '\0';
	if (!sent || s->answer.status != 200 || s->answer.failed)
		return link_fail(l, "it refuses (HTTP %d): %s", s->answer.status,
		                 s->answer.text_n > 0 ? s->answer.text : "without a reason");
	s->used = true;
	note_inserted(s, l);
	return 0;
}

/* Sent bytes are no progress here, only a response is. */
static int
connect_again(struct clickhouse *s, struct link *l)
{
	place_close(s->place, l, false);
	s->answer.closes = s->used = false;
	if (place_open(s->place, l) != 0)
		return -1;
	s->place->stream.quiet = true;
	return 0;
}

static int
clickhouse_open(void *sink, struct link *l)
{
	struct clickhouse *s = sink;

	if (connect_again(s, l) != 0)
		return -1;
	if (insert(s, l) == 0)
		return 0;
	place_close(s->place, l, false);
	return -1;
}

/* Reopens the connection if the server closes it after each response, or has closed it while there was nothing to
 * insert. */
static int
get_ready(struct clickhouse *s, struct link *l)
{
	if (!s->answer.closes && stream_look(&s->place->stream, l) == 0)
		return 0;
	return connect_again(s, l);
}

static int
flush(struct clickhouse *s, struct link *l)
{
	if (s->n == 0)
		return 0;
	if (get_ready(s, l) != 0)
		return -1;
	const bool used = s->used;
	if (insert(s, l) == 0)
		return 0;
	/* An idle connection may have been closed just when it was used again: retry without a pause or a warning. */
	const bool silent = s->answer.state == HTTP_STATUS && s->answer.head_n == 0;
	return used && silent && !l->stop && connect_again(s, l) == 0 ? insert(s, l) : -1;
}

static int
clickhouse_idle(void *sink, struct link *l)
{
	struct clickhouse *s = sink;

	return s->n > 0 && clock_steady() >= s->begun_at + s->batch_age ? flush(s, l) : 0;
}

/* Appends lines. Returns false when out of memory. */
static bool
collect(struct clickhouse *s, const char *p, size_t n, uint64_t mark, uint64_t rows)
{
	if (s->n + n > s->room) {
		const size_t room = s->n + n > s->batch_bytes ? s->n + n : s->batch_bytes;
		char        *more = realloc(s->batch, room);
		if (more == NULL)
			return false;
		s->batch = more;
		s->room = room;
	}
	if (s->n == 0)
		s->begun_at = clock_steady();
	memcpy(s->batch + s->n, p, n);
	s->n += n;
	s->rows += rows;
	s->marks[s->marks_n++] = (struct mark){ mark, rows };
	return true;
}

static int
clickhouse_deliver(void *sink, struct link *l, const char *p, size_t n, size_t *done)
{
	struct clickhouse *s = sink;
	uint64_t           rows = 0;

	for (const char *at = p + *done, *end = p + n; at < end && (at = memchr(at, '\n', (size_t)(end - at))) != NULL;
	     at++)
		rows++;
	if (s->n > 0 && (s->n + n - *done > s->batch_bytes || s->marks_n == MARKS) && flush(s, l) != 0)
		return -1;
	if (rows > 0 && !collect(s, p + *done, n - *done, l->mark, rows))
		return link_fail(l, "out of memory");
	l->counts->flying += rows;
	*done = n;
	return s->n >= s->batch_bytes ? flush(s, l) : clickhouse_idle(s, l);
}

static int
clickhouse_settle(void *sink, struct link *l)
{
	return flush(sink, l);
}

/* When delivery ends, unacknowledged lines are returned to the queue. */
static int
clickhouse_close(void *sink, struct link *l, bool well)
{
	struct clickhouse *s = sink;
	const char        *end;

	for (size_t at = 0; l->stop && at < s->n && (end = memchr(s->batch + at, '\n', s->n - at)) != NULL;
	     at = (size_t)(end + 1 - s->batch)) {
		l->counts->flying--;
		l->take_back(l, s->batch + at, (size_t)(end + 1 - s->batch) - at);
	}
	if (l->stop)
		s->n = s->rows = s->marks_n = 0;
	return place_close(s->place, l, well);
}

const struct ship_kind kind_clickhouse = {
	.scheme = "clickhouse",
	.syntax = "clickhouse://HOST/TABLE",
	.format = "json",
	.needs = NEED_NETWORK,
	.fixed = true,
	.counts = true,
	.prepare = clickhouse_prepare,
	.open = clickhouse_open,
	.deliver = clickhouse_deliver,
	.idle = clickhouse_idle,
	.settle = clickhouse_settle,
	.close = clickhouse_close,
	.free = clickhouse_free,
};

/* ---- TLS ---------------------------------------------------------------------------------------------------------- */

static void *
clickhouses_prepare(struct url *u, const struct ship_setup *setup, char *err, size_t err_size)
{
	(void)setup;
	return prepare(u, true, err, err_size);
}

const struct ship_kind kind_clickhouses = {
	.scheme = "clickhouses",
	.syntax = "clickhouses://HOST/TABLE",
#ifndef CONNLOG_OPENSSL
	.missing = "libssl-dev",
#endif
	.format = "json",
	.needs = NEED_NETWORK,
	.fixed = true,
	.counts = true,
	.prepare = clickhouses_prepare,
	.open = clickhouse_open,
	.deliver = clickhouse_deliver,
	.idle = clickhouse_idle,
	.settle = clickhouse_settle,
	.close = clickhouse_close,
	.free = clickhouse_free,
};
