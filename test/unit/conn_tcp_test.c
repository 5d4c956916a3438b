/* conn_tcp_test.c - sequences of TCP packets and the result of Zeek's rules, a row per packet. */
#include "conn_help.h"
#include "track/tcp.h"

#define S TCP_SYN
#define A TCP_ACK
#define F TCP_FIN
#define R TCP_RST

/* from: 0 is 10.0.0.1:1234, 1 is 10.0.0.2:80. Sequence numbers start at 1000 for the first, 5000 for the second. */
struct step {
	int      from;
	uint8_t  flags;
	uint32_t seq, ack;
	int      len;
	double   after; /* seconds since the previous step; 0: a tenth */
};

struct scenario {
	const char *name;
	struct step steps[12];
	const char *history, *state;
	uint64_t    bytes[2], missed;
	unsigned    logged; /* number of connections, of which the last one is compared */
};

#define HANDSHAKE                                                                                                      \
	{ 0, S, 1000, 0, 0, 0 }, { 1, S | A, 5000, 1001, 0, 0 },                                                           \
	{                                                                                                                  \
		0, A, 1001, 5001, 0, 0                                                                                         \
	}

/* clang-format off */
static const struct scenario scenarios[] = {
	{ "a SYN alone", { { 0, S, 1000, 0, 0, 0 } }, "S", "S0", { 0, 0 }, 0, 1 },
	{ "a SYN sent again", { { 0, S, 1000, 0, 0, 0 }, { 0, S, 1000, 0, 0, 0 } }, "S", "S0", { 0, 0 }, 0, 1 },
	{ "a SYN with another number is another connection", { { 0, S, 1000, 0, 0, 0 }, { 0, S, 2000, 0, 0, 0 } }, "S", "S0", { 0, 0 }, 0, 2 },
	{ "a SYN refused", { { 0, S, 1000, 0, 0, 0 }, { 1, R | A, 0, 1001, 0, 0 } }, "Sr", "REJ", { 0, 0 }, 0, 1 },
	{ "a SYN taken back", { { 0, S, 1000, 0, 0, 0 }, { 0, R, 1001, 0, 0, 0 } }, "SR", "RSTOS0", { 0, 0 }, 0, 1 },
	{ "a SYN, then a FIN", { { 0, S, 1000, 0, 0, 0 }, { 0, F, 1001, 0, 0, 0 } }, "SF", "SH", { 0, 0 }, 0, 1 },
	{ "established", { HANDSHAKE }, "ShA", "S1", { 0, 0 }, 0, 1 },
	{ "the originator's RST", { HANDSHAKE, { 0, R, 1001, 5001, 0, 0 } }, "ShAR", "RSTO", { 0, 0 }, 0, 1 },
	{ "the responder's RST", { HANDSHAKE, { 1, R, 5001, 1001, 0, 0 } }, "ShAr", "RSTR", { 0, 0 }, 0, 1 },
	{ "data and a clean end",
	  { HANDSHAKE, { 0, A, 1001, 5001, 10, 0 }, { 1, A, 5001, 1011, 20, 0 }, { 0, F | A, 1011, 5021, 0, 0 },
	    { 1, F | A, 5021, 1012, 0, 0 }, { 0, A, 1012, 5022, 0, 0 } },
	  "ShADdFf", "SF", { 10, 20 }, 0, 1 },
	{ "closed by the originator alone", { HANDSHAKE, { 0, F | A, 1001, 5001, 0, 0 } }, "ShAF", "S2", { 0, 0 }, 0, 1 },
	{ "closed by the responder alone", { HANDSHAKE, { 1, F | A, 5001, 1001, 0, 0 } }, "ShAf", "S3", { 0, 0 }, 0, 1 },
	{ "data sent again", { HANDSHAKE, { 0, A, 1001, 5001, 10, 0 }, { 0, A, 1001, 5001, 10, 0 } }, "ShADT", "S1", { 10, 0 }, 0, 1 },
	{ "a gap, acknowledged",
	  { HANDSHAKE, { 0, A, 1001, 5001, 10, 0 }, { 0, A, 1061, 5001, 10, 0 }, { 1, A, 5001, 1071, 0, 0 } },
	  "ShADaG", "S1", { 70, 0 }, 50, 1 },
	{ "a gap that is filled",
	  { HANDSHAKE, { 0, A, 1011, 5001, 10, 0 }, { 0, A, 1001, 5001, 10, 0 }, { 1, A, 5001, 1021, 0, 0 } },
	  "ShADTa", "S1", { 20, 0 }, 0, 1 },
	{ "numbers that wrap around",
	  { { 0, S, 0xfffffff0, 0, 0, 0 }, { 1, S | A, 5000, 0xfffffff1, 0, 0 }, { 0, A, 0xfffffff1, 5001, 0, 0 },
	    { 0, A, 0xfffffff1, 5001, 100, 0 }, { 1, A, 5001, 0x55, 0, 0 }, { 0, A, 0x55, 5001, 7, 0 } },
	  "ShADa", "S1", { 107, 0 }, 0, 1 },
	{ "joined midway, from the server", { { 1, A, 5000, 1000, 10, 0 }, { 0, A, 1000, 5010, 10, 0 } }, "^dD", "OTH", { 10, 10 }, 0, 1 },
	{ "joined at the SYN-ACK", { { 1, S | A, 5000, 1001, 0, 0 }, { 0, A, 1001, 5001, 0, 0 } }, "^hA", "S1", { 0, 0 }, 0, 1 },
	{ "FIN and RST at once", { HANDSHAKE, { 0, F | R, 1001, 5001, 0, 0 } }, "ShAI", "RSTO", { 0, 0 }, 0, 1 },
	{ "SYN and FIN at once", { { 0, S | F, 1000, 0, 0, 0 } }, "Q", "SH", { 0, 0 }, 0, 1 },
	{ "no answer for five seconds ends it", { { 0, S, 1000, 0, 0, 0 }, { 0, S, 1000, 0, 0, 5.5 } }, "S", "S0", { 0, 0 }, 0, 2 },
	{ "six minutes of silence end it", { HANDSHAKE, { 0, A, 1001, 5001, 5, 360 } }, "D", "OTH", { 0, 0 }, 0, 2 },
};
/* clang-format on */

