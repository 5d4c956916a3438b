/* dpd_signatures_test.c - the signatures: patterns, automata, and when a rule fires. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dpd/joint.h"
#include "dpd/regex.h"
#include "dpd/signatures.h"

#define B(text)                                                                                                        \
	{                                                                                                                  \
		(const uint8_t *)(text), sizeof(text) - 1                                                                      \
	}
#define BIT(rule) (UINT64_C(1) << ((rule)-1))
#define SEVEN     "\0\0\0\0\0\0\0"
#define TEN       "0123456789"
#define KRB_REQ   "\x6a\x81\xaa\x30\x81\xa7\xa1\x03\x02\x01\x05\xa2\x03\x02\x01"
#define KRB_REP   "\x7e\x52\x30\x50\xa0\x03\x02\x01\x05\xa1\x03\x02\x01"

/* Texts that match a rule (numbered from 1) with their last byte and not before, and texts that do not. */
static const struct example {
	unsigned     rule;
	bool         udp;
	int          slot;
	struct bytes good, bad;
} examples[] = {
	{ 1, false, 0, B("\x05\x00\x0b"), B("\x05\x00\x14") },
	{ 1, true, 1, B("\x05\x01\x13"), B("\x05\x02\x00") },
	{ 3, false, 1, B("\x05\x64"), B("\x05\x65") },
	{ 4, true, 0, B("\x05\x64"), B("\x64\x05") },
	{ 5, false, 0, B("AUTH TLS\r\n  usER "), B("AUTH USER x\r\nUSERx") },
	{ 5, false, 0, B("USER "), B("\tUSER ") },
	{ 6, false, 1, B("220 hello\r\n331 "), B("220 hello\r\n3310") },
	{ 6, false, 1, B("\r\n 120-\n 230-"), B("2200\r\n331 ") },
	{ 7, false, 0, B("GET"), B("get / HTTP/1.1\r\n") },
	{ 7, false, 0, B("\r\n \tX-MS-ENUMATTS"), B("xGET") },
	{ 7, false, 0, B("RPC_IN_DATA"), B("OPTION /") },
	{ 8, false, 1, B("hTTp/1"), B("HTTP/x") },
	{ 9, false, 0, B("USER a b c :d\r\nNICK  joe\r"), B("USER a\r\nxNICK joe\r\n") },
	{ 10, false, 0, B("PASS x\r\nnick joe\r\n user a\n"), B("nick joe user a\r\n") },
	{ 11, false, 1, B("NOTICE x\r\n:srv.example 001 "), B(":srv example 001 ") },
	{ 11, false, 1, B("220 "), B("220-") },
	{ 12, false, 0, B("PASS a\r\nSERVER a.b 1 :text\r"), B("SERVER a.b x :text\r") },
	{ 13, false, 1, B("SERVER a.b 1 :text\n"), B("SERVER a.b 1 text\n") },
	{ 14, true, 0, B(KRB_REQ), B("\x6b\x81\xaa\x30\x81\xa7\xa1\x03\x02\x01\x05\xa2\x03\x02\x01") },
	{ 15, true, 1, B(KRB_REP), B("\x7e\x30\x50\xa0\x03\x02\x01\x05\xa1\x03\x02\x01") },
	{ 16, false, 0, B("\0\0\0\xb4" KRB_REQ), B(KRB_REQ) },
	{ 17, false, 1, B("\0\0\0\xb4" KRB_REP), B("\0\0\0\0\xb4" KRB_REP) },
	{ 18, true, 0, B("\x30\x0c\x02\x01\x01\x60"), B("\x30\x0c\x02\x01\x01\x61") },
	{ 19, true, 1, B("\x30"), B("\x31") },
	{ 20, false, 1, B("\x30\x0c\x02\x01\x01\x60"), B("\x30\x0c\x02\x02\x01\x60") },
	{ 21, false, 1, B("\x30"), B("\x00\x30") },
	{ 22, false, 0, B("\x10\x0c\x00\x04MQ"), B("\x10\x0cxMQ") },
	{ 22, true, 0, B("1234567MQ"), B("12345678MQ") },
	{ 23, false, 1, B("+OK"), B("+Ok") },
	{ 24, false, 0, B("x\r\n\v\tcapa"), B("x capa") },
	{ 24, false, 0, B("Apop\n"), B("APOPx") },
	{ 25, false, 0, B("\0\0\0\x08\x04\xd2\x16\x2f"), B("\0\0\0\x08\x04\xd2\x16\x30") },
	{ 26, false, 1, B("N"), B("n") },
	{ 27, false, 0, B("\0\0\0\x20\0\x03\0user\0"), B("\0\0\0\x20\0\x02\0user\0") },
	{ 28, false, 1, B("R\0\0\0\x08"), B("R\0\x01\0\x08") },
	{ 29, false, 0, B("xCookie: mstshash="), B("Cookie: mstshash:") },
	{ 29, false, 1, B("..Duca..\ncliprdr"), B("cliprdr Duca") },
	{ 30, false, 1, B("\x03\0\0\x13\x0e\xd0"), B("\x03\0\0\x13\xd0\x0e") },
	{ 30, false, 0, B("xx\nMcMcDn"), B("Mc Dn") },
	{ 32, false, 0, B("PING\n\r\r\n"), B("PING\n\r") },
	{ 33, false, 1, B("+OK x\n\r\n"), B("OK\r\n") },
	{ 33, false, 1, B("%-12.5\r\n"), B("%-12.5x\r\n") },
	{ 33, false, 1, B("`1.\r\n"), B("`.1\r\n") },
	{ 34, false, 1, B("RFB"), B("RFb") },
	{ 35, false, 0, B("RFB"), B(" RFB") },
	{ 36, true, 0, B("INVITE sip:x SIP/2.0\r\n"), B("INVITE sip:x SIP/2.0 \r\n") },
	{ 37, true, 1, B("SIP/2.0 200 "), B("SIP/2.0 2000") },
	{ 37, true, 0, B(" SIP/2.0\r\n"), B("  SIP/2.0\r\n") },
	{ 38, false, 0, B("\0\0\0\x55\xfeSMB"), B("\0\0\0\x55\xfdSMB") },
	{ 39, false, 0, B("x\n  EhLo"), B("x EHLO") },
	{ 40, false, 1, B("\t220-"), B("220x") },
	{ 41, false, 0, B("\x04\x01\0"), B("\x04\x03\0") },
	{ 42, false, 1, B("\0\x5a"), B("\0\x5e") },
	{ 43, false, 1, B("\x04\x02" TEN TEN TEN "12\0"), B("\x04\x02" TEN TEN TEN "123\0") },
	{ 44, false, 0, B("\0\x5d"), B("\0\x59") },
	{ 45, false, 0, B("\x05\x01\x09"), B("\x05\x01\x0a") },
	{ 46, false, 1, B("\x05\xff"), B("\x05\x04") },
	{ 47, false, 0, B("sSh-2."), B("SSH-3.") },
	{ 48, false, 1, B("SSH-1."), B("SSH-1x") },
	{ 49, false, 1, B("\x16\x03\x03..\x02...\x03\x03"), B("\x16\x03\x03..\x01...\x03\x03") },
	{ 49, false, 1, B("\x15\x03\x01....\x16\x03\x01..\x02...\x7f\x50"), B("\x16\x03\x03..\x02...\x7f\x51") },
	{ 50, false, 0, B("\x16\x03\x01..\x01...\x03\x03"), B("\x16\x03\x01..\x01...\x03\x04") },
	{ 51, true, 0, B("\x16\xfe\xff" SEVEN "...\x01" TEN ".\xfe\xfd"),
	  B("\x16\xfe\xff" SEVEN "...\x01" TEN "\xfe\xfd") },
	{ 52, false, 1, B("<?xml version='1.0'?>\n <stream:stream to='x' xmlns='jabber:"),
	  B("<stream:stream to='x'> xmlns='jabber:") },
	{ 52, false, 0, B("<stream:stream xmlns='jabber:"), B("<stream:streamxmlns='jabber:") },
};
#define N_EXAMPLES (sizeof examples / sizeof *examples)

