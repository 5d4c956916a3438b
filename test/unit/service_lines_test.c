/* The recognisers of line-based protocols: what confirms, what violates, and what is passed to SSL when the lines
 * end. */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "service/file/ftp.h"
#define TEST_TALK_HAS_CHILDREN
#include "talk_help.h"

extern const struct recogniser recogniser_ftp, recogniser_http, recogniser_imap, recogniser_irc, recogniser_pop3,
	recogniser_smtp;

/* Stands for SSL, WebSocket or a signature matcher: prints its input. */
static void
tell(struct talk *t, int side, struct bytes b)
{
	const size_t n = strlen(said);

	(void)t;
	snprintf(said + n, sizeof said - n, " %d<%.*s>", side, (int)b.n, (const char *)b.p);
}

static const struct recogniser child = { .service = SERVICE_SSL, .feed = tell };

static const struct recogniser *
recogniser_of(enum service s)
{
	(void)s;
	return &child;
}

struct talk *
talk_hand_over(struct talk *t, enum service service)
{
	if (t->child)
		return NULL;
	struct talk *child_talk = talk_begin(recogniser_of(service));
	t->child = n_talks; /* its number, from 1 */
	return child_talk;
}

void
talk_guess(struct talk *t)
{
	(void)talk_hand_over(t, SERVICE_NONE);
}

void
talk_pass(struct talk *t, int side, struct bytes b)
{
	if (t->child)
		talk_feed(talks[t->child - 1], side, b);
}

void
talk_drop_children(struct talk *t)
{
	t->child = 0;
}

void
talk_disable(struct talk *t)
{
	say(t, '/');
}

void
talk_drain(struct talk *t)
{
	(void)t;
}

static struct smtp_transactions transactions;

struct smtp_transactions *
talk_smtp(struct talk *t)
{
	(void)t;
	return &transactions;
}

void
talk_gridftp(struct talk *t, bool gssapi)
{
	(void)t;
	(void)gssapi;
}

void
ftp_request(struct talk *t, struct ftp_dialogue *d, struct bytes cmd, struct bytes arg)
{
	(void)t;
	(void)d;
	(void)cmd;
	(void)arg;
}

void
ftp_reply(struct talk *t, struct ftp_dialogue *d, unsigned code, struct bytes text, bool more)
{
	(void)t;
	(void)d;
	(void)code;
	(void)text;
	(void)more;
}

void
ftp_dialogue_clear(struct ftp_dialogue *d)
{
	(void)d;
}

void
talk_expect(struct talk *t, enum service data, const struct addr *orig, const struct addr *resp, uint16_t port)
{
	(void)t;
	(void)data;
	(void)orig;
	(void)resp;
	(void)port;
}

enum { END_A = GAP_B + 1, END_B, CUT, FLIP }; /* who has ended; a RST; the ends change roles */

#define STEPS 12
#define END(who)                                                                                                       \
	{                                                                                                                  \
		END_##who, ""                                                                                                  \
	}

