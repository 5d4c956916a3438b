/* Engines in different threads do not interfere: each gives the same log as alone. Several threads of one engine give
 * the same log as one. `make threads` also runs this under ThreadSanitizer. */
#include "traffic.h"

#include <pthread.h>

enum { THREADS = 4, CONNECTIONS = 300 };

/* The result of one thread. */
struct run {
	connlog_writer *writer;
	unsigned        events;
	connlog_text    log;
};

static int
write_record(void *arg, const connlog_record *r)
{
	return connlog_writer_record(((struct run *)arg)->writer, r);
}

static int
count_event(void *arg, const connlog_event *event)
{
	((struct run *)arg)->events +=
		connlog_value_text(connlog_record_find(connlog_event_record(event), "uid"), NULL, 0) > 0;
	return CONNLOG_OK;
}

/* Policies that set a text in each record use the engine's memory for it. */
static bool
change(void *arg, connlog_record *r)
{
	connlog_value v = { .type = CONNLOG_STRING, .set = true, .text = { "changed", 7 } };

	(void)arg;
	return connlog_record_set(r, (size_t)connlog_column_find("orig_l2_addr"), v) == CONNLOG_OK;
}

static void
talk_of_kind(struct talk *t, unsigned kind)
{
	switch (kind % 4) {
	case 0:
		tcp_talk(t, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
		break;
	case 1:
		tcp_talk(t, "SSH-2.0-a\r\n", "SSH-2.0-b\r\n");
		break;
	case 2:
		tcp_talk(t, "what is this \x01\x02", "nothing that anybody knows");
		break;
	default:
		send_packet(t, UDP, true, 0, "question");
		send_packet(t, UDP, false, 0, "answer");
	}
}

static void *
work(void *arg)
{
	struct run                  *run = arg;
	char                         err[256];
	const connlog_writer_options options = { .format = "json", .fields = "all" };
	struct talk                  t = { .engine = traffic_engine(), .usec = INT64_C(1700000000) * 1000000 };

	run->writer = connlog_writer_new(&options, err, sizeof err);
	connlog_on_record(t.engine, write_record, run);
	connlog_on_policy(t.engine, change, run);
	connlog_on_event(t.engine, CONNLOG_EVENT_NEW_CONNECTION, count_event, run);
	for (unsigned i = 0; i < CONNECTIONS; i++) {
		t.port = (uint16_t)(1024 + i);
		t.service = (uint16_t)(i % 3 ? 80 : 2222);
		talk_of_kind(&t, i);
	}
	connlog_finish(t.engine);
	connlog_engine_free(t.engine);
	run->log = connlog_writer_bytes(run->writer);
	return NULL;
}

static void
engines_in_threads_do_not_meet(void **state)
{
	struct run alone = { 0 }, run[THREADS] = { 0 };
	pthread_t  thread[THREADS];

	(void)state;
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, work, &run[i]), 0);
	work(&alone);
	assert_int_equal(alone.events, CONNECTIONS);
	assert_non_null(memmem(alone.log.p, alone.log.n, "\"service\":\"http\"", 16));
	for (int i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_join(thread[i], NULL), 0);
		assert_int_equal(run[i].events, alone.events);
		assert_int_equal(run[i].log.n, alone.log.n);
		assert_memory_equal(run[i].log.p, alone.log.p, alone.log.n);
		connlog_writer_free(run[i].writer);
	}
	connlog_writer_free(alone.writer);
}

struct text {
	char    *p;
	size_t   n;
	uint64_t lines;
	int      status; /* result of the callback once there are lines */
};

static int
keep_lines(void *arg, connlog_text lines, uint64_t n)
{
	struct text *t = arg;

	t->p = realloc(t->p, t->n + lines.n);
	assert_non_null(t->p);
	memcpy(t->p + t->n, lines.p, lines.n);
	t->n += lines.n;
	t->lines += n;
	return t->status;
}

/* Feeds traffic of many hosts, with pauses in which thousands of timers become due. Returns the engine's last
 * result. */
static int
lines_of(const char *workers, uint64_t events, struct text *out)
{
	char                         err[256];
	const connlog_writer_options format = { .format = "json" };
	connlog_options             *o = connlog_options_new();
	struct talk                  t = { .usec = INT64_C(1700000000) * 1000000, .service = 80 };

	connlog_options_set(o, "workers", workers, err, sizeof err);
	connlog_options_set(o, "ignore_checksums", "T", err, sizeof err);
	connlog_options_set(o, "seed", "x", err, sizeof err);
	t.engine = connlog_engine_new(o, err, sizeof err);
	assert_non_null(t.engine);
	assert_int_equal(connlog_on_lines(t.engine, &format, events, keep_lines, out, err, sizeof err), CONNLOG_OK);
	for (unsigned i = 0; i < 4000; i++) {
		t.client = i * 7919 % 65536;
		t.port = (uint16_t)(1024 + i);
		talk_of_kind(&t, i);
		if (i % 1000 == 999)
			t.usec += 100 * 1000000;
		else if (i % 100 == 99)
			connlog_idle(t.engine, t.usec / 1000000, 0);
	}
	const int status = connlog_finish(t.engine);
	assert_int_equal(connlog_workers(t.engine), strtoul(workers, NULL, 10));
	connlog_engine_free(t.engine);
	connlog_options_free(o);
	return status;
}

static void
workers_make_the_same_lines(void **state)
{
	const uint64_t events = UINT64_C(1) << CONNLOG_EVENT_NEW_CONNECTION | UINT64_C(1)
	                                                                          << CONNLOG_EVENT_CONNECTION_STATE_REMOVE;

	(void)state;
	for (int k = 0; k < 2; k++) {
		struct text one = { 0 }, four = { 0 };
		assert_int_equal(lines_of("1", k ? events : 0, &one), CONNLOG_OK);
		assert_int_equal(lines_of("4", k ? events : 0, &four), CONNLOG_OK);
		assert_int_equal(one.lines, k ? 8000 : 4000);
		assert_int_equal(four.lines, one.lines);
		assert_int_equal(four.n, one.n);
		assert_memory_equal(four.p, one.p, one.n);
		free(one.p);
		free(four.p);
	}
}

static void
workers_stop_when_told(void **state)
{
	struct text some = { .status = 7 };

	(void)state;
	assert_int_equal(lines_of("3", 0, &some), 7);
	assert_true(some.lines > 0 && some.lines < 4000);
	free(some.p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(engines_in_threads_do_not_meet),
		cmocka_unit_test(workers_make_the_same_lines),
		cmocka_unit_test(workers_stop_when_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