static struct sig_match
begun(void)
{
	struct sig_match m = { 0 };
	sig_start(&m, 0);
	sig_start(&m, 1);
	return m;
}

/* Matches a chunk.  Returns the services as a mask. */
static uint64_t
feed(struct signatures *s, struct sig_match *m, bool udp, int slot, struct bytes b)
{
	enum service out[SIG_OUT];
	uint64_t     mask = 0;
	unsigned     n = signatures_match(s, m, udp, !udp, slot, b, out);
	for (unsigned i = 0; i < n; i++)
		mask |= UINT64_C(1) << out[i];
	return mask;
}

static bool
matches(struct signatures *s, unsigned rule, bool udp, int slot, struct bytes b)
{
	struct sig_match m = begun();
	feed(s, &m, udp, slot, b);
	return signatures_sets(s, &m).seen[slot] & BIT(rule);
}

static void
test_examples(void **state)
{
	struct signatures *s = *state;
	uint64_t           covered = 0;
	for (size_t i = 0; i < N_EXAMPLES; i++) {
		const struct example *e = &examples[i];
		struct bytes          shorter = { e->good.p, e->good.n - 1 };
		if (!matches(s, e->rule, e->udp, e->slot, e->good) || matches(s, e->rule, e->udp, e->slot, e->bad) ||
		    matches(s, e->rule, e->udp, e->slot, shorter))
			fail_msg("example %zu of %s", i, signature_name(e->rule - 1));
		covered |= BIT(e->rule);
	}
	assert_int_equal(covered | BIT(2) | BIT(31), BIT(SIG_RULES + 1) - 1);
}

