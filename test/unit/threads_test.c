/* Engines in threads of their own do not meet: each gives the log that it gives alone.  `make threads` runs this under
 * ThreadSanitizer. */
#include "traffic.h"

#include <pthread.h>

enum { THREADS = 4, CONNECTIONS = 300 };

/* What one thread makes of the traffic. */
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

/* Policies that write a text into each record use the engine's memory for it. */
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

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(engines_in_threads_do_not_meet) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
