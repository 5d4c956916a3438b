/* Measurements of TCP's packets: the times of the handshake, and retransmitted or late segments. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "track/measure.h"
#include <math.h>

enum { SIDES = 2 };

static const uint8_t no_options[20];

static struct pkt
segment(double ts, uint8_t flags, uint32_t seq, uint32_t ack, int32_t len)
{
	return (struct pkt){ .ts = ts,
		                 .tcp_flags = flags,
		                 .tcp_seq = seq,
		                 .tcp_ack = ack,
		                 .tcp_off = 5,
		                 .tcp_win = 1000,
		                 .data_len = len,
		                 .payload = { no_options, sizeof no_options } };
}

struct bench {
	struct measure_rtt     rtt;
	struct measure_streams streams;
};

static void
begin(struct bench *b)
{
	memset(b, 0, sizeof *b);
	b->rtt.whole = b->rtt.half[0] = b->rtt.half[1] = NAN;
}

static void
take(struct bench *b, int side, double ts, uint8_t flags, uint32_t seq, uint32_t ack, int32_t len)
{
	const struct pkt p = segment(ts, flags, seq, ack, len);

	measure_rtt(&b->rtt, side, &p);
	measure_stream(&b->streams, &b->rtt, side, &p);
}

static void
shake(struct bench *b, uint32_t isn)
{
	begin(b);
	take(b, ORIG, 0, TCP_SYN, isn, 0, 0);
	take(b, RESP, 0.03, TCP_SYN | TCP_ACK, 5000, isn + 1, 0);
	take(b, ORIG, 0.04, TCP_ACK, isn + 1, 5001, 0);
}

static void
check(const struct bench *b, uint32_t retrans, uint32_t late)
{
	assert_int_equal(b->streams.side[ORIG].retrans, retrans);
	assert_int_equal(b->streams.side[ORIG].late, late);
	assert_int_equal(b->streams.side[RESP].retrans + b->streams.side[RESP].late, 0);
}

static void
a_handshake_has_two_halves(void **state)
{
	struct bench b;

	(void)state;
	shake(&b, 100);
	assert_float_equal(b.rtt.whole, 0.04, 1e-9);
	assert_float_equal(b.rtt.half[RESP], 0.03, 1e-9);
	assert_float_equal(b.rtt.half[ORIG], 0.01, 1e-9);
	take(&b, ORIG, 5, TCP_SYN, 100, 0, 0);
	take(&b, RESP, 6, TCP_SYN | TCP_ACK, 5000, 101, 0);
	take(&b, ORIG, 7, TCP_ACK, 101, 5001, 0);
	assert_float_equal(b.rtt.whole, 0.04, 1e-9); /* the first one stays */
}

static void
a_repeated_syn_is_the_one_that_counts(void **state)
{
	struct bench b;

	(void)state;
	begin(&b);
	take(&b, ORIG, 0, TCP_SYN, 100, 0, 0);
	take(&b, ORIG, 1, TCP_SYN, 100, 0, 0);
	take(&b, RESP, 1.5, TCP_SYN | TCP_ACK, 5000, 99, 0); /* answers nothing */
	take(&b, RESP, 2, TCP_SYN | TCP_ACK, 5000, 101, 0);
	take(&b, ORIG, 2.1, TCP_SYN, 100, 0, 0); /* too late to be the one */
	take(&b, RESP, 2.2, TCP_SYN | TCP_ACK, 5000, 101, 0);
	take(&b, ORIG, 2.3, TCP_ACK | TCP_RST, 101, 5001, 0);
	assert_true(isnan(b.rtt.whole));
	take(&b, ORIG, 2.5, TCP_ACK, 101, 5001, 0);
	assert_float_equal(b.rtt.half[RESP], 1, 1e-9);
	assert_float_equal(b.rtt.half[ORIG], 0.3, 1e-9);
	assert_float_equal(b.rtt.whole, 1.5, 1e-9);
}

/* Also when sequence numbers wrap around. */
static void
segments_that_hold_nothing_new(void **state)
{
	static const uint32_t isns[] = { 100, UINT32_MAX - 50, INT32_MAX - 20 };
	struct bench          b;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		const uint32_t first = isns[i] + 1;
		shake(&b, isns[i]);
		take(&b, ORIG, 1, TCP_ACK, first, 5001, 40);
		take(&b, ORIG, 2, TCP_ACK, first + 40, 5001, 40);
		check(&b, 0, 0);
		take(&b, ORIG, 2.001, TCP_ACK, first, 5001, 40);
		take(&b, ORIG, 3, TCP_ACK, first + 40, 5001, 60); /* with something new */
		take(&b, ORIG, 4, TCP_ACK | TCP_FIN, first + 100, 5001, 0);
		check(&b, 2, 0);
		take(&b, ORIG, 5, TCP_ACK | TCP_FIN, first + 100, 5001, 0);
		take(&b, ORIG, 6, TCP_ACK, first + 100, 5001, 0); /* takes no place */
		take(&b, ORIG, 6, TCP_RST, first, 5001, 10);
		check(&b, 3, 0);
	}
}