/* The two rules on datagrams that require many bytes, and the longest match of PostgreSQL's. */
static void
test_long(void **state)
{
	struct signatures *s = *state;
	uint8_t            b[1500] = { 0 };
	memcpy(b + 236, "\x63\x82\x53\x63", 4);
	assert_true(matches(s, 2, true, 0, (struct bytes){ b, 240 }));
	assert_false(matches(s, 2, true, 0, (struct bytes){ b + 1, 240 }));
	assert_false(matches(s, 2, true, 0, (struct bytes){ b, 239 }));

	memset(b, 0, sizeof b);
	memcpy(b, "\xff\xff\xff\xff\0\0\0\x01", 8);
	static const size_t sizes[] = { 1131, 1132, 1232, 1233 };
	for (unsigned i = 0; i < 4; i++) {
		struct sig_match m = begun();
		uint64_t         got = feed(s, &m, true, 0, (struct bytes){ b, sizes[i] });
		assert_int_equal(got, i == 1 || i == 2 ? UINT64_C(1) << SERVICE_RDPEUDP : 0);
	}
	for (size_t n = 250; n < 260; n++) {
		memset(b, 'x', sizeof b);
		memcpy(b + 4, "\0\x03\0", 3);
		memcpy(b + 7 + n, "user\0", 5);
		assert_int_equal(matches(s, 27, false, 0, (struct bytes){ b, n + 12 }), n <= 256);
	}
}

static void
test_splits(void **state)
{
	struct signatures *s = *state;
	for (size_t i = 0; i < N_EXAMPLES; i++) {
		const struct example *e = &examples[i];
		for (unsigned both = 0; both < 2 && !e->udp; both++) {
			struct bytes     b = both ? e->bad : e->good;
			struct sig_match whole = begun(), bytewise = begun();
			uint64_t         want = feed(s, &whole, false, e->slot, b), got = 0;
			for (size_t at = 0; at < b.n; at++)
				got |= feed(s, &bytewise, false, e->slot, (struct bytes){ b.p + at, 1 });
			assert_true(got == want && !memcmp(&whole, &bytewise, sizeof whole));
			for (size_t at = 0; at <= b.n; at++) {
				struct sig_match halves = begun();
				got = feed(s, &halves, false, e->slot, bytes_head(b, at));
				got |= feed(s, &halves, false, e->slot, bytes_skip(b, at));
				assert_true(got == want && !memcmp(&whole, &halves, sizeof whole));
			}
		}
	}
}

