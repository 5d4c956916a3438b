/* kafka.c - kafka://BROKER,BROKER/TOPIC: a message per line, through librdkafka.
 *
 * The producer is idempotent and waits for all replicas (acks=all), so messages that it repeats itself arrive once. A
 * record counts as delivered when the brokers have confirmed it. Messages that they reject, and those in flight when
 * the producer had to be recreated, are kept and sent again; they may then arrive twice, which their uids show.
 * kafka.NAME=VALUE sets any of librdkafka's settings.
 */
#include <stddef.h>

#include "ship/kind.h"

#ifdef CONNLOG_RDKAFKA
#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PURGE_MS 2000

enum { POLL_MS = 100, TEXT_MAX = 512, KEY_MAX = 128 };

/* Version of the columns and their meaning, sent in a header. */
static const char schema_version[] = "1";

/* A line that has to be sent again. */
struct kept {
	struct kept *next;
	uint64_t     mark; /* of the lines that it came with */
	size_t       n;
	char         bytes[];
};

struct kafka {
	rd_kafka_conf_t *conf;
	const char      *topic, *format;
	char             key[KEY_MAX]; /* text before the key's value in a line; "" for none */
	size_t           key_n;

	/* set while it is open */
	rd_kafka_t         *rk;
	rd_kafka_headers_t *headers;
	struct link        *link;
	struct kept        *first, *last;
	bool                failed; /* a message was rejected */
};

/* ---- confirmations */

static void
keep(struct kafka *s, const char *p, size_t n, uint64_t mark)
{
	struct kept *k = malloc(sizeof *k + n + 1);

	if (k == NULL) {
		s->link->counts->flying--;
		s->link->counts->lost++;
		s->link->settled(s->link, mark, false);
		return;
	}
	k->next = NULL;
	k->mark = mark;
	k->n = n + 1;
	memcpy(k->bytes, p, n);
	k->bytes[n] = '\n';
	if (s->last != NULL)
		s->last->next = k;
	else
		s->first = k;
	s->last = k;
}

static void
drop_first(struct kafka *s)
{
	struct kept *k = s->first;

	s->first = k->next;
	if (s->first == NULL)
		s->last = NULL;
	free(k);
}

/* Explains an error, and what to do about it if that is known. */
static void
explain(struct kafka *s, rd_kafka_resp_err_t err)
{
	if (err == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC || err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART)
		link_fail(s->link, "the brokers have no topic %s: create it (kafka-topics.sh --create --topic %s)", s->topic,
		          s->topic);
	else
		link_fail(s->link, "%s", rd_kafka_err2str(err));
}

/* Handles the confirmation or the failure of a message. */
static void
on_delivery(rd_kafka_t *rk, const rd_kafka_message_t *m, void *arg)
{
	struct kafka  *s = arg;
	struct counts *c = s->link->counts;
	const uint64_t mark = (uintptr_t)m->_private;

	(void)rk;
	if (m->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
		c->flying--;
		c->delivered++;
		c->moves++;
		s->link->settled(s->link, mark, true);
		s->link->fine(s->link);
	} else if (m->err == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE || m->err == RD_KAFKA_RESP_ERR_INVALID_MSG) {
		c->flying--;
		c->lost++;
		s->link->settled(s->link, mark, false);
		link_fail(s->link, "a record is refused: %s", rd_kafka_err2str(m->err));
		s->link->trouble(s->link);
	} else {
		keep(s, m->payload, m->len, mark);
		if (m->err != RD_KAFKA_RESP_ERR__PURGE_QUEUE && m->err != RD_KAFKA_RESP_ERR__PURGE_INFLIGHT) {
			s->failed = true;
			explain(s, m->err);
		}
	}
}

/* Unavailable brokers are waited for: librdkafka retries by itself. */
static void
on_error(rd_kafka_t *rk, int err, const char *reason, void *arg)
{
	struct kafka *s = arg;
	char          text[TEXT_MAX];

	if (err == RD_KAFKA_RESP_ERR__FATAL) {
		s->failed = true;
		link_fail(s->link, "%s", rd_kafka_err2str(rd_kafka_fatal_error(rk, text, sizeof text)));
		return;
	}
	link_fail(s->link, "%s", reason);
	s->link->trouble(s->link);
}

static void
on_log(const rd_kafka_t *rk, int level, const char *facility, const char *text)
{
	(void)rk, (void)level, (void)facility, (void)text; /* on_error() is told the relevant errors */
}

/* ---- settings ----------------------------------------------------------------------------------------------------- */

static bool
set(struct kafka *s, const char *name, const char *value, char *err, size_t err_size)
{
	return rd_kafka_conf_set(s->conf, name, value, err, err_size) == RD_KAFKA_CONF_OK;
}

