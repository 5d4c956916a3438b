/* Callbacks in the workers' threads (the option parallel_handlers): the guarantees of connlog_cores.h, and lines that
 * policies change in any thread. `make threads` also runs this under ThreadSanitizer. */
#include "traffic.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include "connlog_cores.h"

enum { WORKERS_MAX = 8, CONNECTIONS = 4000, FIRST_PORT = 30000 };

/* What the callbacks of one worker have seen. */
struct part {
	struct seen *all;
	_Atomic bool busy;    /* a callback is running */
	pthread_t    last;    /* the thread of the last callback */
	unsigned     threads; /* how often the thread changed */
	uint8_t      begun[CONNECTIONS], ended[CONNECTIONS];
	unsigned     events, records, policies;
	double       time;
};

struct seen {
	struct part  parts[WORKERS_MAX];
	unsigned     workers; /* number of workers reported */
	unsigned     stop_at; /* records of one worker after which it stops; 0: never */
	char        *text;
	size_t       n;
	uint64_t     lines;
	_Atomic long shared; /* calls with the shared argument */
};

static void
enter(struct part *p)
{
	assert_false(atomic_exchange(&p->busy, true));
	p->threads += p->events + p->records + p->policies > 0 && !pthread_equal(p->last, pthread_self());
	p->last = pthread_self();
}

static void
leave(struct part *p)
{
	atomic_store(&p->busy, false);
}

static unsigned
number(const connlog_record *r)
{
	return (unsigned)connlog_record_find(r, "id.orig_p").count - FIRST_PORT;
}

static int
on_event(void *arg, const connlog_event *event)
{
	struct part   *p = arg;
	const unsigned i = number(connlog_event_record(event));

	enter(p);
	assert_true(connlog_event_time(event) >= p->time);
	p->time = connlog_event_time(event);
	if (connlog_event_which(event) == CONNLOG_EVENT_NEW_CONNECTION)
		assert_int_equal(p->begun[i]++, 0);
	else
		assert_int_equal(p->ended[i]++, 0);
	p->events++;
	leave(p);
	return CONNLOG_OK;
}

static bool
on_policy(void *arg, connlog_record *r)
{
	struct part  *p = arg;
	connlog_value v = { .type = CONNLOG_STRING, .set = true, .text = { "changed", 7 } };

	enter(p);
	assert_int_equal(connlog_record_set(r, (size_t)connlog_column_find("orig_l2_addr"), v), CONNLOG_OK);
	p->policies++;
	leave(p);
	return number(r) % 5 != 0;
}

static int
on_record(void *arg, const connlog_record *r)
{
	struct part   *p = arg;
	const unsigned i = number(r);

	enter(p);
	assert_int_equal(p->begun[i], 1);
	assert_int_equal(p->ended[i], 1); /* connection_state_remove comes first */
	assert_memory_equal(connlog_record_find(r, "orig_l2_addr").text.p, "changed", 7);
	p->records++;
	leave(p);
	return p->all->stop_at > 0 && p->records >= p->all->stop_at ? 7 : CONNLOG_OK;
}

static int
count_shared(void *arg, const connlog_record *r)
{
	(void)r;
	atomic_fetch_add((_Atomic long *)arg, 1);
	return CONNLOG_OK;
}

static int
begin_worker(void *arg, connlog_engine *worker, unsigned i)
{
	struct seen *s = arg;

	assert_true(i == s->workers && i < WORKERS_MAX);
	s->workers++;
	s->parts[i].all = s;
	assert_int_equal(connlog_on_event(worker, CONNLOG_EVENT_NEW_CONNECTION, on_event, &s->parts[i]), CONNLOG_OK);
	assert_int_equal(connlog_on_event(worker, CONNLOG_EVENT_CONNECTION_STATE_REMOVE, on_event, &s->parts[i]),
	                 CONNLOG_OK);
	assert_int_equal(connlog_on_policy(worker, on_policy, &s->parts[i]), CONNLOG_OK);
	assert_int_equal(connlog_on_record(worker, on_record, &s->parts[i]), CONNLOG_OK);
	return CONNLOG_OK;
}

static int
keep_lines(void *arg, connlog_text lines, uint64_t n)
{
	struct seen *s = arg;

	s->text = realloc(s->text, s->n + lines.n);
	assert_non_null(s->text);
	memcpy(s->text + s->n, lines.p, lines.n);
	s->n += lines.n;
	s->lines += n;
	return CONNLOG_OK;
}

static connlog_engine *
new_engine(const char *workers, const char *parallel)
{
	char             err[256];
	connlog_options *o = connlog_options_new();

	connlog_options_set(o, "workers", workers, err, sizeof err);
	connlog_options_set(o, "parallel_handlers", parallel, err, sizeof err);
	connlog_options_set(o, "ignore_checksums", "T", err, sizeof err);
	connlog_options_set(o, "seed", "x", err, sizeof err);
	connlog_engine *e = connlog_engine_new(o, err, sizeof err);
	assert_non_null(e);
	connlog_options_free(o);
	return e;
}

/* Returns how many connections have ended according to the workers' callbacks. */
static unsigned
ended(const struct seen *s)
{
	unsigned n = 0;

	for (unsigned w = 0; w < s->workers; w++)
		for (unsigned i = 0; i < CONNECTIONS; i++)
			n += s->parts[w].ended[i];
	return n;
}