static const struct example *
example_of(unsigned rule)
{
	for (size_t i = 0; i < N_EXAMPLES; i++)
		if (examples[i].rule == rule)
			return &examples[i];
	fail();
	return NULL;
}

/* A rule that requires another one in the opposite direction fires when the later of the two matches. */
static void
test_reverse(void **state)
{
	static const struct {
		unsigned     asked, rule;
		enum service service;
	} pairs[] = {
		{ 5, 6, SERVICE_FTP },     { 11, 9, SERVICE_IRC },         { 11, 10, SERVICE_IRC },
		{ 12, 13, SERVICE_IRC },   { 18, 19, SERVICE_LDAP_UDP },   { 20, 21, SERVICE_LDAP_TCP },
		{ 24, 23, SERVICE_POP3 },  { 25, 26, SERVICE_POSTGRESQL }, { 27, 28, SERVICE_POSTGRESQL },
		{ 30, 29, SERVICE_RDP },   { 33, 32, SERVICE_REDIS },      { 35, 34, SERVICE_RFB },
		{ 40, 39, SERVICE_SMTP },  { 41, 42, SERVICE_SOCKS },      { 43, 44, SERVICE_SOCKS },
		{ 45, 46, SERVICE_SOCKS }, { 48, 47, SERVICE_SSH },
	};
	struct signatures *s = *state;
	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
		const struct example *rule = example_of(pairs[i].rule), *asked = example_of(pairs[i].asked);
		uint64_t              service = UINT64_C(1) << pairs[i].service;
		int                   slot = rule->slot;
		for (unsigned order = 0; order < 2; order++) {
			struct sig_match      m = begun();
			const struct example *first = order ? asked : rule, *second = order ? rule : asked;
			uint64_t              one = feed(s, &m, rule->udp, order ? !slot : slot, first->good);
			assert_true((one & service) == 0 || pairs[i].service == SERVICE_REDIS);
			assert_true(signatures_alive(s, &m, rule->udp, !rule->udp));
			uint64_t two = feed(s, &m, rule->udp, order ? slot : !slot, second->good);
			assert_true((one | two) & service);
			const struct sig_sets sets = signatures_sets(s, &m);
			assert_true((sets.fired[0] | sets.fired[1]) & BIT(pairs[i].rule));
			assert_int_equal(sets.fired[0] & sets.fired[1], 0);
		}
	}
}

/* A rule fires once; conditions on the TCP side; directions whose header was never seen. */
static void
test_conditions(void **state)
{
	struct signatures *s = *state;
	struct bytes       get = B("GET"), reply = B("HTTP/1"), confirm = B("S"), dce = B("\x05\0\0");
	struct sig_match   m = begun();
	assert_int_equal(feed(s, &m, false, 0, get), UINT64_C(1) << SERVICE_HTTP);
	assert_int_equal(feed(s, &m, false, 0, get), 0);
	assert_int_equal(feed(s, &m, false, 1, get), 0);
	m = begun();
	assert_int_equal(feed(s, &m, false, 0, reply), 0);

	enum service out[SIG_OUT];
	m = begun();
	assert_int_equal(signatures_match(s, &m, false, false, 0, get, out), 0); /* a stream that is not in TCP */

	m = (struct sig_match){ 0 };
	sig_start(&m, 0);
	assert_int_equal(feed(s, &m, false, 1, reply), 0);
	assert_int_equal(m.begun, 1 | 2 | 4); /* the responder's without its header */
	m = (struct sig_match){ 0 };
	assert_int_equal(feed(s, &m, false, 0, dce), UINT64_C(1) << SERVICE_DCE_RPC);
	m = (struct sig_match){ 0 };
	sig_start(&m, 0);
	feed(s, &m, false, 1, confirm);
	assert_int_equal(feed(s, &m, false, 0, example_of(25)->good), UINT64_C(1) << SERVICE_POSTGRESQL);
}

