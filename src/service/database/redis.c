/* redis.c - Redis' RESP2 and RESP3 (redis.io/docs/reference/protocol-spec; Zeek: redis/resp.spicy, redis/redis.spicy).
 *
 * Confirms: each complete value of the server, at the top.
 * Violates, and ends everything: a server that speaks first, a malformed or empty command, an invalid number of the server.
 * Other invalid values of the server do not violate immediately.  Spicy searches for the next CR LF after what it has already
 * released (everything read, except the contents of an incomplete string) and continues there.  If nothing follows it yet,
 * Spicy accesses released data, which is a violation.  The end of the server's
 * stream violates after any of these, as does one within a value or a command.
 * A gap ends the client's side, and is an invalid value on the server's.
 * Buffers HELD bytes of an incomplete string until something is confirmed, and 1024 bytes of a client's inline command.
 */
#include "service/database/redis.h"
#include "dpd/talk.h"

#define HELD 10240u /* longer strings are not parsed again */

struct state {
	struct redis_command client;
	struct redis_value   server;
	struct gather        held;     /* the available part of the server's string */
	bool                 overflow; /* more than is buffered */
	uint8_t              taken;    /* bytes of the server's value; 2: or more */
	bool                 searching, last_cr, failed, confirmed, client_seen;
};

static void
fail(struct talk *t)
{
	talk_violate(t);
	talk_skip(t);
}

/* ---- the server */

static void
forget_string(struct state *s)
{
	gather_clear(&s->held);
	s->overflow = false;
}

static void
hold_string(struct state *s, struct bytes b)
{
	if (s->confirmed || s->overflow)
		return;
	if (gather_held(&s->held).n + b.n > HELD) {
		forget_string(s);
		s->overflow = true;
		return;
	}
	gather_need(&s->held, &b, gather_held(&s->held).n + b.n + 1);
}

static void
begin_value(struct state *s)
{
	forget_string(s);
	s->server = (struct redis_value){ 0 };
	s->taken = 0;
}

static void
begin_search(struct state *s)
{
	begin_value(s);
	s->failed = s->searching = true;
	s->last_cr = false;
}

/* Returns what follows the next CR LF. */
static struct bytes
search(struct state *s, struct bytes in)
{
	while (in.n && s->searching) {
		s->searching = !redis_line_end(&s->last_cr, in.p[0]);
		in = bytes_skip(in, 1);
	}
	return in;
}

static enum redis_answer
value_bytes(struct state *s, struct bytes *in)
{
	const bool string = s->server.phase == REDIS_CONTENT;
	size_t     n;

	const enum redis_answer a = redis_value_step(&s->server, *in, &n);
	s->taken = (uint8_t)(s->taken + n > 2 ? 2 : s->taken + n);
	if (string && s->server.phase == REDIS_CONTENT)
		hold_string(s, bytes_head(*in, n));
	else if (string)
		forget_string(s);
	*in = bytes_skip(*in, n);
	return a;
}

/* Parses the server's bytes. `more`: something follows these bytes, even if it was not captured. Returns false after an
 * error from which nothing recovers. */
static bool
server_bytes(struct talk *t, struct state *s, struct bytes in, bool more)
{
	while (in.n) {
		if (s->searching) {
			in = search(s, in);
			continue;
		}
		switch (value_bytes(s, &in)) {
		case REDIS_MORE:
			break;
		case REDIS_DONE:
			s->confirmed = true;
			talk_confirm(t);
			talk_settled(t);
			begin_value(s);
			break;
		case REDIS_BAD:
			if (in.n || more || s->taken < 2) {
				begin_search(s);
				break;
			}
			/* fall through */
		default:
			return false;
		}
	}
	return true;
}

/* Handles a string that will never be completed: its available part is parsed again, recursively. Returns as
 * server_bytes() does. */
static bool
reread_strings(struct talk *t, struct state *s, bool more)
{
	bool good = true;

	while (good && !s->searching && s->server.phase == REDIS_CONTENT) {
		struct gather old = s->held;
		s->held = (struct gather){ 0 };
		begin_search(s);
		good = server_bytes(t, s, gather_held(&old), more);
		gather_clear(&old);
	}
	return good;
}

/* ---- the client */

static void
client_bytes(struct talk *t, struct state *s, struct bytes in)
{
	while (in.n) {
		size_t                  n;
		const enum redis_answer a = redis_command_step(&s->client, in, &n);
		in = bytes_skip(in, n);
		if (a == REDIS_MORE)
			continue;
		redis_command_clear(&s->client);
		if (a == REDIS_DONE)
			continue;
		if (a == REDIS_BAD)
			talk_violate(t);
		talk_skip(t);
		return;
	}
}

/* ---- streams */

static void
redis_feed(struct talk *t, int side, struct bytes b)
{
	struct state *s = talk_state(t);

	if (side == TALK_ORIG) {
		s->client_seen = true;
		client_bytes(t, s, b);
	} else if (!s->client_seen || !server_bytes(t, s, b, false)) {
		fail(t);
	}
}

static void
redis_gap(struct talk *t, int side, uint64_t len)
{
	struct state *s = talk_state(t);

	if (side == TALK_ORIG) {
		s->client_seen = true;
		if (redis_command_gap(&s->client, len) == REDIS_LOST)
			talk_skip(t);
	} else if (!s->client_seen || !reread_strings(t, s, true)) {
		fail(t);
	} else {
		begin_search(s);
	}
}

static void
redis_eof(struct talk *t, int side)
{
	struct state *s = talk_state(t);

	if (side == TALK_RESP && reread_strings(t, s, false) && !s->failed && s->taken == 0)
		return;
	if (side == TALK_RESP || s->client.phase != REDIS_TYPE)
		talk_violate(t);
}

static void
redis_end(struct talk *t)
{
	struct state *s = talk_state(t);

	redis_command_clear(&s->client);
	gather_clear(&s->held);
}

static const uint16_t redis_ports[] = { 6379, 0 };

const struct recogniser recogniser_redis = {
	.service = SERVICE_REDIS,
	.tcp_ports = redis_ports,
	.state_size = sizeof(struct state),
	.feed = redis_feed,
	.gap = redis_gap,
	.eof = redis_eof,
	.end = redis_end,
};