struct step {
	int         what;
	const char *text;
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
#define POP3 &recogniser_pop3
	{ "pop3: USER", POP3, "+pop3", { { B, "+OK\r\n" }, { A, "USER a\r\n" }, { B, "+OK\r\n" } } },
	{ "pop3: STAT too early is no login", POP3, "+pop3", { { B, "+OK\r\n" }, { A, "STAT\r\n" }, { B, "+OK\r\n" }, { A, "USER a\r\n" }, { B, "+OK\r\n" } } },
	{ "pop3: LIST too early is one", POP3, "", { { B, "+OK\r\n" }, { A, "LIST 1\r\n" }, { B, "+OK\r\n" }, { A, "USER a\r\n" }, { B, "+OK\r\n" } } },
	{ "pop3: an unfinished line goes to SSL at the end", POP3, "+pop3 0<tls> 0<QU>",
	  { { B, "+OK\r\n" }, { A, "STLS\r\nQU" }, { B, "+OK\r\n" }, { A, "tls" }, END(A) } },
	{ "pop3: what comes with the answer comes as lines", POP3, "+pop3 1<x> 1<y>",
	  { { B, "+OK\r\n" }, { A, "STLS\r\n" }, { B, "+OK\r\nx\r\ny" }, END(B) } },
	{ "pop3: an argument behind many blanks", POP3, "+pop3", { { B, "+OK\r\n" }, { A, "USER" }, { A, "                ", 2000 }, { A, "a\r\n" }, { B, "+OK\r\n" } } },
#define TAG "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789"
	{ "imap: a long tag", &recogniser_imap, "+imap 0<tls>", { { A, TAG " STARTTLS\r\n" }, { B, TAG " OK\r\n" }, { A, "tls" } } },
	{ "imap: another tag", &recogniser_imap, "+imap -imap", { { A, TAG " STARTTLS\r\n" }, { B, "x" TAG " OK\r\n" }, { A, "tls" } } },
#define SMTP &recogniser_smtp
	{ "smtp: a long line ends in CR CR", SMTP, "+smtp -smtp",
	  { { A, "DATA" }, { A, "                ", 2000 }, { A, "\r\r\n" }, { B, "220\r\n" }, { B, "x\r\n" } } },
	{ "smtp: an unfinished line goes to SSL at the end", SMTP, "+smtp 1<tls> 0<QU>",
	  { { A, "STARTTLS\r\nQU" }, { B, "220 a\r\n220 b\r\n" }, { B, "tls" }, END(A), END(B) } },
	{ "smtp: BDAT is the other side's where the ends have changed roles", SMTP, "+smtp -smtp", { { FLIP, "" }, { A, "BDAT 9\r\n" }, { B, "2" } } },
	{ "smtp: BDAT is the client's where they have not", SMTP, "+smtp", { { A, "BDAT 9\r\n" }, { B, "2" } } },
	{ "smtp: 25 invalid transactions", SMTP, "+smtp", { { A, "RCPT TO:x\r\n", 25 } } },
	{ "smtp: 26 invalid transactions", SMTP, "+smtp /smtp", { { A, "RCPT TO:x\r\n", 27 } } },
#define IRC &recogniser_irc
	{ "irc: an unfinished line goes to SSL at the end", IRC, "+irc 0<tls> 0<NI>",
	  { { A, "STARTTLS\r\nNI" }, { B, "670 a\r\n" }, { A, "tls" }, END(A), END(B) } },
#define SERVERS { A, "PASS a 0 b Z\r\nSERVER a 1 :a\r\n" }, { B, "PASS b 0 b Z\r\nSERVER b 1 :b\r\n" }
	{ "irc: servers compress", IRC, "+irc -irc", { SERVERS, { A, "\170\332\063\064\062\066\061\125\310\313\127\050\112\055\310\251\004\r\n" } } },
	{ "irc: the other one does not offer it", IRC, "+irc", { { A, "PASS a 0 b Z\r\nSERVER a 1 :a\r\n" }, { B, "PASS b 0 b\r\nSERVER b 1 :b\r\n" },
	  { A, "\170\332\063\064\062\066\061\125\310\313\127\050\112\055\310\251\004\r\n" } } },
	{ "irc: what is not compressed is nothing", IRC, "+irc", { SERVERS, { A, "1 no reply\r\n" } } },
#define FTP &recogniser_ftp
	{ "ftp: TLS where tokens were followed", FTP, "+ftp", { { A, "AUTH GSSAPI\r\n" }, { B, "334\r\n" }, { A, "aut TLS\r\n" }, { B, "234\r\n" }, { B, "x\r\n" } } },
	{ "ftp: an unfinished line goes to SSL at the end", FTP, "+ftp 1<tls> 0<QU>",
	  { { A, "AUTH TLS\r\nQU" }, { B, "234 a\r\n" }, { B, "tls" }, END(A), END(B) } },
	{ "ftp: a command behind many blanks", FTP, "+ftp", { { A, "                ", 2000 }, { A, "USER a\r\n" } } },
#define HTTP &recogniser_http
	{ "http: the version behind a long URI", HTTP, "+http", { { A, "GET /" }, { A, "0123456789abcdef", 2000 }, { A, " HTTP/1.1\r\n" } } },
	{ "http: a boundary behind long blanks", HTTP, "+http -http",
	  { { A, "POST / HTTP/1.1\r\nContent-Length: 9\r\nContent-Type: multipart/mixed;" }, { A, "                ", 2000 },
	    { A, "boundary=x\r\n\r\n--x--\r\n" }, { A, "y\r\n" } } },
	{ "http: a range of many blanks", HTTP, "+http -http",
	  { { A, "GET / HTTP/1.1\r\n\r\n" }, { B, "HTTP/1.1 206 OK\r\nContent-Range: bytes" }, { B, "                ", 9 }, { B, "0-0/2\r\n\r\nxy\r\n" } } },
#define PARTS "HTTP/1.1 200 OK\r\nContent-Type: multipart/mixed; boundary=x\r\n"
	{ "http: a header means something when the next line is there", HTTP, "+http -http",
	  { { B, "HTTP/1.1 200 OK\r\nConnection: close\r\nX" }, { A, "POST / HTTP/1.1\r\n\r\nx\r\n" } } },
	{ "http: where it is there the body lasts until the end", HTTP, "+http",
	  { { B, "HTTP/1.1 200 OK\r\nConnection: close\r\nX: y\r\n" }, { A, "POST / HTTP/1.1\r\n\r\nx\r\n" } } },
	{ "http: lines go on after a reply without a length", HTTP, "-http", { { B, "HTTP/1.1 200 OK\r\n" }, END(B), { B, "x\r\n" } } },
	{ "http: a message cut short by a RST", HTTP, "+http 0<\n>",
	  { { A, "CONNECT a:1 HTTP/1.1\r\nContent-Length: 5\r\nx" }, { B, "HTTP/1.1 200 OK\r\n\r\n" }, { CUT, "" }, END(A) } },
	{ "http: a gap behind CONNECT", HTTP, "+http", { { A, "CONNECT a:1 HTTP/1.1\r\n\r\nx" }, { B, "HTTP/1.1 200 OK\r\n\r\n" }, { GAP_A, "" }, END(A) } },
	{ "http: parts of a compressed body", HTTP, "+http -http",
	  { { A, "GET / HTTP/1.1\r\n\r\n" }, { B, PARTS "Content-Encoding: deflate\r\n\r\n" }, { B, "\323\325\255\320\325\005\r\njunk\r\n" } } },
	{ "http: parts of a body that is not compressed", HTTP, "+http",
	  { { A, "GET / HTTP/1.1\r\n\r\n" }, { B, PARTS "\r\n" }, { B, "\323\325\255\320\325\005\r\njunk\r\n" } } },
	{ "http: an unfinished line goes to the tunnel at the end", HTTP, "+http 1<x\r\ny> 0<z> 0<GE>",
	  { { A, "CONNECT a:1 HTTP/1.1\r\n\r\nGE" }, { B, "HTTP/1.1 200 OK\r\n\r\nx\r\ny" }, { A, "z" }, END(A), END(B) } },
	{ "http: an empty line counts after a body without an end", HTTP, "+http 1<x>",
	  { { A, "GET / HTTP/1.1\r\n\r\n" }, { B, "HTTP/1.1 200 OK\r\n\r\nabc\r" }, { A, "CONNECT a:1 HTTP/1.1\r\n\r\n" }, { B, "\n\r\nx" } } },
	{ "http: an unfinished line of it is not empty", HTTP, "+http",
	  { { A, "GET / HTTP/1.1\r\n\r\n" }, { B, "HTTP/1.1 200 OK\r\n\r\nabc" }, { A, "CONNECT a:1 HTTP/1.1\r\n\r\n" }, { B, "\r\nx" } } },
	{ "http: a line that began before an HTTP/0.9 request is a reply's", HTTP, "+http -http",
	  { { B, "junk" }, { A, "GET /\r\n\r\nHEAD /\r\n" }, { B, "x" }, END(B) } },
};
/* clang-format on */

