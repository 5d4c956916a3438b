/* The internals of a sensor's log: the spool between two threads, its limit, and counting lines for which there is no
 * room. `make threads` also runs this under ThreadSanitizer. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "sensor/clock.h"
#include "sensor/log.h"
#include "sensor/out.h"
#include "sensor/thread.h"

static void
quiet(void *arg, const char *text)
{
	(void)text;
	if (arg != NULL)
		++*(unsigned *)arg;
}

static void
the_spool_keeps_order_and_its_bound(void **state)
{
	struct spool s;
	uint64_t     bytes;

	(void)state;
	assert_true(spool_init(&s, 1000, NULL));
	assert_true(spool_put(&s, "a\nb\n", 4, 2, 0));
	assert_true(spool_mark(&s, SPOOL_ROTATE, 5));
	assert_true(spool_mark(&s, SPOOL_ROTATE, 6)); /* equal to the previous one */
	assert_true(spool_put(&s, "c\n", 2, 1, 0));
	assert_int_equal(spool_records(&s, &bytes), 3);
	assert_true(bytes > 0);
	char *large = calloc(1, 2000);
	assert_false(spool_put(&s, large, 2000, 1, clock_steady() + 0.05));

	struct spool_item *item = spool_wait(&s, 0);
	assert_int_equal(item->kind, SPOOL_LINES);
	spool_written(&s, item, 1);
	assert_int_equal(spool_records(&s, &bytes), 2);
	spool_done(&s);
	item = spool_wait(&s, 0);
	assert_true(item->kind == SPOOL_ROTATE && item->when == 6);
	spool_done(&s);
	item = spool_wait(&s, 0);
	assert_memory_equal(item->bytes, "c\n", 2);
	spool_done(&s);
	assert_null(spool_wait(&s, 0.01));
	assert_true(spool_put(&s, large, 2000, 1, 0)); /* a single item always fits */
	free(large);
	spool_free(&s);
}

static void
a_signal_ends_waiting_for_room(void **state)
{
	volatile sig_atomic_t hurry = 1;
	struct spool          s;

	(void)state;
	assert_true(spool_init(&s, 100, &hurry));
	assert_true(spool_put(&s, "a\n", 2, 1, 0));
	const double begun = clock_steady();
	char         large[200] = "";
	assert_false(spool_put(&s, large, sizeof large, 1, begun + 60));
	assert_false(spool_close(&s, begun + 60));
	assert_true(clock_steady() < begun + 10);
	spool_free(&s);
}

static void
lines_are_told_from_their_parts(void **state)
{
	(void)state;
	assert_int_equal(whole_lines("ab\ncd\ne", 7), 6);
	assert_int_equal(whole_lines("abc", 3), 0);
	assert_int_equal(whole_lines("", 0), 0);
	assert_int_equal(count_lines("a\n\nb\nc", 6), 3);
}

struct pipes {
	int fd[2];
};

static struct log *
log_on_pipe(struct pipes *p, size_t spool, unsigned *said)
{
	char            err[256];
	connlog_writer *frame = connlog_writer_new(&(connlog_writer_options){ .format = "json" }, err, sizeof err);

	assert_int_equal(pipe(p->fd), 0);
	const struct log_options o = { .fd = p->fd[1],
		                           .fd_name = "a pipe",
		                           .name = "conn",
		                           .rotation = ROTATION_NONE,
		                           .spool = spool,
		                           .flush_interval = 0.05,
		                           .say = quiet,
		                           .arg = said };
	struct log              *l = log_new(&o, frame, err, sizeof err);
	assert_non_null(l);
	return l;
}

static void *
read_slowly(void *arg)
{
	const struct pipes *p = arg;
	char                room[1000];
	ssize_t             n;
	uintptr_t           lines = 0;

	while ((n = read(p->fd[0], room, sizeof room)) > 0) {
		lines += count_lines(room, (size_t)n);
		usleep(2000);
	}
	return (void *)lines;
}