static void
run(const struct scenario *sc)
{
	struct world *w = world_new(NULL, NULL);
	double        ts = 1000;

	for (const struct step *st = sc->steps; st < sc->steps + 12 && (st->flags || st->len); st++) {
		struct pkt p = packet(TRANSPORT_TCP, st->from, ts += st->after ? st->after : 0.1);
		p.tcp_flags = st->flags;
		p.tcp_seq = st->seq;
		p.tcp_ack = st->ack;
		p.data_len = p.data_cap = st->len;
		p.ip_len = 40 + (uint32_t)st->len;
		feed(w, &p);
	}
	conn_drain(&w->s);
	if (strcmp(w->log.history, sc->history) != 0 || strcmp(w->log.state, sc->state) != 0)
		print_error("%s: %s %s\n", sc->name, w->log.history, w->log.state);
	assert_string_equal(w->log.history, sc->history);
	assert_string_equal(w->log.state, sc->state);
	assert_int_equal(w->log.n, sc->logged);
	if (w->log.has_duration) {
		assert_int_equal(w->log.bytes[0], sc->bytes[0]);
		assert_int_equal(w->log.bytes[1], sc->bytes[1]);
	}
	assert_int_equal(w->log.missed, sc->missed);
	assert_int_equal(w->s.counters.ended[CONN_END_evicted], 0);
	assert_int_equal(w->s.range_bytes, 0);
	world_free(w);
}

static void
test_scenarios(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++)
		run(&scenarios[i]);
}

/* 1, 10, 100 … zero windows add a letter each. */
static void
test_scaled_letters(void **state)
{
	(void)state;
	struct world *w = world_new(NULL, NULL);
	for (unsigned i = 0; i < 150; i++) {
		struct pkt p = packet(TRANSPORT_TCP, 0, 1000 + i);
		p.tcp_flags = TCP_ACK;
		p.tcp_seq = 1000;
		p.tcp_win = 0;
		feed(w, &p);
	}
	conn_drain(&w->s);
	assert_string_equal(w->log.history, "AWWW");
	world_free(w);
}

static void
test_sizes(void **state)
{
	(void)state;
	assert_true(sizeof(struct conn) == 64);
	assert_true(sizeof(struct conn_cold) == 40);
	assert_true(sizeof(struct tcp) == 64);
}

