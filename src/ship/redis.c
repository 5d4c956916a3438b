/* redis.c - redis://[USER:PASSWORD@]HOST[:PORT]/STREAM, and rediss:// over TLS: an entry of a stream per line (XADD).
 * Hiredis formats commands and parses replies; the connection is our own. An entry has one field, "record". Entries are
 * confirmed one by one; when a connection breaks, those in flight may arrive twice. */
#include <stddef.h>

#include "ship/kind.h"
#include "ship/place.h"

#ifdef CONNLOG_HIREDIS
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATIENCE 10.0 /* seconds to wait for a reply */

enum { WORDS = 8, PIPELINE = 256 /* commands waiting for their replies */ };

struct redis {
	struct place *place;
	const char   *user, *password, *database;
	const char   *words[WORDS]; /* of a command, except for the last one, which is the line */
	size_t        lengths[WORDS];
	int           words_n;
	redisReader  *reader; /* of replies; set while it is open */
	char         *out;    /* commands to be sent */
	size_t        out_n, out_room;
};

static void
add_word(struct redis *s, const char *word)
{
	s->words[s->words_n] = word;
	s->lengths[s->words_n++] = strlen(word);
}

static void
redis_free(void *sink)
{
	struct redis *s = sink;

	if (s->place != NULL)
		place_free(s->place);
	free(s->out);
	free(s);
}

static void *
prepare(struct url *u, bool tls, char *err, size_t err_size)
{
	struct redis *s = calloc(1, sizeof *s);
	const char   *most = url_option(u, "maxlen");
	char         *end;

	if (s == NULL) {
		snprintf(err, err_size, "out of memory");
		return NULL;
	}
	s->user = u->user;
	s->password = u->password;
	s->database = url_option(u, "db");
	s->place = place_of_host(u, "6379", tls, err, err_size);
	if (s->place == NULL || *u->path == '\0' || strtol(s->place->port, &end, 10) <= 0 || *end != '\0') {
		if (s->place != NULL || u->hosts == NULL)
			snprintf(err, err_size, "//HOST[:PORT]/STREAM is expected");
		redis_free(s);
		return NULL;
	}
	add_word(s, "XADD");
	add_word(s, u->path);
	if (most != NULL) {
		add_word(s, "MAXLEN");
		add_word(s, "~");
		add_word(s, most);
	}
	add_word(s, "*");
	add_word(s, "record");
	s->words_n++;
	return s;
}

static void *
redis_prepare(struct url *u, const struct ship_setup *setup, char *err, size_t err_size)
{
	(void)setup;
	return prepare(u, false, err, err_size);
}

static void *
rediss_prepare(struct url *u, const struct ship_setup *setup, char *err, size_t err_size)
{
	(void)setup;
	return prepare(u, true, err, err_size);
}

/* Appends a command to those to be sent. Returns false when out of memory. */
static bool
add_command(struct redis *s, const char **words, const size_t *lengths, int n)
{
	char     *command;
	const int size = redisFormatCommandArgv(&command, n, words, lengths);

	if (size < 0)
		return false;
	const size_t need = s->out_n + (size_t)size;
	char        *more = need > s->out_room ? realloc(s->out, need * 2) : s->out;
	if (more != NULL) {
		s->out_room = need > s->out_room ? need * 2 : s->out_room;
		s->out = more;
		memcpy(s->out + s->out_n, command, (size_t)size);
		s->out_n = need;
	}
	redisFreeCommand(command);
	return more != NULL;
}

/* Sends the commands. Returns 0, or -1 with a message in the link. */
static int
send_commands(struct redis *s, struct link *l)
{
	const size_t n = s->out_n;
	size_t       done = 0;

	s->out_n = 0;
	return stream_write(&s->place->stream, l, s->out, n, &done);
}

/* Reads a reply. Returns 0, or -1 with a message in the link. */
static int
take_reply(struct redis *s, struct link *l)
{
	void *reply = NULL;
	char  bytes[4096];

	for (;;) {
		if (redisReaderGetReply(s->reader, &reply) != REDIS_OK)
			return link_fail(l, "%s", s->reader->errstr);
		if (reply != NULL)
			break;
		const ssize_t got = stream_read(&s->place->stream, l, bytes, sizeof bytes, PATIENCE);
		if (got < 0)
			return -1;
		if (redisReaderFeed(s->reader, bytes, (size_t)got) != REDIS_OK)
			return link_fail(l, "%s", s->reader->errstr);
	}
	const redisReply *r = reply;
	const bool        good = r->type != REDIS_REPLY_ERROR;
	if (!good)
		link_fail(l, "it refuses: %s", r->str);
	freeReplyObject(reply);
	return good ? 0 : -1;
}

