/* conn_reassembly_test.c - what of reassembly shows in a record, with the options that change it: a row a packet. */
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
	/* The second SYN resets what is acknowledged, not how often it has wrapped: data stands far below it. */
	{ "data below what is acknowledged is new until it is trimmed", NULL, NULL,
	  { { 0, S, 0xffffffff, 0, 0 }, { 1, S | A, 5000, 0, 0 }, { 0, S | A, 0, 5001, 0 }, { 0, A, 1, 5001, 10 },
	    { 1, A, 5001, 11, 0 } },
	  "ShDaG", "S1", 0x100000000, 4 },
	/* The responder's FIN waits for what stands above the originator's hole, so the last ACK still counts. */
	{ "given up for a filtered trace, segments are still held", "detect_filtered_trace", "T",
	  { { 0, S, 1000, 0, 0 }, { 1, S | A, 5000, 1001, 0 }, { 0, A, 1001, 5001, 0 }, { 0, A, 1101, 5001, 100 },
	    { 1, F | A, 5001, 1051, 0 }, { 0, F | A, 1201, 5002, 0 }, { 0, A, 1202, 5002, 0 } },
	  "ShADfF", "SF", 0, 6 },
	/* Here they are not: the FINs close both sides and the last ACK is too late. */
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

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_scenarios) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
