/* dpd_test.c - how services are found, confirmed and withdrawn: small connections through the engine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/engine.h"

enum { NONE, TCP, PARTIAL, UDP };

#define STEPS 14
#define LOST  (-1) /* as `at`: never sent */

/* What a side sends: `n` bytes of `text` (0: all of it), repeated until `times` of them are sent in one packet. */
struct step {
	int         side;
	const char *text;
	int         n;
	int         times;
	int         at;    /* not 0: how far ahead of its position the segment is */
	double      after; /* seconds since the previous step; 0: a hundredth */
	unsigned    flags; /* for TCP; 0: ACK */
};

/* `option`: name=value. */
struct scenario {
	const char *name;
	int         kind, port;
	struct step steps[STEPS];
	const char *service, *failed, *speculative;
	const char *option;
	bool        over; /* no inspection is left before the end */
};

struct result {
	unsigned n;
	char     service[64], failed[64], speculative[64];
	uint64_t orig_p, resp_p;
	double   duration;
	unsigned inspects, talks; /* in use after the last step */
};

#define GET    "GET / HTTP/1.1\r\n\r\n"
#define OK     "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
#define QUERY  "\xab\xcd\1\0\0\1\0\0\0\0\0\0\1a\0\0\1\0\1"
#define REPLY  "\xab\xcd\x81\x80\0\1\0\0\0\0\0\0\1a\0\0\1\0\1"
#define B(lit) lit, sizeof(lit) - 1
/* Over TCP; too many questions violate. */
#define ASK  "\0\x13" QUERY
#define TELL "\0\x13" REPLY
#define BAD  "\0\x0c\1\2\1\0\xff\xff\0\0\0\0\0\0"

/* TLS 1.0 with a cipher suite that encrypts nothing (TLS_RSA_WITH_NULL_SHA). */
#define RANDOM32 "01234567890123456789012345678901"
#define CLIENT   "\x16\3\1\0\x2d\1\0\0\x29\3\1" RANDOM32 "\0\0\2\0\2\1\0"
#define SERVER   "\x16\3\1\0\x2a\2\0\0\x26\3\1" RANDOM32 "\0\0\2\0"
#define CERT     "\x16\3\1\0\x0b\x0b\0\0\7\0\0\4\0\0\1x"
#define SEAL     "\x14\3\1\0\1\1\x16\3\1\0\4abcd"
#define SEALED                                                                                                         \
	"\x17\3\1\0\x0a"                                                                                                   \
	"0123456789"

/* DTLS: a ClientHello; a record of an unknown type; a certificate. DNP3: a request; one whose objects are not all there; a frame without a length; a frame of the link
 * alone, with the byte behind it; a request in two frames. */
#define HELLO   "\x16\xfe\xfd\0\0\0\0\0\0\0\0\0\x36\1\0\0\x2a\0\0\0\0\0\0\0\x2a\xfe\xfd" RANDOM32 "\0\0\0\2\xc0\x2b\1\0"
#define STRANGE "\x63\xfe\xfd\0\0\0\0\0\0\0\0\0\1x"
#define SHOWN   "\x16\xfe\xfd\0\0\0\0\0\0\0\0\0\x13\x0b\0\0\7\0\0\0\0\0\0\0\7\0\0\4\0\0\1x"
#define READ    "\5\x64\x0b\xc4\2\0\1\0\x83\x24\xc0\xc0\1\x3c\2\6\x54\xe0"
#define SHORT   "\5\x64\x0c\xc4\2\0\1\0\xbd\xfa\xc0\xc0\2\x0c\1\x28\5\xfe\x61"
#define EMPTY   "\5\x64\0\xc4\2\0\1\0\x0f\x2d\xc0\x1d\x0a"
#define LINK    "\5\x64\5\xc0\2\0\1\0\x9e\x59\xc0"
#define READ_1  "\5\x64\x0a\xc4\2\0\1\0\x64\x91\x40\xc0\1\x3c\2\xac\xc4"
#define READ_2  "\5\x64\7\xc4\2\0\1\0\x31\xf3\x81\6\x5a\xfa"
/* A request with a file's description (group 70, variation 1), which has 34 bytes at least. */
#define FILE_1                                                                                                         \
	"\5\x64\x30\xc4\2\0\1\0\x4c\xa4\xc0\xc0\x19\x46\1\x5b\1\x22\0\0\0\0\0\0\0\0\xf6"                                   \
	"\x8c\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\xff\xff\0\0\0\0\0\0\0\0\0\0\0\xff\xff"