/* Repeated steps are fed one after another, so that chunks stay small. */
static void
step(struct talk *t, const struct step *st)
{
	const struct bytes b = { (const uint8_t *)st->text, strlen(st->text) };

	for (unsigned i = 0; i < (st->times ? st->times : 1); i++)
		switch (st->what) {
		case A:
		case B:
			talk_what(t)->feed(t, st->what, b);
			break;
		case GAP_A:
		case GAP_B:
			if (talk_what(t)->gap)
				talk_what(t)->gap(t, st->what - GAP_A, 1);
			break;
		case CUT:
			talk_what(t)->cut(t);
			break;
		case FLIP:
			talk_what(t)->flipped(t);
			break;
		default:
			if (talk_what(t)->eof)
				talk_what(t)->eof(t, st->what - END_A);
		}
}

static void
test_scenarios(void **state)
{
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
		const struct scenario *sc = &scenarios[i];
		struct talk           *t = talk_begin(sc->what);

		assert_non_null(t);
		for (const struct step *st = sc->steps; st < sc->steps + STEPS && st->text; st++)
			if (!(t->flags & SKIPS))
				step(t, st);
		if (strcmp(said, sc->said) != 0) {
			print_error("%s: said \"%s\", not \"%s\"\n", sc->name, said, sc->said);
			wrong++;
		}
		talk_end_all();
		transactions = (struct smtp_transactions){ 0 };
	}
	assert_int_equal(wrong, 0);
	assert_int_equal(held.used, 0);
}

/* They are counted per connection: for a recogniser attached later the first one is already too many. */
static void
test_smtp_again(void **state)
{
	const struct bytes rcpt = { (const uint8_t *)"RCPT TO:x\r\n", 11 };

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct talk *t = talk_begin(SMTP);
		assert_non_null(t);
		for (int k = 0; k < (i ? 1 : 25); k++)
			talk_what(t)->feed(t, A, rcpt);
		assert_string_equal(said, i ? "+smtp /smtp" : "+smtp");
		talk_end_all();
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_scenarios), cmocka_unit_test(test_smtp_again) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