static void
a_hole_is_filled_late_or_again(void **state)
{
	struct bench b;

	(void)state;
	shake(&b, 100);
	take(&b, ORIG, 1, TCP_ACK, 141, 5001, 40);    /* 101 to 140 is missing */
	take(&b, ORIG, 1.03, TCP_ACK, 101, 5001, 20); /* within the 40 ms of the handshake */
	check(&b, 0, 1);
	take(&b, ORIG, 1.031, TCP_ACK, 101, 5001, 20); /* no hole any more */
	check(&b, 1, 1);
	take(&b, ORIG, 1.05, TCP_ACK, 121, 5001, 20); /* later than that */
	check(&b, 2, 1);
}

static void
a_hole_is_filled_because_the_peer_asks(void **state)
{
	struct bench b;

	(void)state;
	shake(&b, 100);
	for (int i = 0; i < 4; i++)
		take(&b, ORIG, 1, TCP_ACK, 141 + 40 * (uint32_t)i, 5001, 40);
	for (int i = 0; i < 3; i++)
		take(&b, RESP, 1.001, TCP_ACK, 5001, 101, 0);
	take(&b, ORIG, 1.010, TCP_ACK, 101, 5001, 40);
	check(&b, 1, 0);
}

static void
probes_do_not_count(void **state)
{
	struct bench b;

	(void)state;
	shake(&b, 100);
	take(&b, ORIG, 1, TCP_ACK, 101, 5001, 40);
	take(&b, ORIG, 2, TCP_ACK, 140, 5001, 1); /* keep-alive */
	take(&b, ORIG, 3, TCP_ACK, 140, 5001, 0);
	check(&b, 0, 0);
	struct pkt closed = segment(4, TCP_ACK, 5001, 141, 0);
	closed.tcp_win = 0;
	measure_stream(&b.streams, &b.rtt, RESP, &closed);
	take(&b, ORIG, 5, TCP_ACK, 141, 5001, 1);
	take(&b, ORIG, 6, TCP_ACK, 141, 5001, 1);
	take(&b, ORIG, 7, TCP_ACK, 141, 5001, 40);
	check(&b, 0, 0);
}

static void
more_holes_than_are_kept(void **state)
{
	struct bench b;

	(void)state;
	shake(&b, 100);
	for (uint32_t i = 0; i < MEASURE_HOLES + 1; i++)
		take(&b, ORIG, 1, TCP_ACK, 141 + 80 * i, 5001, 40);
	assert_int_equal(b.streams.side[ORIG].holes, MEASURE_HOLES);
	take(&b, ORIG, 1, TCP_ACK, 101, 5001, 40); /* the first hole is forgotten */
	check(&b, 1, 0);
	take(&b, ORIG, 1, TCP_ACK, 191, 5001, 20); /* splits the second hole: the third replaces it */
	check(&b, 1, 1);
	assert_int_equal(b.streams.side[ORIG].holes, MEASURE_HOLES);
	take(&b, ORIG, 1, TCP_ACK, 101, 5001, 4000); /* fills all */
	assert_int_equal(b.streams.side[ORIG].holes, 0);
}

static void
sides_change_places(void **state)
{
	struct measure_layout l;
	struct bench          b;
	char                  object[512];

	(void)state;
	measure_layout_init(&l, 0, 16);
	assert_int_equal(l.size, 0);
	measure_layout_init(&l, MEASURE(MEASURE_STREAM), 16);
	assert_true(l.size <= sizeof object && l.wanted == (MEASURE(MEASURE_STREAM) | MEASURE(MEASURE_RTT)));
	shake(&b, 100);
	take(&b, ORIG, 1, TCP_ACK, 101, 5001, 40);
	take(&b, ORIG, 2, TCP_ACK, 101, 5001, 40);
	memcpy(object + l.at[MEASURE_RTT], &b.rtt, sizeof b.rtt);
	memcpy(object + l.at[MEASURE_STREAM], &b.streams, sizeof b.streams);
	measure_flip(&l, object);
	memcpy(&b.rtt, object + l.at[MEASURE_RTT], sizeof b.rtt);
	memcpy(&b.streams, object + l.at[MEASURE_STREAM], sizeof b.streams);
	assert_float_equal(b.rtt.half[ORIG], 0.03, 1e-9);
	assert_int_equal(b.streams.side[RESP].retrans, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_handshake_has_two_halves),
		cmocka_unit_test(a_repeated_syn_is_the_one_that_counts),
		cmocka_unit_test(segments_that_hold_nothing_new),
		cmocka_unit_test(a_hole_is_filled_late_or_again),
		cmocka_unit_test(a_hole_is_filled_because_the_peer_asks),
		cmocka_unit_test(probes_do_not_count),
		cmocka_unit_test(more_holes_than_are_kept),
		cmocka_unit_test(sides_change_places),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