/* A version; no authentication, and the server's parameters. */
#define RFB "RFB 003.003\n"
#define SCREEN                                                                                                         \
	"\0\0\0\1"                                                                                                         \
	"\4\0\3\0"                                                                                                         \
	"0123456789012345"                                                                                                 \
	"\0\0\0\1"                                                                                                         \
	"x"
/* SMB2: a session setup with a GSSAPI token in which Kerberos answers (AP-REP), or says nothing that could be read. */
#define ZERO8            "\0\0\0\0\0\0\0\0"
#define SMB2             "\xfeSMB\x40\0\0\0\0\0\0\0\1\0\1\0" ZERO8 ZERO8 ZERO8 ZERO8 ZERO8 ZERO8
#define SETUP(length, n) "\0\0\0" length SMB2 "\x19\0\0\1" ZERO8 "\x58\0" n "\0" ZERO8
#define AP_REP                                                                                                         \
	SETUP("\x7c", "\x24")                                                                                              \
	"\xa1\x22\x30\x20\xa2\x1e\4\x1c\x6f\x1a\x30\x18\xa0\3\2\1\5\xa1\3\2\1\x0f\xa2\x0c\x30\x0a\xa0\3\2\1\x17\xa2\3\4\1" \
	"x"
#define AP_EMPTY SETUP("\x64", "\x0c") "\xa1\x0a\x30\x08\xa2\6\4\4\x6f\2\x30\0"

/* SSLv2: a server's hello, and a client's of a version. */
#define OLD_SERVER          "\x80\x0b\4\0\1\0\2\0\0\0\0\0\0"
#define OLD_CLIENT(version) "\x80\x09\1" version "\0\0\0\0\0\0"
/* RDP: the server's GCC response, behind domain parameters with a length of nine bytes. */
#define SESSION                                                                                                        \
	"\3\0\0\x33\2\xf0\x80\x7f\x66\0\0\0\x0a\1\0\2\1\0\x30\x89\0\0\0\0\0\0\0\0\1"                                       \
	"0000"                                                                                                             \
	"\0\0"                                                                                                             \
	"0"                                                                                                                \
	"012345678"                                                                                                        \
	"McDn"                                                                                                             \
	"00"

static void
text_of(const connlog_record *r, const char *column, char *out, size_t size)
{
	const connlog_value v = connlog_record_get(r, (size_t)connlog_column_find(column));
	size_t              at = 0;

	out[0] = 0;
	if (!v.set)
		return;
	if (v.type != CONNLOG_STRING_SET) {
		snprintf(out, size, "%.*s", (int)v.text.n, v.text.p);
		return;
	}
	for (size_t i = 0; i < v.texts.n && at < size; i++)
		at += (size_t)snprintf(out + at, size - at, "%s%.*s", i ? "," : "", (int)v.texts.at[i].n, v.texts.at[i].p);
}

static int
on_record(void *arg, const connlog_record *r)
{
	struct result *res = arg;

	res->n++;
	text_of(r, "service", res->service, sizeof res->service);
	text_of(r, "failed_service", res->failed, sizeof res->failed);
	text_of(r, "speculative_service", res->speculative, sizeof res->speculative);
	res->orig_p = connlog_record_get(r, (size_t)connlog_column_find("id.orig_p")).count;
	res->resp_p = connlog_record_get(r, (size_t)connlog_column_find("id.resp_p")).count;
	res->duration = connlog_record_get(r, (size_t)connlog_column_find("duration")).number;
	return CONNLOG_OK;
}

static uint8_t *
put(uint8_t *at, uint32_t value, unsigned size)
{
	while (size-- > 0)
		*at++ = (uint8_t)(value >> 8 * size);
	return at;
}

struct wire {
	connlog_engine *e;
	double          now;
	bool            udp;
	int             port[2];
	uint32_t        seq[2], ack[2];
};