/* Configures librdkafka. Returns false and writes a message to `err`. */
static bool
configure(struct kafka *s, struct url *u, char *err, size_t err_size)
{
	static const char        prefix[] = "kafka.";
	static const char *const usual[][2] = {
		{ "client.id", "connlog" },
		{ "enable.idempotence", "true" },
		{ "acks", "all" },
		{ "linger.ms", "50" },
		{ "compression.type", "zstd" },
		{ "message.timeout.ms", "0" }, /* messages that cannot be sent are kept indefinitely */
		{ "queue.buffering.max.kbytes", "32768" },
		{ "topic.metadata.propagation.max.ms", "10000" },
	};
	const char *compression = url_option(u, "compression");

	for (size_t i = 0; i < sizeof usual / sizeof usual[0]; i++)
		if (!set(s, usual[i][0], usual[i][1], err, err_size))
			return false;
	if (!set(s, "bootstrap.servers", u->hosts, err, err_size) ||
	    (compression != NULL && !set(s, "compression.type", compression, err, err_size)))
		return false;
	for (size_t i = 0; i < u->options_n; i++) {
		struct url_option *o = &u->options[i];
		if (strncmp(o->name, prefix, sizeof prefix - 1) != 0)
			continue;
		o->used = true;
		if (!set(s, o->name + sizeof prefix - 1, o->value, err, err_size))
			return false;
	}
	rd_kafka_conf_set_opaque(s->conf, s);
	rd_kafka_conf_set_dr_msg_cb(s->conf, on_delivery);
	rd_kafka_conf_set_error_cb(s->conf, on_error);
	rd_kafka_conf_set_log_cb(s->conf, on_log);
	return true;
}

static void
kafka_free(void *sink)
{
	struct kafka *s = sink;

	while (s->first != NULL)
		drop_first(s);
	if (s->conf != NULL)
		rd_kafka_conf_destroy(s->conf);
	free(s);
}

/* Returns what is wrong, or NULL. */
static const char *
take_options(struct kafka *s, struct url *u, const connlog_writer_options *writer)
{
	const char *key = url_option(u, "key");

	s->topic = u->path;
	s->format = writer->format != NULL ? writer->format : "zeek";
	if (u->hosts == NULL || *u->hosts == '\0' || *s->topic == '\0' || strchr(s->topic, '/') != NULL)
		return "//BROKER[:PORT],.../TOPIC is expected";
	if (u->user != NULL)
		return "a user is given by kafka.security.protocol=, kafka.sasl.username= and kafka.sasl.password=";
	if (key == NULL)
		return NULL;
	if (strcmp(s->format, "json") != 0)
		return "key= is for format=json";
	s->key_n = (size_t)snprintf(s->key, sizeof s->key, "\"%s\":", key);
	return s->key_n < sizeof s->key ? NULL : "key= is too long";
}

static void *
kafka_prepare(struct url *u, const struct ship_setup *setup, char *err, size_t err_size)
{
	struct kafka *s = calloc(1, sizeof *s);

	if (s == NULL || (s->conf = rd_kafka_conf_new()) == NULL) {
		snprintf(err, err_size, "out of memory");
		free(s);
		return NULL;
	}
	const char *wrong = take_options(s, u, setup->writer);
	if (wrong != NULL)
		snprintf(err, err_size, "%s", wrong);
	else if (configure(s, u, err, err_size))
		return s;
	kafka_free(s);
	return NULL;
}

/* ---- sending ------------------------------------------------------------------------------------------------------ */

/* Finds the key's value in a JSON object. A column's name in quotes appears only where the column is, since quotes in
 * texts follow a backslash. Returns NULL if it is unset. */
static const char *
find_key(const struct kafka *s, const char *line, size_t n, size_t *key_n)
{
	const char *p = s->key_n > 0 ? memmem(line, n, s->key, s->key_n) : NULL, *const end = line + n;

	while (p != NULL && (p == line || (p[-1] != ',' && p[-1] != '{')))
		p = memmem(p + 1, (size_t)(end - p - 1), s->key, s->key_n);
	if (p == NULL)
		return NULL;
	p += s->key_n;
	const char  quote = p < end && *p == '"' ? '"' : '\0', *from = p + (quote != '\0');
	const char *to = from;
	while (to < end && (quote != '\0' ? *to != quote || to[-1] == '\\' : *to != ',' && *to != '}'))
		to++;
	*key_n = (size_t)(to - from);
	return from;
}

/* Passes a line to librdkafka. Returns its result. */
static rd_kafka_resp_err_t
produce(struct kafka *s, const char *line, size_t n, uint64_t mark)
{
	size_t              key_n = 0;
	const char         *key = find_key(s, line, n, &key_n);
	rd_kafka_headers_t *headers = rd_kafka_headers_copy(s->headers);
	union {
		const char *from;
		void       *to;
	} value = { line }, key_value = { key }; /* the data is copied, so nothing is changed */

	const rd_kafka_resp_err_t err =
		rd_kafka_producev(s->rk, RD_KAFKA_V_TOPIC(s->topic), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
	                      RD_KAFKA_V_VALUE(value.to, n), RD_KAFKA_V_KEY(key_value.to, key_n),
	                      RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_OPAQUE((void *)(uintptr_t)mark), RD_KAFKA_V_END);
	if (err != RD_KAFKA_RESP_ERR_NO_ERROR)
		rd_kafka_headers_destroy(headers);
	return err;
}