static void
test_alive(void **state)
{
	struct signatures *s = *state;
	struct bytes       junk = B("\xaa\xbb\xcc\xdd\xee\xff\x01\x02\x03\x04\x05\x06\x07\x08");
	struct sig_match   m = begun();
	assert_true(signatures_alive(s, &m, false, true));
	feed(s, &m, false, 0, junk);
	feed(s, &m, false, 1, junk);
	assert_true(signatures_alive(s, &m, false, true)); /* IRC and others wait for ever */
	m = (struct sig_match){ 0 };
	feed(s, &m, false, 0, junk);
	assert_true(signatures_alive(s, &m, false, true));
	feed(s, &m, false, 1, junk);
	assert_false(signatures_alive(s, &m, false, true)); /* only short rules apply without headers */
	m = begun();
	feed(s, &m, true, 0, junk);
	assert_true(signatures_alive(s, &m, true, false));
}

/* More than a few rules are in the slab while the matcher exists. Rules that have fired do not fire again. */
static void
test_many(void **state)
{
	struct signatures *s = *state;
	struct sig_match   m = begun();
	struct sig_sets    sets;
	/* Lines of a client, each of which begins a rule of its own, and replies. */
	static const struct {
		int          slot;
		struct bytes b;
	} chunks[] = {
		{ 0, B("USER a\r\n") },           { 0, B("HELO a\r\n") },
		{ 0, B("NICK a\r\n") },           { 0, B("SERVER a 1 :a\r\n") },
		{ 0, B("USER a\r\nNICK a\r\n") }, { 1, B("220 a\r\n") },
		{ 1, B(":a 001 \r\n") },          { 1, B("\n230 a") },
		{ 1, B("SERVER a 1 :a\r\n") },
	};
	uint64_t found = 0;

	for (size_t i = 0; i < sizeof chunks / sizeof *chunks; i++) {
		const struct sig_sets before = signatures_sets(s, &m);
		const uint64_t        now = feed(s, &m, false, chunks[i].slot, chunks[i].b);
		assert_int_equal(found & now & ~(UINT64_C(1) << SERVICE_IRC), 0);
		found |= now;
		sets = signatures_sets(s, &m);
		for (int slot = 0; slot < 2; slot++) {
			assert_int_equal(before.seen[slot] & ~sets.seen[slot], 0);
			assert_int_equal(before.fired[slot] & ~sets.fired[slot], 0);
			assert_int_equal(sets.fired[slot] & ~sets.seen[slot], 0);
		}
		assert_int_equal(signatures_many(s),
		                 __builtin_popcountll(sets.seen[0]) + __builtin_popcountll(sets.seen[1]) > SIG_FEW);
	}
	assert_true(found & UINT64_C(1) << SERVICE_FTP && found & UINT64_C(1) << SERVICE_SMTP &&
	            found & UINT64_C(1) << SERVICE_IRC);
	assert_int_equal(signatures_many(s), 1);
	signatures_forget(s, &m);
	assert_int_equal(signatures_many(s), 0);
	sets = signatures_sets(s, &m);
	assert_int_equal(sets.seen[0] | sets.seen[1], 0);
}

/* Every automaton, completely built, is within its limit. */
static void
test_sizes(void **state)
{
	(void)state;
	struct signatures *s = signatures_new();
	assert_non_null(s);
	for (unsigned i = 0; i < 3 * SIG_GROUPS; i++) {
		struct dfa *d = signatures_dfa(s, i / SIG_GROUPS, i % SIG_GROUPS);
		if (!d)
			continue;
		dfa_complete(d);
		assert_int_equal(dfa_size(d).lost, 0);
		assert_in_range(dfa_size(d).bytes, 1, 2 << 20);
	}
	signatures_free(s);
}

/* Runs a single automaton byte by byte. Returns what accepts. */
static uint64_t
walk(struct dfa *d, uint16_t *at, const uint8_t *p, size_t n)
{
	uint64_t accepted = 0;
	for (size_t i = 0; i < n && dfa_alive(d, *at); i++) {
		dfa_step(d, *at, p[i], at);
		accepted |= dfa_accepts(d, *at);
	}
	return accepted;
}