static void
send_packet(struct wire *w, int side, unsigned flags, uint32_t seq, const uint8_t *data, size_t n)
{
	static uint8_t p[65536];
	uint8_t       *at = p;

	w->now += 0.01;
	at = put(at, 0x4500, 2);
	at = put(at, (uint32_t)((w->udp ? 28 : 40) + n), 2);
	at = put(at, 0, 4);
	at = put(at, w->udp ? 0x4011 : 0x4006, 2);
	at = put(at, 0, 2);
	at = put(at, 0x0a000001u + (uint32_t)side, 4);
	at = put(at, 0x0a000001u + (uint32_t)!side, 4);
	at = put(at, (uint32_t)w->port[side], 2);
	at = put(at, (uint32_t)w->port[!side], 2);
	if (w->udp) {
		at = put(at, (uint32_t)(8 + n), 2);
		at = put(at, 0, 2);
	} else {
		at = put(at, seq, 4);
		at = put(at, flags & 16 ? w->seq[!side] : 0, 4);
		at = put(at, 0x5000u | flags, 2);
		at = put(at, 60000, 2);
		at = put(at, 0, 4);
	}
	if (n)
		memcpy(at, data, n);
	const connlog_packet packet = { .data = p,
		                            .caplen = (uint32_t)(at - p + (ptrdiff_t)n),
		                            .len = (uint32_t)(at - p + (ptrdiff_t)n),
		                            .link = 101,
		                            .sec = (int64_t)w->now,
		                            .nsec = (uint32_t)((w->now - (double)(int64_t)w->now) * 1e9) };
	assert_int_equal(connlog_packets(w->e, &packet, 1), CONNLOG_OK);
}

static void
send_step(struct wire *w, const struct step *st)
{
	static uint8_t data[60000];
	const size_t   one = st->n ? (size_t)st->n : strlen(st->text), times = st->times ? (size_t)st->times : 1;

	assert_true(one * times <= sizeof data);
	for (size_t i = 0; i < times; i++)
		memcpy(data + i * one, st->text, one);
	w->now += st->after;
	const uint32_t seq = w->seq[st->side] + (uint32_t)st->at;
	if (st->at == 0) /* segments sent ahead leave the position unchanged */
		w->seq[st->side] += (uint32_t)(one * times);
	if (st->at == LOST)
		w->seq[st->side] += (uint32_t)(one * times);
	else
		send_packet(w, st->side, st->flags ? st->flags : 16, seq, data, one * times);
}

static void
open_wire(struct wire *w, int kind, int port)
{
	w->udp = kind == UDP;
	w->port[0]++;
	w->port[1] = port;
	w->seq[0] = 1000;
	w->seq[1] = 5000;
	if (kind != TCP)
		return;
	send_packet(w, 0, 2, w->seq[0]++, NULL, 0);
	send_packet(w, 1, 18, w->seq[1]++, NULL, 0);
	send_packet(w, 0, 16, w->seq[0], NULL, 0);
}

static struct wire
wire_new(const char *option, struct result *res)
{
	char             err[256], name[64];
	connlog_options *o = connlog_options_new();

	assert_int_equal(connlog_options_set(o, "ignore_checksums", "T", err, sizeof err), CONNLOG_OK);
	if (option) {
		const char *value = strchr(option, '=');
		snprintf(name, sizeof name, "%.*s", (int)(value - option), option);
		assert_int_equal(connlog_options_set(o, name, value + 1, err, sizeof err), CONNLOG_OK);
	}
	struct wire w = { .e = connlog_engine_new(o, err, sizeof err), .now = 1.7e9, .port = { 50000, 0 } };
	connlog_options_free(o);
	assert_non_null(w.e);
	connlog_on_record(w.e, on_record, res);
	return w;
}

static void
count_talks(const struct wire *w, struct result *res)
{
	res->inspects = (unsigned)w->e->inspector.counters.undecided;
	res->talks = (unsigned)pool_used(&w->e->inspector.pool);
}

/* Ends the connection; no inspection may be left then. */
static void
wire_free(struct wire *w)
{
	struct result left;

	assert_int_equal(connlog_finish(w->e), CONNLOG_OK);
	count_talks(w, &left);
	assert_int_equal(left.inspects + left.talks + w->e->inspector.verdicts.used, 0);
	assert_int_equal(signatures_many(w->e->inspector.signatures), 0);
	connlog_engine_free(w->e);
}

