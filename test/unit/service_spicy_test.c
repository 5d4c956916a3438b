/* The recognisers of protocols that Zeek parses with Spicy: what confirms, what violates, and when. */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define TEST_TALK_HAS_CHILDREN
#include "talk_help.h"

extern const struct recogniser recogniser_finger, recogniser_ldap_tcp, recogniser_postgresql, recogniser_redis,
	recogniser_syslog;

static const struct recogniser *
recogniser_of(enum service s)
{
	(void)s;
	return &recogniser_finger;
}

/* Input of TLS is printed as "child" and the number of bytes. */
static struct talk tls;
static bool        tls_open;

struct talk *
talk_hand_over(struct talk *t, enum service service)
{
	(void)t;
	(void)service;
	tls_open = true;
	return &tls;
}

void
talk_pass(struct talk *t, int side, struct bytes b)
{
	const size_t n = strlen(said);

	(void)t;
	(void)side;
	if (tls_open)
		snprintf(said + n, sizeof said - n, " child%zu", b.n);
}

void
talk_drop_children(struct talk *t)
{
	(void)t;
	tls_open = false;
}

enum { END_A = GAP_B + 1, END_B }; /* who has ended */

#define STEPS   9
#define NOTHING UINT_MAX /* as times */
#define END(who)                                                                                                       \
	{                                                                                                                  \
		END_##who, NULL, 1                                                                                             \
	}

struct step {
	int         what;
	const char *text;
	size_t      n;
	unsigned    times; /* 0: once */
};

struct scenario {
	const char              *name;
	const struct recogniser *what;
	const char              *said;
	struct step              steps[STEPS];
};