/* When the limit is reached, the state is dead, and nothing else breaks. */
static void
test_bound(void **state)
{
	(void)state;
	static const struct dfa_pattern patterns[] = { { "abc", 1 }, { ".*d", 2 }, { "abc", 4 } };
	struct dfa                     *d = dfa_new(patterns, 3, 100);
	uint16_t                        at = DFA_START;
	assert_int_equal(walk(d, &at, (const uint8_t *)"abc", 3), 5);
	assert_int_equal(dfa_alive(d, at), 2);
	assert_int_equal(walk(d, &at, (const uint8_t *)"xd", 2), 2);
	assert_int_equal(dfa_alive(d, at), 0);
	dfa_free(d);
	d = dfa_new(patterns, 3, 3);
	at = DFA_START;
	assert_int_equal(walk(d, &at, (const uint8_t *)"abc", 3), 0);
	assert_true(at == DFA_DEAD && dfa_size(d).lost == 1);

	struct joint *j = joint_new((struct dfa *[]){ NULL, d, NULL }, 100); /* and it is asked again each time */
	for (int i = 0; i < 3; i++) {
		const uint64_t before = dfa_size(d).lost;
		assert_int_equal(joint_match(j, 0, (const uint8_t *)"abc", 3), 0);
		assert_true(dfa_size(d).lost > before);
	}
	joint_free(j);
	dfa_free(d);
}

/* Complete input: the same patterns accept, however early matching stops. */
static void
test_match(void **state)
{
	(void)state;
	static const struct dfa_pattern patterns[] = { { "ab", 1 }, { ".{20}z", 2 }, { ".*d.e", 4 }, { "x{3,30}y", 8 } };
	struct dfa                     *both[] = { dfa_new(patterns, 2, 1000), NULL, dfa_new(patterns + 2, 2, 1000) };
	struct joint                   *j = joint_new(both, 100);
	uint8_t                         text[48];

	for (size_t n = 0; n <= sizeof text; n++)
		for (size_t at = 0; at < n; at++) {
			uint16_t first = DFA_START, second = DFA_START;
			memset(text, 'x', sizeof text);
			text[at] = "abdeyz"[(n + at) % 6];
			text[(at * 7 + n) % sizeof text] = "bzyed"[at % 5];
			assert_int_equal(joint_match(j, 0, text, n),
			                 walk(both[0], &first, text, n) | walk(both[2], &second, text, n));
		}
	joint_free(j);
	dfa_free(both[0]);
	dfa_free(both[2]);
}

static unsigned
below(unsigned n)
{
	static uint64_t r = 1;
	r = r * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(r >> 33) % n;
}

/* Makes bytes like those of protocols: beginnings of examples, and random words, lines and bytes. */
static size_t
make_text(uint8_t *p, size_t room)
{
	size_t n = 0;
	if (below(2)) {
		const struct bytes b = below(4) ? examples[below(N_EXAMPLES)].good : examples[below(N_EXAMPLES)].bad;
		memcpy(p, b.p, n = b.n);
	}
	while (n + 40 < room && below(12)) {
		const struct bytes b = examples[below(N_EXAMPLES)].good;
		const unsigned     many = below(30);
		switch (below(6)) {
		case 0:
			memcpy(p + n, "\r\n", 2);
			n += 2;
			break;
		case 1:
			memcpy(p + n, b.p, b.n < 40 ? b.n : 40);
			n += b.n < 40 ? b.n : 40;
			break;
		case 2:
			memset(p + n, "x \0\xc3"[below(4)], many);
			n += many;
			break;
		default:
			for (unsigned i = 0; i < many; i++)
				p[n++] = (uint8_t)(below(3) ? below(256) : 32 + below(96));
		}
	}
	return n;
}