/* clang-format off */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers" /* what is left out of a step is 0 */
static const struct scenario scenarios[] = {
	{ "by its port", TCP, 80, { { 0, GET }, { 1, OK } }, "http", "", "", NULL, false },
	{ "by its signature", TCP, 40000, { { 0, GET }, { 1, OK } }, "http", "", "", NULL, false },
	{ "by its signature alone", TCP, 80, { { 0, "x" }, { 1, "y" } }, "", "", "", "dpd_ignore_ports=T", 0 },
	{ "what came before the signature is replayed", TCP, 40000,
	  { { 0, "GE" }, { 0, "T / HTTP/1.1\r\n\r\n" }, { 1, OK } }, "http", "", "", NULL, false },
	{ "no signature, no service", TCP, 40000, { { 0, "JET / HTTP/1.1\r\n\r\n" }, { 1, "JTTP/1.1 200 OK\r\n\r\n" } }, "", "", "", NULL, false },
	/* 1024 bytes are kept; the chunk that goes beyond is still matched and replayed, the next is not. */
	{ "the chunk that overflows", TCP, 40000, { { 0, GET, 0, 100 }, { 1, OK } }, "http", "", "http", "dpd_match_only_beginning=F", 0 },
	{ "the chunk behind it", TCP, 40000, { { 0, " ", 0, 1000 }, { 0, " ", 0, 25 }, { 0, GET }, { 1, OK } }, "", "", "http", "dpd_match_only_beginning=F", 0 },
	{ "the chunk behind it is not looked at", TCP, 40000, { { 0, " ", 0, 1000 }, { 0, " ", 0, 25 }, { 0, GET }, { 1, OK } }, "", "", "", "dpd_match_only_beginning=T", 1 },
	{ "violated, never confirmed", TCP, 53, { { 0, B(BAD) }, { 1, B(BAD) } }, "", "", "", NULL, false },
	{ "confirmed, then violated", TCP, 53, { { 0, B(ASK) }, { 1, B(TELL) }, { 0, B(BAD) } }, "", "dns", "", NULL, false },
	{ "confirmed and violated by one packet", TCP, 53, { { 0, B(ASK BAD) } }, "", "dns", "", NULL, false },
	{ "violated after 10240 bytes", TCP, 53, { { 0, B(ASK), 600 }, { 0, B(BAD) } }, "dns", "", "", NULL, false },
	{ "violated before 10240 bytes", TCP, 53, { { 0, B(ASK), 400 }, { 0, B(BAD) } }, "", "dns", "", NULL, false },
	{ "violated after a gap", TCP, 53, { { 0, B(ASK) }, { 1, B(TELL), 0, LOST }, { 1, B(TELL) }, { 0, B(ASK) }, { 0, B(BAD) } }, "dns", "", "", NULL, false },
	{ "violated, joined midway", PARTIAL, 53, { { 0, B(ASK) }, { 1, B(TELL) }, { 0, B(BAD) } }, "dns", "", "", NULL, false },
	{ "out of order, the hole filled later", TCP, 80, { { 0, "T / HTTP/1.1\r\n\r\n", 0, 0, 2 }, { 0, "GE" }, { 1, OK } }, "http", "", "", NULL, false },
	{ "a RST cuts a message short, what follows is nothing", TCP, 80,
	  { { 0, GET }, { 1, "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nab" }, { 1, "", .flags = 4 }, { 1, "cdefgh" }, { 1, "junk\r\n" } }, "http", "", "", NULL, false },
	{ "behind a RST between messages lines are still looked at", TCP, 80,
	  { { 0, GET }, { 1, OK }, { 1, "", .flags = 4 }, { 1, "junk\r\n" } }, "", "http", "", NULL, false },
	{ "an end is closed while data is missing", TCP, 53,
	  { { 0, B("\0\x40\1\2\1\0\0\0\0\0\0\0\0\0") }, { 0, "lost", 0, 0, LOST }, { 0, "", .flags = 17 } }, "dns", "", "", NULL, false },
	/* Data that was delivered and never acknowledged is matched at the end if something waits above a hole. */
	{ "undelivered: matched at the end", TCP, 40000,
	  { { 0, B("\5\0\x0bx"), 300 }, { 0, "lost", 0, 0, LOST }, { 0, "y" } }, "", "", "dce_rpc", "dpd_match_only_beginning=F", 0 },
	{ "undelivered: only the oldest segment that is not acknowledged", TCP, 40000,
	  { { 0, "x", 0, 1100 }, { 0, "....MQTT" }, { 0, "lost", 0, 0, LOST }, { 0, "y" } }, "", "", "", "dpd_match_only_beginning=F", 0 },
	{ "undelivered: it is the oldest when those before are acknowledged", TCP, 40000,
	  { { 0, "x", 0, 1100 }, { 1, "x" }, { 0, "....MQTT" }, { 0, "lost", 0, 0, LOST }, { 0, "y" } }, "", "", "mqtt", "dpd_match_only_beginning=F", 0 },
	{ "undelivered: no hole", TCP, 40000, { { 0, B("\5\0\x0bx"), 300 }, { 0, "y" } }, "", "", "", "dpd_match_only_beginning=F", 0 },
	{ "undelivered: nothing is matched alone yet", TCP, 40000,
	  { { 0, B("\5\0\x0bx"), 200 }, { 0, "lost", 0, 0, LOST }, { 0, "y" } }, "", "", "", "dpd_match_only_beginning=F", 0 },
	{ "Kerberos inside SMB is violated after a gap, too", TCP, 445,
	  { { 0, B(AP_REP) }, { 0, "lost", 0, 0, LOST }, { 1, "x" }, { 0, B(AP_EMPTY) }, { 0, B(AP_EMPTY) } }, "gssapi", "krb", "", NULL, false },
	{ "UDP, by its port", UDP, 53, { { 0, B(QUERY) }, { 1, B(REPLY) } }, "dns", "", "", NULL, false },
	/* A recogniser that throws while datagrams are replayed removes the matcher, and the rest is not replayed. */
	{ "UDP, a datagram throws", UDP, 40000, { { 0, B(HELLO) }, { 0, "x" } }, "", "dtls", "", NULL, false },
	{ "UDP, a replayed datagram throws", UDP, 40000, { { 0, "x" }, { 0, B(HELLO) } }, "", "", "", NULL, false },
	{ "UDP, the recogniser stays", UDP, 40000, { { 0, "x" }, { 0, B(HELLO) }, { 0, B(HELLO) } }, "dtls", "", "", NULL, false },
	{ "UDP, the matcher does not", UDP, 40000, { { 0, "x" }, { 0, B(HELLO) }, { 1, B(READ) } }, "", "", "", NULL, false },
	{ "UDP, the datagram that matched throws", UDP, 40000, { { 0, B(SHORT) } }, "dnp3_udp", "", "", NULL, false },
	{ "UDP, the next one throws", UDP, 40000, { { 0, B(READ) }, { 0, B(SHORT) } }, "", "dnp3_udp", "", NULL, false },
	{ "UDP, the side that is skipped stays so", UDP, 40000, { { 0, "x", 0, 11 }, { 0, B(READ) } }, "", "", "", NULL, false },
	{ "UDP, the other side is replayed all the same", UDP, 40000, { { 0, "x", 0, 11 }, { 1, B(READ) } }, "dnp3_udp", "", "", NULL, false },
	/* Events take effect at a certificate, so a protocol that has been violated before can be confirmed after it. */
	{ "dtls, violated and confirmed at once", UDP, 443, { { 0, B(STRANGE HELLO) } }, "", "dtls", "", NULL, false },
	{ "dtls, a certificate between", UDP, 443, { { 0, B(STRANGE SHOWN HELLO) } }, "dtls", "", "", NULL, false },
	{ "ssl, an old client", TCP, 443, { { 1, B(OLD_SERVER) }, { 0, B(OLD_CLIENT("\0\2")) } }, "ssl", "", "", NULL, false },
	{ "ssl, an old client of no version", TCP, 443, { { 1, B(OLD_SERVER) }, { 0, B(OLD_CLIENT("\xff\2")) } }, "", "", "", NULL, false },
	{ "rdp, a length of nine bytes is none", TCP, 3389, { { 1, B(SESSION) } }, "rdp", "", "", NULL, false },
	/* A unit's kind is determined when the previous one ends. */
	{ "rfb", TCP, 5900, { { 1, RFB }, { 0, RFB }, { 1, B(SCREEN) }, { 0, "\1" }, { 0, "\4" } }, "rfb", "", "", NULL, false },
	{ "rfb, no such message of the client", TCP, 5900, { { 1, RFB }, { 0, RFB }, { 1, B(SCREEN) }, { 0, "\1" }, { 0, "\7" } }, "", "rfb", "", NULL, false },
	{ "rfb, no such message of the server", TCP, 5900, { { 1, RFB }, { 0, RFB }, { 1, B(SCREEN "\x0d") } }, "", "rfb", "", NULL, false },
	{ "rfb, what the server says later", TCP, 5900, { { 1, RFB }, { 0, RFB }, { 1, B(SCREEN) }, { 1, "\x0d" } }, "rfb", "", "", NULL, false },
	{ "dnp3, a frame without a length", TCP, 20000, { { 0, B(EMPTY) } }, "", "dnp3_tcp", "", NULL, false },
	{ "dnp3, a fragment of two frames", TCP, 20000, { { 0, B(READ_1) }, { 0, B(READ_2) }, { 0, B(READ) } }, "dnp3_tcp", "", "", NULL, false },
	{ "dnp3, a file", TCP, 20000, { { 0, B(FILE_1) } }, "dnp3_tcp", "", "", NULL, false },
	{ "dnp3, a link's frame in a fragment", TCP, 20000, { { 0, B(READ_1) }, { 0, B(LINK) }, { 0, B(READ_2) } }, "", "dnp3_tcp", "", NULL, false },
};
/* clang-format on */