/* Feeds traffic of many hosts, with pauses in which thousands of timers become due. Returns the engine's last
 * result. */
static int
feed(connlog_engine *e, struct seen *s)
{
	struct talk t = { .engine = e, .usec = INT64_C(1700000000) * 1000000, .service = 80 };
	int         status = CONNLOG_OK;

	for (unsigned i = 0; i < CONNECTIONS && status == CONNLOG_OK; i++) {
		t.client = i * 7919 % 65536;
		t.port = (uint16_t)(FIRST_PORT + i);
		status =
			i % 3 == 0 ? tcp_talk(&t, "SSH-2.0-a\r\n", "SSH-2.0-b\r\n") : send_packet(&t, UDP, true, 0, "question");
		if (i % 1000 == 999)
			t.usec += 100 * 1000000;
		if (status == CONNLOG_OK && i == 2500) {
			status = connlog_flush(e);
			assert_true(s->stop_at > 0 || ended(s) >= 2000); /* none of what came before the second pause is to come */
		}
	}
	const int end = connlog_finish(e);
	return status == CONNLOG_OK ? end : status;
}

/* Runs with or without lines. */
static int
see(const char *workers, const char *parallel, bool lines, struct seen *s)
{
	const connlog_writer_options format = { .format = "json", .fields = "all" };
	connlog_engine              *e = new_engine(workers, parallel);
	char                         err[256];

	if (lines)
		assert_int_equal(connlog_on_lines(e, &format, 0, keep_lines, s, err, sizeof err), CONNLOG_OK);
	connlog_on_worker(e, begin_worker, s);
	assert_int_equal(connlog_on_record(e, count_shared, &s->shared), CONNLOG_OK);
	const int status = feed(e, s);
	assert_int_equal(connlog_workers(e), s->workers);
	connlog_engine_free(e);
	return status;
}

static struct seen *
new_seen(void)
{
	struct seen *s = calloc(1, sizeof *s);

	assert_non_null(s);
	return s;
}

static void
free_seen(struct seen *s)
{
	free(s->text);
	free(s);
}

/* Each connection belongs to one worker, none is missing, and what policies accept is logged. */
static void
check_parts(const struct seen *s)
{
	unsigned begun = 0, end = 0, records = 0, policies = 0;

	for (unsigned w = 0; w < s->workers; w++) {
		const struct part *p = &s->parts[w];
		assert_true(p->records > 0);
		for (unsigned i = 0; i < CONNECTIONS; i++) {
			assert_int_equal(p->begun[i], p->ended[i]);
			begun += p->begun[i];
			end += p->ended[i];
		}
		records += p->records;
		policies += p->policies;
	}
	assert_int_equal(begun, CONNECTIONS);
	assert_int_equal(end, CONNECTIONS);
	assert_int_equal(policies, CONNECTIONS);
	assert_int_equal(records, CONNECTIONS / 5 * 4);
	assert_int_equal(s->shared, records);
}

static void
workers_call_their_own_callbacks(void **state)
{
	(void)state;
	for (const char *const *n = (const char *const[]){ "1", "2", "5", NULL }; *n; n++) {
		struct seen *s = new_seen();
		assert_int_equal(see(*n, "T", false, s), CONNLOG_OK);
		assert_int_equal(s->workers, strtoul(*n, NULL, 10));
		check_parts(s);
		free_seen(s);
	}
}

static void
one_thread_calls_all_without_the_option(void **state)
{
	struct seen *s = new_seen();

	(void)state;
	assert_int_equal(see("4", "F", true, s), CONNLOG_OK);
	assert_int_equal(s->workers, 1);
	assert_int_equal(s->parts[0].threads, 0);
	check_parts(s);
	free_seen(s);
}

static void
lines_are_those_of_one_thread(void **state)
{
	struct seen *one = new_seen(), *some = new_seen();

	(void)state;
	assert_int_equal(see("1", "T", true, one), CONNLOG_OK);
	assert_int_equal(see("4", "T", true, some), CONNLOG_OK);
	check_parts(some);
	assert_int_equal(one->lines, CONNECTIONS / 5 * 4);
	assert_int_equal(some->n, one->n);
	assert_memory_equal(some->text, one->text, one->n);
	free_seen(one);
	free_seen(some);
}

static void
a_callback_stops_all_workers(void **state)
{
	struct seen *s = new_seen();

	(void)state;
	s->stop_at = 100;
	assert_int_equal(see("3", "T", true, s), 7);
	assert_true(s->shared < CONNECTIONS / 2);
	free_seen(s);
}

static int
refuse(void *arg, connlog_engine *worker, unsigned i)
{
	(void)arg;
	(void)worker;
	return i == 1 ? 9 : CONNLOG_OK;
}

static void
a_worker_that_cannot_begin_ends_the_run(void **state)
{
	struct seen    *s = new_seen();
	connlog_engine *e = new_engine("3", "T");

	(void)state;
	s->stop_at = 1;
	connlog_on_worker(e, refuse, NULL);
	assert_int_equal(feed(e, s), 9);
	connlog_engine_free(e);
	free_seen(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(workers_call_their_own_callbacks),
		cmocka_unit_test(one_thread_calls_all_without_the_option),
		cmocka_unit_test(lines_are_those_of_one_thread),
		cmocka_unit_test(a_callback_stops_all_workers),
		cmocka_unit_test(a_worker_that_cannot_begin_ends_the_run),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
