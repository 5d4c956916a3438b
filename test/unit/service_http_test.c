/* HTTP's short path (http_straight.c) against its general path (http.c): for random conversations both make the same
 * requests and keep the same state. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "service/web/http.h"
#include "talk_help.h"

extern const struct recogniser recogniser_http;

static const struct recogniser *
recogniser_of(enum service s)
{
	(void)s;
	return &recogniser_http;
}

void
talk_guess(struct talk *t)
{
	say(t, '?');
}

void
talk_drain(struct talk *t)
{
	say(t, '=');
}

/* ---- random messages */

static uint64_t random_state = 1;

static unsigned
below(unsigned n)
{
	random_state = random_state * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(random_state >> 33) % n;
}

#define PICK(list) list[below(sizeof(list) / sizeof(list)[0])]

static const char *const requests[] = {
	"GET / HTTP/1.1",
	"GET /a/b?c=d HTTP/1.0",
	"POST /x HTTP/1.1",
	"HEAD / HTTP/1.1",
	"H / HTTP/1.1",
	"get /\x80 http/1.1",
	"CONNECT a:1 HTTP/1.1",
	"GET /",
	"GET / HTTP/0.9",
	"GET / HTTP/1",
	"",
	"GET  \t / HTTP/7.7",
	"nonsense",
	"OPTIONS * HTTP/1.1",
	"GET /x y HTTP/1.1",
};
static const char *const replies[] = {
	"HTTP/1.1 200 OK",
	"HTTP/1.0 404 Not Found",
	"HTTP/1.1 304 Not Modified",
	"HTTP/1.1 101 Switching",
	"HTTP/1.1 100 Continue",
	"HTTP/1.1 20",
	"HTTP/x.y 200 OK",
	"http/1.1\t500",
	"HTTP/1.1 abc",
	"nonsense",
	"",
	"HTTP/1.1 204 None",
	"HTTP/1.1 206 Part",
};
static const char *const headers[] = {
	"Host: example",
	"Accept: */*",
	"User-Agent: x",
	"Cookie: a=b",
	"Content-Type: text/plain",
	"Content-type:text/html; charset=x",
	"Content-Type: multipart/mixed; boundary=b",
	"Content-Type: message/rfc822",
	"Content-Type:",
	"Connection: keep-alive",
	"Connection: Close",
	"Connection: upgrade",
	"Connection: (x) keep-alive",
	"Upgrade: websocket",
	"Transfer-Encoding: chunked",
	"Content-Encoding: gzip",
	"Content-Range: bytes 0-4/10",
	"Content-Length: -1",
	"Content-Length: x",
	"Content-Length: 99999999999999999999",
	"Content-Length : 3",
	"(comment) Content-Length: 2",
	" folded",
	"\tContent-Length: 1",
	"0: digit",
	":",
	"T: t",
	"Content-Length",
};
static const char *const usual[] = { "Host: example", "Accept: */*", "User-Agent: x", "Content-Type: text/plain",
	                                 "Connection: keep-alive" };

/* Writes a message to `out`, usually a plain one. Returns its length. */
static size_t
message(int side, char *out, size_t room)
{
	const bool  odd = below(3) == 0;
	const char *first = odd         ? side == A ? PICK(requests) : PICK(replies)
	                            : side == A ? requests[below(4)]
	                                : replies[below(2)];
	const char *end = odd && below(4) == 0 ? "\n" : "\r\n";
	unsigned    body = below(3) ? below(40) : 0;
	size_t      n = (size_t)snprintf(out, room, "%s%s", first, end);

	for (unsigned k = below(5); k > 0; k--)
		n += (size_t)snprintf(out + n, room - n, "%s%s", odd && below(2) ? PICK(headers) : PICK(usual), end);
	if (side == B ? !odd || below(3) : body > 0)
		n += (size_t)snprintf(out + n, room - n, "%s: %u%s", below(4) ? "Content-Length" : "content-length", body, end);
	else if (side == A)
		body = 0;
	n += (size_t)snprintf(out + n, room - n, "%s", odd && below(4) == 0 ? "" : end);
	body += odd && below(4) == 0 ? below(3) : 0;
	for (unsigned k = 0; k < body; k++)
		out[n++] = "xy\r\n"[below(40) ? below(2) : below(4)];
	if (odd && below(3) == 0)
		out[below((unsigned)n)] = (char)below(256);
	return odd && below(3) == 0 ? below((unsigned)n + 1) : n;
}