static struct result
play(const struct scenario *sc)
{
	struct result res = { 0 };
	struct wire   w = wire_new(sc->option, &res);

	open_wire(&w, sc->kind, sc->port);
	for (const struct step *st = sc->steps; st < sc->steps + STEPS && st->text; st++)
		send_step(&w, st);
	count_talks(&w, &res);
	wire_free(&w);
	return res;
}

static void
test_scenarios(void **state)
{
	(void)state;
	unsigned wrong = 0;
	for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
		const struct scenario *sc = &scenarios[i];
		const struct result    res = play(sc);
		if (strcmp(res.service, sc->service) || strcmp(res.failed, sc->failed) ||
		    strcmp(res.speculative, sc->speculative) || (sc->over && res.inspects + res.talks))
			print_error("%s: %u [%s] [%s] [%s] left %u\n", sc->name, res.n, res.service, res.failed, res.speculative,
			            res.inspects);
		wrong += res.n != 1 || strcmp(res.service, sc->service) || strcmp(res.failed, sc->failed) ||
		         strcmp(res.speculative, sc->speculative) || (sc->over && res.inspects + res.talks);
	}
	assert_int_equal(wrong, 0);
}

static void
test_dns(void **state)
{
	(void)state;
	static const struct scenario flip = { "", UDP, 53, { { 0, B(REPLY) } }, "dns", "", "", 0, 0 };
	static const struct scenario slow = { "", UDP, 53, { { 0, B(QUERY) }, { 0, B(QUERY), 0, 0, 25 } }, "dns", "",
		                                  "", 0,   0 };
	struct result                res = play(&flip);

	assert_int_equal(res.orig_p, 53); /* a reply comes from the responder */
	assert_int_equal(res.resp_p, 50001);
	res = play(&slow);
	assert_int_equal(res.n, 2); /* silent for 20 seconds: dns_session_timeout */
}