/* clang-format off */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
static const struct scenario scenarios[] = {
#define FINGER &recogniser_finger
	{ "finger: a request", FINGER, "+finger", { { A, T("root\n") } } },
	{ "finger: no end", FINGER, "", { { A, T("root") } } },
	{ "finger: an end that is the stream's", FINGER, "+finger", { { A, T("root") }, END(A) } },
	{ "finger: nothing", FINGER, "", { { A, T(" \r\n") } } },
	{ "finger: nobody at a host", FINGER, "", { { A, T("@host\r\n") } } },
	{ "finger: /W alone", FINGER, "+finger", { { A, T(" /W") }, END(A) } },
	{ "finger: no place for /W", FINGER, "-finger", { { A, T(" ") }, END(A) } },
	{ "finger: half of /W", FINGER, "-finger", { { A, T("/") }, END(A) } },
	{ "finger: half of /W, answered", FINGER, "-finger +finger", { { A, T("/") }, END(A), { B, T("01234567890\n") } } },
	{ "finger: 1024 bytes", FINGER, "+finger", { { A, "x", 1, 1024 }, { A, T("\r\n") } } },
	{ "finger: 1025 bytes", FINGER, "-finger !finger", { { A, "x", 1, 1025 } } },
	{ "finger: a character cut off", FINGER, "-finger !finger", { { A, T("a\xc3\n") } } },
	{ "finger: a character cut off by blanks that go", FINGER, "-finger !finger", { { A, T("a\xc3  \n") } } },
	{ "finger: a character cut off by the @", FINGER, "-finger !finger", { { A, T("a\xe2\x82@b\n") } } },
	{ "finger: a bad character", FINGER, "+finger", { { A, T("a\xe2\x82z\xff\xc3 @\xc3 b\n") } } },
	{ "finger: a surrogate", FINGER, "-finger !finger", { { A, T("\xed\xa0\x80z\n") } } },
	{ "finger: beyond all code points", FINGER, "-finger !finger", { { A, T("\xf4\x90\x80\x80z\n") } } },
	{ "finger: cut off by the end", FINGER, "-finger", { { A, T("\xe2\x82") }, END(A) } },
	{ "finger: a short answer", FINGER, "", { { B, T("0123456789\r\n") }, END(B) } },
	{ "finger: a long answer", FINGER, "+finger", { { B, T("0123456789") }, { B, T("0\r") }, { B, T("\n") } } },
	{ "finger: ten characters", FINGER, "", { { B, T("012345678\xe2\x82\xac\n") } } },
	{ "finger: ten characters, one of them bad", FINGER, "+finger", { { B, T("012345678\xe2\x82.\n") } } },
	{ "finger: ten characters, one of them overlong", FINGER, "+finger", { { B, T("012345678\xe0\x80\x80\n") } } },
	{ "finger: a last line without an end is not read", FINGER, "", { { B, T("01234567890\xc3") }, END(B) } },
	{ "finger: a long line fails where it ends", FINGER, "-finger !finger", { { B, "x", 1, 1025 }, { B, T("\n") } } },
	{ "finger: a long line that does not end", FINGER, "", { { B, "x", 1, 1025 }, END(B) } },
	{ "finger: 1024 bytes of an answer", FINGER, "+finger", { { B, "x", 1, 1024 }, { B, T("\n") } } },
	{ "finger: a cut character fails before its line ends", FINGER, "-finger !finger", { { B, T("\xc3\r") } } },
	{ "finger: a CR alone", FINGER, "-finger !finger", { { B, T("01234567890\r") }, { B, T("x") } } },
	{ "finger: a CR at the end", FINGER, "-finger", { { B, T("01234567890\r") }, END(B) } },
	{ "finger: a gap within", FINGER, "!finger", { { A, T("ro") }, { GAP_A, NULL, 1 } } },
	{ "finger: a gap behind", FINGER, "+finger", { { A, T("root\r") }, { GAP_A, NULL, 1 } } },
#define REDIS &recogniser_redis
#define PING  { A, T("*1\r\n$4\r\nPING\r\n") }
	{ "redis: a value", REDIS, "+redis", { PING, { B, T("+PO") }, { B, T("NG\r\n") }, END(B) } },
	{ "redis: nobody asked", REDIS, "-redis !redis", { { B, T("+PONG\r\n") } } },
	{ "redis: a command cut off", REDIS, "-redis +redis", { { A, T("*1\r\n$4") }, END(A), { B, T("+PONG\r\n") } } },
	{ "redis: no command", REDIS, "-redis !redis", { { A, T("*-1\r\n") } } },
	{ "redis: a name that is no text", REDIS, "-redis !redis", { { A, T("*1\r\n$2\r\nX\xc3\r\n") } } },
	{ "redis: an argument that is no text", REDIS, "", { { A, T("X \xc3\r\n") } } },
	{ "redis: SET with a bad time", REDIS, "", { { A, T("SET a b EX never\r\n") } } },
	{ "redis: a line of 1022", REDIS, "", { { A, "x", 1, 1022 }, { A, T("\r\n") } } },
	{ "redis: a line of 1023", REDIS, "-redis !redis", { { A, "x", 1, 1023 }, { A, T("\r\n") } } },
	{ "redis: a sign is a number", REDIS, "+redis", { PING, { B, T("*-\r\n") } } },
	{ "redis: no number", REDIS, "-redis !redis", { PING, { B, T("*x\r\n+PONG\r\n") } } },
	{ "redis: a map of fewer than none", REDIS, "-redis !redis", { PING, { B, T("%-1\r\n+PONG\r\n") } } },
	{ "redis: 2^63 elements are fewer than none", REDIS, "+redis", { PING, { B, T("$9223372036854775808\r\n") } } },
	{ "redis: a bad value, then a good one", REDIS, "+redis -redis", { PING, { B, T("hello\r\n+PONG\r\n") }, END(B) } },
	{ "redis: a bad value within a list", REDIS, "", { PING, { B, T("*2\r\n:1\r\nhello\r\n") } } },
	{ "redis: what was read is not read again", REDIS, "+redis", { PING, { B, T("*2\r\n:1\r\nhello\r\n:1\r\n") } } },
	{ "redis: a bad value of one byte", REDIS, "+redis", { PING, { B, T("h") }, { B, T("\r\n:1\r\n") } } },
	{ "redis: a bad value that is all there is", REDIS, "-redis !redis", { PING, { B, T("*2\r\n") }, { B, T("h") }, { B, T("\r\n:1\r\n") } } },
	{ "redis: too long, and all there is", REDIS, "-redis !redis", { PING, { B, T("$1048577\r\n") } } },
	{ "redis: too long, and not all there is", REDIS, "", { PING, { B, T("$1048577\r\n:1\r\n") } } },
	{ "redis: 20 values deep", REDIS, "+redis", { PING, { B, "*1\r\n", 4, 19 }, { B, T(":1\r\n") } } },
	{ "redis: 21 values deep", REDIS, "-redis !redis", { PING, { B, "*1\r\n", 4, 20 }, { B, T(":1\r\n") } } },
	{ "redis: a gap in a list", REDIS, "", { PING, { B, T("*3\r\n:1\r\n") }, { GAP_B, NULL, 4 }, { B, T(":3\r\n") } } },
	{ "redis: a gap in a string, which is read again", REDIS, "+redis", { PING, { B, T("$99\r\nx\r\n:1\r\n") }, { GAP_B, NULL, 4 } } },
	{ "redis: a string cut off, which is read again", REDIS, "+redis -redis", { PING, { B, T("$99\r\nx\r\n:1\r\n") }, END(B) } },
	{ "redis: one within another", REDIS, "+redis -redis", { PING, { B, T("$99\r\nx\r\n$98\r\ny\r\n:1\r\n") }, END(B) } },
	{ "redis: a gap in a command", REDIS, "!redis", { { A, T("*1\r\n") }, { GAP_A, NULL, 1 } } },
	{ "redis: a gap in a string of a command", REDIS, "+redis !redis", { { A, T("*1\r\n$9\r\nx") }, { GAP_A, NULL, 4 }, { B, T("+OK\r\n") }, { A, T("yyyy\r\n") } } },
#define LDAP &recogniser_ldap_tcp
#define SEQ(n, rest)  "\x30" n "\2\1\1" rest
#define SEARCH(op_n, n, filter, attributes) SEQ(n, "\x63" op_n "\4\0\x0a\1\0\x0a\1\0\2\1\0\2\1\0\1\1\0" filter attributes)
#define SPNEGO_BIND   SEQ("\x1f", "\x60\x1a\2\1\3\4\0\xa3\x13\4\x0aGSS-SPNEGO\4\5\xa1\3\x30\1\0")
#define PLAIN_BIND(name) SEQ("\x10", "\x60\x0b\2\1\3\4\0\xa3\4\4\2" name)
#define BOUND         SEQ("\x0c", "\x61\7\x0a\1\0\4\0\4\0")
#define UNBIND        SEQ("\5", "\x42\0")
	{ "ldap: a message", LDAP, "+ldap_tcp", { { A, T(UNBIND) } } },
	{ "ldap: an unknown operation, as soon as it is seen", LDAP, "-ldap_tcp !ldap_tcp", { { A, T(SEQ("\x10", "\x75\3")) } } },
	{ "ldap: bytes for an unbind, of which there are none", LDAP, "-ldap_tcp !ldap_tcp", { { A, T(SEQ("\x10", "\x42\3")) } } },
	{ "ldap: an operation beyond all bytes", LDAP, "-ldap_tcp !ldap_tcp", { { A, T(SEQ("\x10", "\x60\x88\xff\xff\xff\xff\xff\xff\xff\xff")) } } },
	{ "ldap: a name that is no text", LDAP, "-ldap_tcp !ldap_tcp", { { A, T(SEQ("\x0d", "\x60\x08\2\1\3\x0c\1\xc3\x80\0")) } } },
	{ "ldap: octets need be no text", LDAP, "+ldap_tcp", { { A, T(SEQ("\x0d", "\x60\x08\2\1\3\4\1\xc3\x80\0")) } } },
	{ "ldap: a password that is no text", LDAP, "-ldap_tcp !ldap_tcp", { { A, T(SEQ("\x0d", "\x60\x08\2\1\3\4\0\x80\1\xc3")) } } },
	{ "ldap: a search", LDAP, "+ldap_tcp", { { A, T(SEARCH("\x1e", "\x23", "\xa3\6\4\1a\4\1b", "\x30\3\4\1c")) } } },
	{ "ldap: a description that is no text", LDAP, "-ldap_tcp !ldap_tcp", { { A, T(SEARCH("\x1e", "\x23", "\xa3\6\4\1\xc3\4\1b", "\x30\3\4\1c")) } } },
	{ "ldap: a value that is no text", LDAP, "+ldap_tcp", { { A, T(SEARCH("\x1e", "\x23", "\xa3\6\4\1a\4\1\xc3", "\x30\3\4\1c")) } } },
	{ "ldap: attributes that are none", LDAP, "-ldap_tcp !ldap_tcp", { { A, T(SEARCH("\x1e", "\x23", "\xa3\6\4\1a\4\1b", "\x30\3\x80\1c")) } } },
	{ "ldap: a list of attributes of another class", LDAP, "-ldap_tcp !ldap_tcp", { { A, T(SEARCH("\x1e", "\x23", "\xa3\6\4\1a\4\1b", "\xb0\3\4\1c")) } } },
	{ "ldap: an answer without a mechanism", LDAP, "+ldap_tcp -ldap_tcp !ldap_tcp", { { A, T(SPNEGO_BIND) }, { B, T(SEQ("\x17", "\x61\x12\x0a\1\0\4\0\4\0\x87\x09\xa1\7\x30\5\xa0\3\x0a\1\0")) } } },
	{ "ldap: after a bind both sides may be encrypted", LDAP, "+ldap_tcp", { { A, T(PLAIN_BIND("XX")) }, { B, T(BOUND) }, { A, T("\0\0\0\1x") }, { B, T("\0\0\0\2xy") } } },
	{ "ldap: the first byte decides, for both", LDAP, "+ldap_tcp -ldap_tcp", { { A, T(SEQ("\x11", "\x60\x0c\2\1\3\4\0\xa3\5\4\3GSS")) }, { B, T(BOUND) }, { A, T("\0") }, { B, T("\x30\0\0\0\1") }, END(A) } },
	{ "ldap: a gap in what is passed over", LDAP, "+ldap_tcp", { { A, T(SEQ("\x0d", "\x68\4xx")) }, { GAP_A, NULL, 2 }, { A, T("cont") } } },
	{ "ldap: a gap in a string", LDAP, "+ldap_tcp !ldap_tcp", { { A, T(SEQ("\x10", "\x60\x0b\2\1\3\4\6a")) }, { GAP_A, NULL, 3 }, { B, T(UNBIND) }, { A, T("bc") } } },
	{ "ldap: a gap in a header", LDAP, "!ldap_tcp", { { A, T(SEQ("\x10", "\x60\x0b\2\1\3")) }, { GAP_A, NULL, 3 }, { B, T(UNBIND) } } },
#define PG &recogniser_postgresql
#define SSL_REQUEST "\0\0\0\x08\4\xd2\x16\x2f"
	{ "postgresql: TLS, until one side ends", PG, "+postgresql child2 child2", { { A, T(SSL_REQUEST) }, { B, T("Sab") }, { A, T("cd") }, END(A), { B, T("ef") } } },
	{ "postgresql: a gap in the first number", PG, "!postgresql", { { A, T("\0\0") }, { GAP_A, NULL, 2 } } },
	{ "postgresql: one that leaves a byte of it", PG, "", { { A, T("\0\0") }, { GAP_A, NULL, 1 } } },
	{ "postgresql: this byte", PG, "!postgresql", { { A, T("\0\0") }, { GAP_A, NULL, 1 }, { A, T("\x08") } } },
#define SYSLOG &recogniser_syslog
	{ "syslog: a priority", SYSLOG, "+syslog", { { A, T("<34>hi") } } },
	{ "syslog: no priority", SYSLOG, "+syslog", { { B, T("hi") } } },
	{ "syslog: half a priority", SYSLOG, "-syslog !syslog", { { A, T("<34") } } },
	{ "syslog: no digits", SYSLOG, "-syslog !syslog", { { A, T("<>hi") } } },
	{ "syslog: nothing", SYSLOG, "-syslog !syslog", { { A, "", 1, NOTHING } } },
	{ "syslog: the largest number", SYSLOG, "+syslog", { { A, T("<9223372036854775807>hi") } } },
	{ "syslog: a number too large", SYSLOG, "-syslog !syslog", { { A, T("<9223372036854775808>hi") } } },
};
/* clang-format on */