/* ---- both ways */

static unsigned straight;

static void
short_way(struct talk *t, int side, struct bytes b)
{
	if (http_straight(t, side, b))
		straight++;
	else
		http_feed(t, side, b);
}

static void
same_dialogue(const struct http_dialogue *a, const struct http_dialogue *b)
{
	assert_int_equal(a->heads, b->heads);
	assert_int_equal(a->unanswered, b->unanswered);
	assert_int_equal(a->reply_code, b->reply_code);
	assert_int_equal(a->version[0], b->version[0]);
	assert_int_equal(a->version[1], b->version[1]);
	assert_int_equal(a->asked, b->asked);
	assert_int_equal(a->replied, b->replied);
	assert_int_equal(a->keep_alive, b->keep_alive);
	assert_int_equal(a->connection_close, b->connection_close);
	assert_int_equal(a->connect, b->connect);
	assert_int_equal(a->upgrade_connection, b->upgrade_connection);
	assert_int_equal(a->handed_over, b->handed_over);
	assert_int_equal(a->swallowing, b->swallowing);
	assert_int_equal(a->raw, b->raw);
	assert_int_equal(a->confirmed, b->confirmed);
	assert_int_equal(a->partial, b->partial);
	assert_int_equal(a->upgrade, b->upgrade);
}

static void
same_rest(const struct http_rest *a, const struct http_rest *b)
{
	assert_int_equal(a->whole != NULL, b->whole != NULL);
	assert_int_equal(a->busy, b->busy);
	assert_int_equal(a->handed_over, b->handed_over);
	if (a->whole)
		return; /* what is in `rest` does not count */
	same_dialogue(&a->d, &b->d);
	for (int side = 0; side < 2; side++) {
		assert_int_equal(a->side[side].stage, b->side[side].stage);
		assert_int_equal(a->side[side].last, b->side[side].last);
		assert_int_equal(a->side[side].flags, b->side[side].flags);
		assert_int_equal(a->side[side].line_first, b->side[side].line_first);
	}
}

static void
conversation(void)
{
	struct recogniser ways[2] = { recogniser_http, recogniser_http };
	struct talk      *t[2];
	char              text[2048], answer[sizeof said];

	ways[0].feed = short_way;
	ways[1].feed = http_feed;
	for (int k = 0; k < 2; k++)
		t[k] = talk_begin(&ways[k]);
	for (unsigned left = 1 + below(12); left > 0 && !(t[0]->flags & SKIPS); left--) {
		const int    side = below(8) ? left & 1 ? B : A : below(2) ? A : B;
		const size_t n = message(side, text, sizeof text);
		uint8_t     *exact = malloc(n + 1);
		assert_non_null(exact);
		memcpy(exact, text, n);
		talk_is_partial = below(100) == 0;
		for (int k = 0; k < 2; k++) {
			said[0] = 0;
			talk_feed(t[k], side, (struct bytes){ exact, n });
			if (k == 0)
				memcpy(answer, said, sizeof answer);
		}
		free(exact);
		assert_string_equal(answer, said);
		same_rest(talk_state(t[0]), talk_state(t[1]));
	}
	talk_is_partial = false;
	talk_end_all();
}

static void
test_both_ways(void **state)
{
	enum { CONVERSATIONS = 30000 };

	(void)state;
	for (unsigned i = 0; i < CONVERSATIONS; i++)
		conversation();
	assert_true(straight > CONVERSATIONS); /* and less than were fed, since many are unusual */
	assert_int_equal(held.used, 0);
}

/* The version is searched for after the URI, which ends at the first character that cannot be part of one. */
static void
test_uri(void **state)
{
	static const char in_uri[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
								 "-._~:/?#[]@!$&'()*+,;=%";

	(void)state;
	for (unsigned c = 0; c < 256; c++) {
		struct http_dialogue d = { .heads = 0 };
		uint8_t              line[] = "GET /0123456789abcdef0123456789ab?HTTP/1.1";
		struct bytes         method;
		line[sizeof line - 10] = (uint8_t)c;
		assert_true(http_request_line(&d, (struct bytes){ line, sizeof line - 1 }, &method));
		assert_int_equal(d.version[TALK_ORIG], strchr(in_uri, (int)c) ? 9 : 0x0101);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_both_ways), cmocka_unit_test(test_uri) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