static void
test_ftp_data(void **state)
{
	(void)state;
	static const struct step talk[] = { { 1, "220 hi\r\n" },
		                                { 0, "USER a\r\n" },
		                                { 1, "331 ok\r\n" },
		                                { 0, "PASV\r\n" },
		                                { 1, "227 (10,0,0,2,195,90)\r\n" },
		                                { 0 } };
	struct result            res = { 0 };
	struct wire              w = wire_new(NULL, &res);

	open_wire(&w, TCP, 21);
	for (const struct step *st = talk; st->text; st++)
		send_step(&w, st);
	open_wire(&w, TCP, 195 * 256 + 90);
	assert_int_equal(connlog_finish(w.e), CONNLOG_OK);
	assert_int_equal(res.n, 2);
	assert_string_equal(res.service, "ftp-data"); /* the second */
	wire_free(&w);
}

/* A transfer over the threshold, after which packets no longer count; the last one is a second later. */
static void
test_gridftp_data(void **state)
{
	(void)state;
#define TRANSFER(from_client, size)                                                                                    \
	{                                                                                                                  \
		{ 0, B(CLIENT) }, { 1, B(SERVER CERT) }, { 0, B(from_client SEAL) }, { 1, B(SEAL) }, { 0, B(SEALED), size },   \
		{                                                                                                              \
			0, B(SEALED), 0, 0, 1                                                                                      \
		}                                                                                                              \
	}
	static const struct {
		struct scenario s;
		bool            skipped;
	} cases[] = {
		{ { "", TCP, 443, TRANSFER(CERT, 200), "ssl,gridftp-data", .option = "GridFTP::size_threshold=3000" }, true },
		{ { "", TCP, 443, TRANSFER(CERT, 100), "ssl", .option = "GridFTP::size_threshold=3000" }, false },
		{ { "", TCP, 443, TRANSFER("", 200), "ssl", .option = "GridFTP::size_threshold=3000" }, false },
		{ { "", TCP, 443, TRANSFER(CERT, 200), "ssl" }, false },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const struct result res = play(&cases[i].s);
		assert_string_equal(res.service, cases[i].s.service);
		assert_int_equal(res.duration < 1, cases[i].skipped);
	}
}