/* Without local networks the columns stay unset, except after a flip. */
static void
test_local_after_flip(void **state)
{
	(void)state;
	struct world *w = world_new("Site::private_address_space_is_local", "F");
	struct pkt    p = packet(TRANSPORT_TCP, 0, 1000);
	p.tcp_flags = TCP_SYN | TCP_ACK;
	feed(w, &p);
	conn_drain(&w->s);
	assert_string_equal(w->log.history, "H");
	assert_false(w->log.has_local);
	feed(w, &p);
	p = packet(TRANSPORT_TCP, 1, 1000.1);
	p.tcp_flags = TCP_ACK;
	feed(w, &p);
	conn_drain(&w->s);
	assert_string_equal(w->log.history, "^hA");
	assert_true(w->log.has_local);
	world_free(w);
}

/* A session timer without a delay runs before every packet, but not forever before one. */
static void
test_no_session_timer(void **state)
{
	static const char *const values[] = { "0", "0.0000001usec" };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct world *w = world_new("tcp_session_timer", values[i]);
		struct pkt    p = packet(TRANSPORT_TCP, 0, 1000);
		p.tcp_flags = TCP_SYN;
		p.l4_bad = true; /* invalid packets only: ends after tcp_connection_linger of silence */
		feed(w, &p);
		conn_idle(&w->s, 1005, UINT64_MAX);
		assert_int_equal(w->log.n, 0);
		conn_idle(&w->s, 1006, UINT64_MAX);
		assert_int_equal(w->log.n, 1);
		assert_in_range(w->s.counters.timers, 2, 3);
		world_free(w);
	}
}

/* With a limit on connections, the one that was silent longest is ended and logged. */
static void
test_eviction(void **state)
{
	(void)state;
	struct world *w = world_new("max_connections", "4");
	for (uint16_t i = 0; i < 10; i++) {
		struct pkt p = packet(TRANSPORT_UDP, 0, 1000 + i * 0.001);
		p.sport = (uint16_t)(2000 + i);
		feed(w, &p);
		assert_true(w->s.conns.used <= 4);
	}
	assert_int_equal(w->s.counters.ended[CONN_END_evicted], 6);
	assert_int_equal(w->log.n, 6);
	conn_drain(&w->s);
	assert_int_equal(w->log.n, 10);
	world_free(w);
}

/* Time that passes without packets, as in live capture, ends connections that have timed out. */
static void
test_idle(void **state)
{
	(void)state;
	struct world *w = world_new(NULL, NULL);
	for (uint16_t i = 0; i < 1000; i++) { /* more timers than may run before one packet */
		struct pkt p = packet(TRANSPORT_TCP, 0, 1000);
		p.sport = i;
		p.tcp_flags = TCP_SYN;
		feed(w, &p);
	}
	conn_idle(&w->s, 1004.9, UINT64_MAX);
	assert_int_equal(w->log.n, 0);
	conn_idle(&w->s, 1005, UINT64_MAX);
	assert_int_equal(w->log.n, 1000);
	conn_idle(&w->s, 900, UINT64_MAX); /* time does not go back */
	assert_true(w->s.now == 1005);
	world_free(w);
}

/* Memory for data above holes is limited over all connections. */
static void
test_reassembly_limit(void **state)
{
	(void)state;
	struct world *w = world_new("max_reassembly_bytes", "100");
	for (uint32_t i = 0; i < 40; i++) {
		struct pkt p = packet(TRANSPORT_TCP, 0, 1000 + i * 0.01);
		p.tcp_flags = i ? TCP_ACK : TCP_SYN;
		p.tcp_seq = 1000 + 100 * i;
		p.data_len = p.data_cap = i ? 10 : 0;
		feed(w, &p);
	}
	assert_int_equal(w->s.counters.reassembly_given_up, 1);
	assert_int_equal(w->s.range_bytes, 0);
	world_free(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scenarios),        cmocka_unit_test(test_scaled_letters),   cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_eviction),         cmocka_unit_test(test_reassembly_limit), cmocka_unit_test(test_idle),
		cmocka_unit_test(test_local_after_flip), cmocka_unit_test(test_no_session_timer),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