static void
do_step(struct talk *t, const struct step *st)
{
	static uint8_t data[4096];
	const unsigned times = st->times == NOTHING ? 0 : st->times ? st->times : 1;

	if (t->flags & SKIPS)
		return;
	if (st->what >= END_A) {
		talk_what(t)->eof(t, st->what - END_A);
		return;
	}
	if (st->what >= GAP_A) {
		talk_what(t)->gap(t, st->what - GAP_A, st->n);
		return;
	}
	assert_true(st->n * times <= sizeof data);
	for (unsigned i = 0; i < times; i++)
		memcpy(data + i * st->n, st->text, st->n);
	talk_feed(t, st->what, (struct bytes){ data, st->n * times });
}

static void
test_scenarios(void **state)
{
	(void)state;
	unsigned wrong = 0;
	for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
		const struct scenario *sc = &scenarios[i];
		struct talk           *t = talk_begin(sc->what);
		for (const struct step *st = sc->steps; st < sc->steps + STEPS && st->n; st++)
			do_step(t, st);
		if (strcmp(said, sc->said) != 0) {
			print_error("%s: [%s], not [%s]\n", sc->name, said, sc->said);
			wrong++;
		}
		talk_end_all();
		tls_open = false;
	}
	assert_int_equal(wrong, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_scenarios) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