/* Passes a line and waits for room if necessary. Returns 0, or -1 with a message in the link. */
static int
send_line(struct kafka *s, const char *line, size_t n, uint64_t mark)
{
	struct link        *l = s->link;
	rd_kafka_resp_err_t err;

	while ((err = produce(s, line, n, mark)) == RD_KAFKA_RESP_ERR__QUEUE_FULL) {
		rd_kafka_poll(s->rk, POLL_MS);
		if (s->failed)
			return -1;
		if (l->stop)
			return link_fail(l, "the brokers accept nothing");
	}
	if (err != RD_KAFKA_RESP_ERR_NO_ERROR)
		explain(s, err);
	return err == RD_KAFKA_RESP_ERR_NO_ERROR ? 0 : -1;
}

/* Sends kept messages, which come first. */
static int
send_kept(struct kafka *s)
{
	for (struct kept *k = s->first, *end = s->last; k != NULL; k = s->first) {
		const bool is_last = k == end;
		if (send_line(s, k->bytes, k->n - 1, k->mark) != 0)
			return -1;
		drop_first(s);
		if (is_last)
			break;
	}
	return 0;
}

/* Keeps unconfirmed messages; at the end they are returned to the queue, without waiting for librdkafka's threads. */
static int
kafka_close(void *sink, struct link *l, bool well)
{
	struct kafka *s = sink;

	if (s->rk != NULL && !well) {
		rd_kafka_purge(s->rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
		rd_kafka_flush(s->rk, PURGE_MS);
	}
	for (; l->stop && s->first != NULL; drop_first(s)) {
		l->counts->flying--;
		l->take_back(l, s->first->bytes, s->first->n);
	}
	if (s->rk == NULL || l->stop)
		return 0;
	rd_kafka_destroy(s->rk);
	rd_kafka_headers_destroy(s->headers);
	s->rk = NULL;
	return 0;
}

static int
kafka_open(void *sink, struct link *l)
{
	struct kafka    *s = sink;
	rd_kafka_conf_t *conf = rd_kafka_conf_dup(s->conf);
	char             text[TEXT_MAX];

	s->link = l;
	s->failed = false;
	s->headers = rd_kafka_headers_new(2);
	rd_kafka_header_add(s->headers, "connlog.schema", -1, schema_version, -1);
	rd_kafka_header_add(s->headers, "connlog.format", -1, s->format, -1);
	s->rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof text);
	if (s->rk == NULL) {
		rd_kafka_conf_destroy(conf);
		rd_kafka_headers_destroy(s->headers);
		return link_fail(l, "%s", text);
	}
	if (send_kept(s) == 0)
		return 0;
	kafka_close(s, l, false);
	return -1;
}

static int
kafka_idle(void *sink, struct link *l)
{
	struct kafka *s = sink;

	(void)l;
	rd_kafka_poll(s->rk, 0);
	return s->failed ? -1 : 0;
}

static int
kafka_deliver(void *sink, struct link *l, const char *p, size_t n, size_t *done)
{
	struct kafka *s = sink;
	const char   *end;

	for (; *done < n && (end = memchr(p + *done, '\n', n - *done)) != NULL; *done = (size_t)(end + 1 - p)) {
		if (send_line(s, p + *done, (size_t)(end - p) - *done, l->mark) != 0)
			return -1;
		l->counts->flying++;
	}
	return kafka_idle(s, l);
}

static int
kafka_settle(void *sink, struct link *l)
{
	struct kafka *s = sink;

	while (rd_kafka_outq_len(s->rk) > 0 && !s->failed && !l->stop)
		rd_kafka_poll(s->rk, POLL_MS);
	if (!s->failed && rd_kafka_outq_len(s->rk) > 0)
		link_fail(l, "%d records are not acknowledged", rd_kafka_outq_len(s->rk));
	return s->failed || rd_kafka_outq_len(s->rk) > 0 ? -1 : 0;
}

#endif

const struct ship_kind kind_kafka = {
	.scheme = "kafka",
	.syntax = "kafka://BROKER,.../TOPIC",
	.needs = NEED_NETWORK,
	.format = "json",
	.keyed = true,
	.counts = true,
#ifdef CONNLOG_RDKAFKA
	.prepare = kafka_prepare,
	.open = kafka_open,
	.deliver = kafka_deliver,
	.idle = kafka_idle,
	.settle = kafka_settle,
	.close = kafka_close,
	.free = kafka_free,
#else
	.missing = "librdkafka-dev",
#endif
};
