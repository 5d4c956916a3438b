/* A clock that is set while a sensor runs: the step is removed from packet times and added to the times reported. */
#include "traffic.h"

#include <math.h>

#include "sensor/steady.h"

#define WALL  1700000000.25
#define OTHER 5000.0

static connlog_packet
packet_at(double ts)
{
	const double whole = floor(ts);
	return (connlog_packet){ .sec = (int64_t)whole, .nsec = (uint32_t)llround((ts - whole) * 1e9) };
}

static double
time_of(const connlog_packet *p)
{
	return (double)p->sec + (double)p->nsec / 1e9;
}

/* Returns when the packet of that time comes. */
static double
steady_time(const struct steady *s, double ts)
{
	connlog_packet p = packet_at(ts);

	steady_packets(s, &p, 1);
	return time_of(&p);
}

static bool
near(double a, double b)
{
	return fabs(a - b) < 2e-6;
}

static void
clocks_that_drift_are_not_set(void **state)
{
	struct steady s;

	(void)state;
	steady_begin(&s, WALL, OTHER);
	for (int i = 1; i < 100; i++)
		assert_false(steady_step(&s, WALL + i + (i % 2 ? 0.02 : -0.02), OTHER + i));
	assert_true(steady_shift(&s) == 0 && near(s.now, WALL + 99 + 0.02));
	assert_true(steady_time(&s, WALL + 99) == WALL + 99);
}

static void
a_step_leaves_time_as_it_was(void **state)
{
	static const double steps[] = { 3600, -3600, 0.3, -0.75, -1.7e9, 86400 * 365.25 };
	struct steady       s;
	double              all = 0;

	(void)state;
	steady_begin(&s, WALL, OTHER);
	for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
		const double passed = 10.0 * (double)(i + 1);
		all += steps[i];
		assert_true(steady_step(&s, WALL + passed + all, OTHER + passed));
		assert_true(near(steady_shift(&s), all) && near(s.now, WALL + passed));
		assert_false(steady_step(&s, WALL + passed + 5 + all, OTHER + passed + 5));
		assert_true(near(s.now, WALL + passed + 5));
		assert_true(near(steady_time(&s, WALL + passed + 4.9 + all), WALL + passed + 4.9));
	}
}

/* The kernel stamped some packets before the step and others after it. */
static void
packets_around_a_step_keep_their_order(void **state)
{
	struct steady s;

	(void)state;
	steady_begin(&s, WALL, OTHER);
	assert_true(steady_step(&s, WALL + 1 - 600, OTHER + 1));
	assert_true(near(steady_time(&s, WALL + 0.9), WALL + 0.9));
	assert_true(near(steady_time(&s, WALL + 0.95 - 600), WALL + 0.95));
	assert_false(steady_step(&s, WALL + 10 - 600, OTHER + 10));
	assert_true(near(steady_time(&s, WALL + 9.9 - 600), WALL + 9.9));
}

struct seen {
	unsigned records;
	double   ts, duration, event;
};

static int
on_record(void *arg, const connlog_record *r)
{
	struct seen *seen = arg;

	seen->records++;
	seen->ts = connlog_record_find(r, "ts").number;
	seen->duration = connlog_record_find(r, "duration").number;
	return CONNLOG_OK;
}

static int
on_event(void *arg, const connlog_event *event)
{
	((struct seen *)arg)->event = connlog_event_time(event);
	return CONNLOG_OK;
}

/* The connection continues over the step, and its record has the new time of the clock. */
static void
records_have_the_clocks_time(void **state)
{
	struct seen seen = { 0 };
	struct talk t = { .engine = traffic_engine(), .port = 4000, .service = 5000, .usec = 1700000000000000 };

	(void)state;
	connlog_on_record(t.engine, on_record, &seen);
	connlog_on_event(t.engine, CONNLOG_EVENT_UDP_REPLY, on_event, &seen);
	send_packet(&t, UDP, true, 0, "question");
	connlog_shift_times(t.engine, 3600);
	t.usec += 500000;
	send_packet(&t, UDP, false, 0, "answer");
	assert_true(near(seen.event, 1700003600.501));
	assert_true(near(connlog_time(t.engine), 1700003600.501));
	connlog_finish(t.engine);
	assert_int_equal(seen.records, 1);
	assert_true(near(seen.ts, 1700003600) && near(seen.duration, 0.501));
	connlog_engine_free(t.engine);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(clocks_that_drift_are_not_set),
		cmocka_unit_test(a_step_leaves_time_as_it_was),
		cmocka_unit_test(packets_around_a_step_keep_their_order),
		cmocka_unit_test(records_have_the_clocks_time),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