/* A few entries are stored in place, more in the slab, more than sixteen are dropped; removal leaves no gap. */
static void
test_found(void **state)
{
	struct slab verdicts;

	(void)state;
	slab_init(&verdicts, sizeof(struct verdict));
	for (unsigned n = 0; n <= VERDICT_MAX + 2; n++) {
		struct found   f = { { 0 } };
		struct verdict v;
		enum service   out[VERDICT_MAX];
		const unsigned kept = n < VERDICT_MAX ? n : VERDICT_MAX;
		for (unsigned k = 0; k < 2 * n; k++)
			found_add(&f, &verdicts, VERDICT_SERVICE, (enum service)(1 + k % n));
		assert_int_equal(verdicts.used, n > FOUND_FEW);
		assert_int_equal(found_get(&f, &verdicts, &v), n > 0);
		if (n > 0)
			assert_int_equal(verdict_list(&v, VERDICT_SERVICE, out), kept);
		for (unsigned k = 0; k < kept; k++)
			assert_int_equal(out[k], 1 + k);
		for (unsigned k = 0; k < n; k++) {
			assert_int_equal(found_has(&f, &verdicts, VERDICT_SERVICE, (enum service)(1 + k)), k < kept);
			assert_false(found_has(&f, &verdicts, VERDICT_FAILED, (enum service)(1 + k)));
		}
		if (n > 2) {
			found_remove(&f, &verdicts, VERDICT_SERVICE, (enum service)2);
			found_remove(&f, &verdicts, VERDICT_SERVICE, (enum service)2);
			assert_true(found_get(&f, &verdicts, &v));
			assert_int_equal(verdict_list(&v, VERDICT_SERVICE, out), kept - 1);
			assert_int_equal(out[1], 3);
		}
		const uint32_t handle = found_keep(&f, &verdicts);
		assert_int_equal(handle != 0, n > 0);
		assert_int_equal(verdicts.used, n > 0);
		found_clear(&f, &verdicts);
		assert_int_equal(verdicts.used, 0);
	}
	slab_free_all(&verdicts);
}

/* A talk and its state are a block of the pool, which has a handle. */
static void
test_states_fit(void **state)
{
	(void)state;
	for (unsigned k = 0; k < SERVICE_COUNT; k++)
		if (recognisers[k]) {
			struct pool p;
			uint32_t    name;
			pool_init(&p);
			assert_int_equal(recognisers[k]->service, k);
			assert_true(recognisers[k]->state_size <= TALK_STATE_MAX);
			assert_true(recognisers[k]->udp_size <= recognisers[k]->state_size);
			assert_non_null(pool_alloc(&p, sizeof(struct inspect *) + talk_size(recognisers[k], false), &name));
			assert_int_not_equal(name, 0);
			pool_free_all(&p);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_scenarios), cmocka_unit_test(test_dns),
		                                cmocka_unit_test(test_ftp_data),  cmocka_unit_test(test_gridftp_data),
		                                cmocka_unit_test(test_found),     cmocka_unit_test(test_states_fit) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