/* Running the automata as one gives the same as each alone, whatever the limit is and however the bytes are divided. */
static void
test_joint(void **state)
{
	struct signatures *s = *state;
	for (unsigned direction = 0; direction < 3; direction++)
		for (unsigned room = 4; room <= 4096; room *= 32) {
			struct dfa *of[SIG_GROUPS];
			for (unsigned g = 0; g < SIG_GROUPS; g++)
				of[g] = signatures_dfa(s, direction, g);
			struct joint *j = joint_new(of, room);
			for (unsigned round = 0; round < 4000; round++) {
				uint8_t      text[600];
				uint16_t     together[SIG_GROUPS] = { 0 }, alone[SIG_GROUPS] = { 0 };
				uint64_t     want = 0;
				const size_t n = make_text(text, sizeof text);
				for (size_t at = 0; at < n;) {
					const size_t part = below(4) ? n - at : 1 + below((unsigned)(n - at));
					uint64_t     accepted = 0;
					for (unsigned g = 0; g < SIG_GROUPS; g++)
						accepted |= of[g] ? walk(of[g], &alone[g], text + at, part) : 0;
					assert_int_equal(joint_run(j, together, text + at, part), accepted);
					at += part;
					want |= accepted;
				}
				assert_int_equal(joint_match(j, 0, text, n), want);
			}
			assert_true(room > 4 || joint_renewed(j) > 0);
			joint_free(j);
		}
}

/* Returns the result of each automaton of a direction on its own. */
static uint64_t
each_alone(struct dfa *const of[SIG_GROUPS], const uint8_t *p, size_t n)
{
	uint64_t accepted = 0;

	for (unsigned g = 0; g < SIG_GROUPS; g++) {
		uint16_t at = DFA_START;
		accepted |= of[g] ? walk(of[g], &at, p, n) : 0;
	}
	return accepted;
}

/* All pairs of bytes, at the beginning and after the ends of lines. */
static void
test_two_bytes(void **state)
{
	struct signatures *s = *state;
	for (unsigned direction = 0; direction < 3; direction++) {
		struct dfa *of[SIG_GROUPS];
		for (unsigned g = 0; g < SIG_GROUPS; g++)
			of[g] = signatures_dfa(s, direction, g);
		struct joint *j = joint_new(of, 1000);
		for (unsigned both = 0; both < 0x10000; both++) {
			const uint8_t one = (uint8_t)(both >> 8), two = (uint8_t)both;
			const uint8_t first[] = { one, two, 1, 0, 0, 1, 'M', 'Q', ' ', 'S', '\r', '\n' };
			const uint8_t later[] = { 'x', 'x',  'x',  'x', 'x',  'x', 'x', 'x', 'x', 'x',  'x',  'x', 'x',
				                      'x', '\r', '\n', one, two,  'E', 'R', ' ', 'a', '\r', '\n', 'N', 'I',
				                      'C', 'K',  ' ',  'b', '\n', one, two, '0', ' ', '1',  '\r', '\n' };
			for (size_t n = 1; n <= sizeof first; n += 1 + n / 3)
				assert_int_equal(joint_match(j, 0, first, n), each_alone(of, first, n));
			assert_int_equal(joint_match(j, 0, later, sizeof later), each_alone(of, later, sizeof later));
		}
		joint_free(j);
	}
}

static void
test_syntax(void **state)
{
	(void)state;
	static const char *const bad[] = { "(a", "a)", "[a", "a{2", "a{3,2}", "\\x4", "\\xzz", "a{,2}", "\\", "[\\" };
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_null(dfa_new(&(struct dfa_pattern){ bad[i], 1 }, 1, 100));
}

static int
set_up(void **state)
{
	*state = signatures_new();
	return *state ? 0 : -1;
}

static int
tear_down(void **state)
{
	signatures_free(*state);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_examples),   cmocka_unit_test(test_long),  cmocka_unit_test(test_splits),
		cmocka_unit_test(test_reverse),    cmocka_unit_test(test_alive), cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_conditions), cmocka_unit_test(test_bound), cmocka_unit_test(test_match),
		cmocka_unit_test(test_syntax),     cmocka_unit_test(test_joint), cmocka_unit_test(test_two_bytes),
		cmocka_unit_test(test_many),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