/* Sends a command of up to three words, the last of which may be NULL, and reads the reply. */
static int
ask(struct redis *s, struct link *l, const char *command, const char *first, const char *second)
{
	const char  *words[] = { command, first, second };
	const size_t lengths[] = { strlen(command), strlen(first), second != NULL ? strlen(second) : 0 };

	s->out_n = 0;
	if (!add_command(s, words, lengths, second != NULL ? 3 : 2))
		return link_fail(l, "out of memory");
	return send_commands(s, l) == 0 ? take_reply(s, l) : -1;
}

/* Authenticates, and selects the database. */
static int
log_in(struct redis *s, struct link *l)
{
	const bool named = s->password != NULL && *s->user != '\0';

	if (s->password != NULL && ask(s, l, "AUTH", named ? s->user : s->password, named ? s->password : NULL) != 0)
		return -1;
	return s->database != NULL ? ask(s, l, "SELECT", s->database, NULL) : 0;
}

static int
redis_close(void *sink, struct link *l, bool well)
{
	struct redis *s = sink;

	if (s->reader != NULL)
		redisReaderFree(s->reader);
	s->reader = NULL;
	return place_close(s->place, l, well);
}

static int
redis_open(void *sink, struct link *l)
{
	struct redis *s = sink;

	if (place_open(s->place, l) != 0)
		return -1;
	s->place->stream.quiet = true; /* a reply is progress, sent bytes are not */
	s->reader = redisReaderCreate();
	if (s->reader == NULL)
		link_fail(l, "out of memory");
	else if (log_in(s, l) == 0)
		return 0;
	redis_close(s, l, false);
	return -1;
}

/* Sends up to PIPELINE lines of p[at..n). Returns 0, or -1 with a message in the link; stores their number in *sent. */
static int
send_lines(struct redis *s, struct link *l, const char *p, size_t n, size_t *at, int *sent)
{
	const char *end;

	s->out_n = 0;
	for (*sent = 0; *sent < PIPELINE && *at < n && (end = memchr(p + *at, '\n', n - *at)) != NULL; (*sent)++) {
		s->words[s->words_n - 1] = p + *at;
		s->lengths[s->words_n - 1] = (size_t)(end - p) - *at;
		if (!add_command(s, s->words, s->lengths, s->words_n))
			return link_fail(l, "out of memory");
		*at = (size_t)(end + 1 - p);
	}
	return *sent > 0 ? send_commands(s, l) : 0;
}

static int
redis_deliver(void *sink, struct link *l, const char *p, size_t n, size_t *done)
{
	struct redis *s = sink;
	int           sent = 1;

	for (size_t at = *done; at < n && sent > 0;) {
		if (send_lines(s, l, p, n, &at, &sent) != 0)
			return -1;
		for (int i = 0; i < sent; i++) {
			if (take_reply(s, l) != 0)
				return -1;
			const char *end = memchr(p + *done, '\n', n - *done);
			*done = end != NULL ? (size_t)(end + 1 - p) : n;
			l->counts->moves++;
		}
	}
	return 0;
}

#endif

const struct ship_kind kind_redis = {
	.scheme = "redis",
	.syntax = "redis://HOST/STREAM",
	.needs = NEED_NETWORK,
	.format = "json",
#ifdef CONNLOG_HIREDIS
	.prepare = redis_prepare,
	.open = redis_open,
	.deliver = redis_deliver,
	.close = redis_close,
	.free = redis_free,
#else
	.missing = "libhiredis-dev",
#endif
};

const struct ship_kind kind_rediss = {
	.scheme = "rediss",
	.syntax = "rediss://HOST/STREAM",
	.needs = NEED_NETWORK,
	.format = "json",
#if !defined(CONNLOG_HIREDIS)
	.missing = "libhiredis-dev",
#elif !defined(CONNLOG_OPENSSL)
	.missing = "libssl-dev",
#else
	.prepare = rediss_prepare,
	.open = redis_open,
	.deliver = redis_deliver,
	.close = redis_close,
	.free = redis_free,
#endif
};