/* Two threads and a reader: everything that was accepted arrives. */
static void
all_lines_reach_a_slow_reader(void **state)
{
	struct pipes      p;
	struct log_counts c;
	pthread_t         reader;
	void             *lines;
	struct log       *l = log_on_pipe(&p, 1 << 20, NULL);

	(void)state;
	assert_true(thread_begin(&reader, read_slowly, &p));
	for (uint64_t i = 1; i <= 20000; i++) {
		log_made(l, i);
		log_put(l, "a line of a log\n", 16, 1);
		if (i % 1000 == 0) {
			log_counts(l, &c);
			assert_int_equal(c.lost, 0);
		}
	}
	log_hold(l, 0.3);
	log_end(l); /* takes longer, but makes progress */
	log_counts(l, &c);
	assert_true(c.written == 20000 && c.lost == 0 && c.waiting == 0 && c.bytes == 20000 * 16);
	log_free(l);
	close(p.fd[1]);
	pthread_join(reader, &lines);
	assert_int_equal((uintptr_t)lines, 20000);
	close(p.fd[0]);
}

/* What fits into the pipe and the spool is kept, the rest is counted, and the end does not wait forever. */
static void
a_stuck_reader_costs_counted_lines(void **state)
{
	struct pipes      p;
	struct log_counts c;
	char              line[1000];
	struct log       *l = log_on_pipe(&p, 64 << 10, NULL);

	(void)state;
	memset(line, 'x', sizeof line);
	line[sizeof line - 1] = '\n';
	for (uint64_t i = 1; i <= 500; i++) {
		log_made(l, i);
		log_put(l, line, sizeof line, 1);
	}
	log_counts(l, &c);
	assert_true(c.lost > 0 && c.written + c.lost + c.waiting == 500);
	log_hold(l, 0.2);
	log_end(l);
	log_counts(l, &c);
	assert_true(c.written > 50 && c.written + c.lost == 500 && c.waiting == 0);
	log_free(l);
	close(p.fd[0]);
	close(p.fd[1]);
}

static void
a_reader_that_has_gone_is_told(void **state)
{
	struct pipes p;
	struct log  *l = log_on_pipe(&p, 64 << 10, NULL);

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	close(p.fd[0]);
	for (int i = 0; i < 100 && log_status(l) == CONNLOG_OK; i++)
		usleep(50000);
	assert_int_equal(log_status(l), CONNLOG_CLOSED);
	assert_string_equal(log_error(l), "the reader of a pipe has gone");
	log_made(l, 1);
	log_put(l, "x\n", 2, 1);
	log_hold(l, 60);
	log_end(l);
	log_free(l);
	close(p.fd[1]);
}

static void
a_full_device_is_tried_again(void **state)
{
	char            err[256];
	unsigned        said = 0;
	const int       fd = open("/dev/full", O_WRONLY);
	connlog_writer *frame = connlog_writer_new(NULL, err, sizeof err);

	(void)state;
	if (fd < 0) {
		connlog_writer_free(frame);
		skip();
	}
	const struct log_options o = { .fd = fd,
		                           .fd_name = "a device",
		                           .name = "conn",
		                           .rotation = ROTATION_NONE,
		                           .spool = 1 << 20,
		                           .flush_interval = 0.05,
		                           .say = quiet,
		                           .arg = &said };
	struct log_counts        c;
	struct log              *l = log_new(&o, frame, err, sizeof err);
	log_made(l, 1);
	log_put(l, "x\n", 2, 1);
	for (int i = 0; i < 100; i++) {
		log_counts(l, &c);
		if (c.failures >= 3)
			break;
		usleep(50000);
	}
	assert_int_equal(log_status(l), CONNLOG_OK);
	log_hold(l, 0.1);
	log_end(l);
	log_counts(l, &c);
	assert_true(c.failures >= 3 && c.lost == 1 && c.written == 0);
	assert_int_equal(said, 1); /* once a minute */
	log_free(l);
	close(fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_spool_keeps_order_and_its_bound), cmocka_unit_test(a_signal_ends_waiting_for_room),
		cmocka_unit_test(lines_are_told_from_their_parts),     cmocka_unit_test(all_lines_reach_a_slow_reader),
		cmocka_unit_test(a_stuck_reader_costs_counted_lines),  cmocka_unit_test(a_reader_that_has_gone_is_told),
		cmocka_unit_test(a_full_device_is_tried_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
