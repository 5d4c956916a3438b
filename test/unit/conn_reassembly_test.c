/* conn_reassembly_test.c - how reassembly shows in a record, with the options that change it: a row per packet. */
#include "conn_help.h"
#include "track/tcp.h"

#define S TCP_SYN
#define A TCP_ACK
#define F TCP_FIN

struct step {
	int      from; /* 0: 10.0.0.1:1234, 1: 10.0.0.2:80; a tenth of a second apart */
	uint8_t  flags;
	uint32_t seq, ack;
	int      len;
};

struct scenario {
	const char *name, *option, *value; /* option NULL: the defaults */
	struct step steps[10];
	const char *history, *state;
	uint64_t    missed;
	unsigned    tenths; /* duration */
};

/* clang-format off */
static const struct scenario scenarios[] = {
	/* The second SYN resets the acknowledgement, but not the count of its wraps: the data is far below it. */
	{ "data below what is acknowledged is new until it is trimmed", NULL, NULL,
	  { { 0, S, 0xffffffff, 0, 0 }, { 1, S | A, 5000, 0, 0 }, { 0, S | A, 0, 5001, 0 }, { 0, A, 1, 5001, 10 },
	    { 1, A, 5001, 11, 0 } },
	  "ShDaG", "S1", 0x100000000, 4 },
	/* The responder's FIN waits for what is above the originator's hole, so the last ACK still counts. */
	{ "given up for a filtered trace, segments are still held", "detect_filtered_trace", "T",
	  { { 0, S, 1000, 0, 0 }, { 1, S | A, 5000, 1001, 0 }, { 0, A, 1001, 5001, 0 }, { 0, A, 1101, 5001, 100 },
	    { 1, F | A, 5001, 1051, 0 }, { 0, F | A, 1201, 5002, 0 }, { 0, A, 1202, 5002, 0 } },
	  "ShADfF", "SF", 0, 6 },
	/* Here it does not: the FINs close both sides and the last ACK is too late. */
	{ "given up for too much above a hole, segments are forgotten", "tcp_max_above_hole_without_any_acks", "50",
	  { { 0, S, 1000, 0, 0 }, { 1, S | A, 5000, 1001, 0 }, { 0, A, 1001, 5001, 0 }, { 0, A, 1001, 5001, 10 },
	    { 0, A, 1101, 5001, 100 }, { 1, F | A, 5001, 1001, 0 }, { 0, F | A, 1201, 5002, 0 }, { 0, A, 1202, 5002, 0 } },
	  "ShADfF", "SF", 0, 6 },
};
/* clang-format on */

static void
run(const struct scenario *sc)
{
	struct world *w = world_new(sc->option, sc->value);
	double        ts = 1000;

	for (const struct step *st = sc->steps; st->flags; st++) {
		struct pkt p = packet(TRANSPORT_TCP, st->from, ts);
		p.tcp_flags = st->flags;
		p.tcp_seq = st->seq;
		p.tcp_ack = st->ack;
		p.data_len = p.data_cap = st->len;
		feed(w, &p);
		ts += 0.1;
	}
	conn_drain(&w->s);
	if (strcmp(w->log.history, sc->history) != 0 || w->log.missed != sc->missed)
		print_error("%s: %s, %llu missed\n", sc->name, w->log.history, (unsigned long long)w->log.missed);
	assert_string_equal(w->log.history, sc->history);
	assert_string_equal(w->log.state, sc->state);
	assert_int_equal(w->log.n, 1);
	assert_int_equal(w->log.missed, sc->missed);
	assert_int_equal((unsigned)(w->log.duration * 10 + 0.5), sc->tenths);
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

/* A stream of more than 4 GiB: what does not fit into 32 bits is in the rare part. Early in it a segment is
 * retransmitted, and late in it one is lost, which begins as the stream passes 4 GiB. */
static void
test_long_stream(void **state)
{
	(void)state;
	enum { SEGMENT = 1 << 20, SEGMENTS = 5000, TWICE = 3, LOST = 4096 };
	const uint32_t isn = 0xffffff00;
	struct world  *w = world_new(NULL, NULL);
	uint32_t       handle = 0;

	for (unsigned i = 0; i < SEGMENTS; i++) {
		for (unsigned turn = 0; turn < (i == TWICE ? 2 : 1) && i != LOST; turn++) {
			struct pkt p = packet(TRANSPORT_TCP, 0, 1000 + i);
			if (i == 0) {
				p.tcp_flags = TCP_SYN;
				p.tcp_seq = isn;
				feed(w, &p);
				p = packet(TRANSPORT_TCP, 1, 1000 + i);
				p.tcp_flags = TCP_SYN | TCP_ACK;
				p.tcp_ack = isn + 1;
				feed(w, &p);
				p = packet(TRANSPORT_TCP, 0, 1000 + i);
			}
			p.tcp_flags = TCP_ACK;
			p.tcp_seq = isn + 1 + i * SEGMENT;
			p.tcp_ack = 1;
			p.data_len = p.data_cap = SEGMENT;
			handle = feed(w, &p);
		}
		struct pkt ack = packet(TRANSPORT_TCP, 1, 1000 + i + 0.5);
		ack.tcp_flags = TCP_ACK;
		ack.tcp_seq = 1;
		ack.tcp_ack = isn + 1 + (i + 1) * SEGMENT;
		feed(w, &ack);
	}
	struct conn         *c = conn_at(&w->s, handle);
	const struct tcp_ctx x = { &w->s, handle, c, tcp_at(&w->s, c), 0 };
	const struct tcp_ep *ep = tcp_side(x.t, ORIG);
	const uint64_t       all = (uint64_t)SEGMENTS * SEGMENT;
	assert_true(tcp_delivered(&x, ep) == 1 + all && tcp_trimmed(&x, ep) == 1 + all);
	assert_int_equal(tcp_seq_wraps(x.s, x.t, ep), 2);
	assert_int_equal(tcp_ack_wraps(x.s, x.t, ep), 2);
	conn_drain(&w->s);
	assert_string_equal(w->log.history, "ShDaTG");
	assert_true(w->log.bytes[0] == all && w->log.missed == SEGMENT);
	world_free(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_scenarios), cmocka_unit_test(test_long_stream) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
