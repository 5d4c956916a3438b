/* redis.c - redis://[USER:PASSWORD@]HOST[:PORT]/STREAM: an entry of a stream for each line (XADD), by hiredis.  An entry has one field,
 * "record".  Entries are confirmed one by one; when a connection breaks, those on their way may come twice. */
#include <stddef.h>

#include "ship/kind.h"

#ifdef CONNLOG_HIREDIS
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HOST_ROOM = 256, WORDS = 8, PATIENCE = 10 /* seconds for an answer */ };

struct redis {
	char          host[HOST_ROOM];
	int           port;
	const char   *user, *password, *database;
	const char   *words[WORDS]; /* of a command but for the line, which is the last one */
	size_t        lengths[WORDS];
	int           words_n;
	redisContext *c; /* while it is open */
};

static void
add_word(struct redis *s, const char *word)
{
	s->words[s->words_n] = word;
	s->lengths[s->words_n++] = strlen(word);
}

static void *
redis_prepare(struct url *u, const struct ship_setup *setup, char *err, size_t err_size)
{
	struct redis *s = calloc(1, sizeof *s);
	const char   *most = url_option(u, "maxlen"), *database = url_option(u, "db"), *port = "6379";
	char         *end;

	(void)setup;
	if (s == NULL) {
		snprintf(err, err_size, "out of memory");
		return NULL;
	}
	s->user = u->user;
	s->password = u->password;
	s->database = database;
	if (u->hosts == NULL || *u->path == '\0' || !url_split_host(u->hosts, s->host, sizeof s->host, &port) ||
	    (s->port = (int)strtol(port, &end, 10)) <= 0 || *end != '\0') {
		snprintf(err, err_size, "//HOST[:PORT]/STREAM is expected");
		free(s);
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

/* Reads an answer.  Returns 0, or -1 with a message in the link. */
static int
take_reply(struct redis *s, struct link *l)
{
	void *reply = NULL;

	if (redisGetReply(s->c, &reply) != REDIS_OK)
		return link_fail(l, "%s", s->c->errstr);
	const redisReply *r = reply;
	const bool        good = r->type != REDIS_REPLY_ERROR;
	if (!good)
		link_fail(l, "it refuses: %s", r->str);
	freeReplyObject(reply);
	return good ? 0 : -1;
}

/* Says who this is, and which database is meant. */
static int
log_in(struct redis *s, struct link *l)
{
	if (s->password != NULL && *s->user != '\0')
		redisAppendCommand(s->c, "AUTH %s %s", s->user, s->password);
	else if (s->password != NULL)
		redisAppendCommand(s->c, "AUTH %s", s->password);
	if (s->password != NULL && take_reply(s, l) != 0)
		return -1;
	if (s->database == NULL)
		return 0;
	redisAppendCommand(s->c, "SELECT %s", s->database);
	return take_reply(s, l);
}

static int
redis_close(void *sink, struct link *l, bool well)
{
	struct redis *s = sink;

	(void)l, (void)well;
	redisFree(s->c);
	s->c = NULL;
	return 0;
}

static int
redis_open(void *sink, struct link *l)
{
	struct redis        *s = sink;
	const struct timeval patience = { .tv_sec = PATIENCE };

	s->c = redisConnectWithTimeout(s->host, s->port, patience);
	if (s->c == NULL)
		return link_fail(l, "out of memory");
	if (s->c->err != 0)
		link_fail(l, "cannot connect: %s", s->c->errstr);
	else if (redisSetTimeout(s->c, patience) == REDIS_OK && log_in(s, l) == 0)
		return 0;
	redis_close(s, l, false);
	return -1;
}

static int
redis_deliver(void *sink, struct link *l, const char *p, size_t n, size_t *done)
{
	struct redis *s = sink;
	const char   *end;

	for (size_t at = *done; at < n && (end = memchr(p + at, '\n', n - at)) != NULL; at = (size_t)(end + 1 - p)) {
		s->words[s->words_n - 1] = p + at;
		s->lengths[s->words_n - 1] = (size_t)(end - p) - at;
		if (redisAppendCommandArgv(s->c, s->words_n, s->words, s->lengths) != REDIS_OK)
			return link_fail(l, "%s", s->c->errstr);
	}
	while (*done < n) {
		if (take_reply(s, l) != 0)
			return -1;
		end = memchr(p + *done, '\n', n - *done);
		*done = end != NULL ? (size_t)(end + 1 - p) : n;
		l->counts->moves++;
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
	.free = free,
#else
	.missing = "libhiredis-dev",
#endif
};
