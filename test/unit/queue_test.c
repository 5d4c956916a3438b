/* The queue of a sink in shared memory: what comes out is what was put in, and a process that is killed loses
 * nothing. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "ship/queue.h"

static struct queue fresh; /* a queue as each process starts with it */

static int
make_queue(void **state)
{
	(void)state;
	fresh = (struct queue){ .waits = true };
	fresh.head = mmap(NULL, sizeof *fresh.head, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	fresh.counts = mmap(NULL, sizeof *fresh.counts, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return ring_init(&fresh.memory, 1) && ring_init(&fresh.held, 1) ? 0 : -1;
}

static int
free_queue(void **state)
{
	(void)state;
	ring_free(&fresh.memory);
	ring_free(&fresh.held);
	munmap(fresh.head, sizeof *fresh.head);
	munmap(fresh.counts, sizeof *fresh.counts);
	return 0;
}

/* Puts a line "NUMBER xxx...\n" of `n` bytes. */
static bool
put_number(unsigned number, size_t n)
{
	char *line = malloc(n);

	memset(line, 'x', n);
	snprintf(line, n, "%u", number);
	line[strlen(line)] = ' ';
	line[n - 1] = '\n';
	const bool good = ring_put(&fresh.memory, &(struct ring_frame){ .n = (uint32_t)n, .records = 1 }, line, NULL);
	free(line);
	return good;
}

static unsigned
number_of(const char *p)
{
	return (unsigned)strtoul(p, NULL, 10);
}

static void
a_ring_gives_back_what_it_got(void **state)
{
	unsigned          put = 0, taken = 0;
	uint64_t          at = 0, records;
	struct ring_frame f;

	(void)state;
	srand(1);
	for (int round = 0; round < 20000; round++) {
		const size_t n = 20 + (size_t)rand() % (round % 100 == 0 ? 100000 : 3000);
		put += put_number(put + 1, n);
		const char *bytes;
		for (int i = rand() % 3; i > 0 && (bytes = ring_look(&fresh.memory, &at, &f)) != NULL; i--) {
			assert_int_equal(number_of(bytes), ++taken);
			assert_int_equal(bytes[f.n - 1], '\n');
			at = ring_behind(at, &f);
			ring_release(&fresh.memory, at, 1);
		}
		assert_in_range(ring_used(&fresh.memory, &records), 0, fresh.memory.size);
		assert_int_equal(records, put - taken);
	}
	assert_true(put > 15000 && fresh.memory.shared->tail > 20 * fresh.memory.size);
	assert_false(ring_put(&fresh.memory, &(struct ring_frame){ .n = 1 << 20 }, "", NULL));
}

/* The process that parses packets may write anything there. */
static void
a_ring_is_not_believed(void **state)
{
	static const uint32_t sizes[] = { UINT32_MAX, 0x7fffffff, 1 << 20, 300 };
	struct ring_frame     f;
	uint64_t              at = 0;

	(void)state;
	assert_true(put_number(1, 100) && ring_look(&fresh.memory, &at, &f) != NULL);
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		ring_frame_at(&fresh.memory, 0)->n = sizes[i];
		assert_null(ring_look(&fresh.memory, &at, &f));
	}
	ring_frame_at(&fresh.memory, 0)->n = 100;
	assert_non_null(ring_look(&fresh.memory, &at, &f));
	static const uint64_t tails[] = { 1, 63, 64, UINT64_MAX, UINT64_MAX / 2, 1 << 30 };
	for (size_t i = 0; i < sizeof tails / sizeof tails[0]; i++) {
		fresh.memory.shared->tail = tails[i];
		assert_null(ring_look(&fresh.memory, &at, &f));
	}
	ring_frame_at(&fresh.memory, 0)->kind = RING_PAD; /* and so is everything after it */
	for (size_t i = 0; i < fresh.memory.size; i += 64)
		ring_frame_at(&fresh.memory, i)->kind = RING_PAD;
	fresh.memory.shared->tail = fresh.memory.size;
	assert_null(ring_look(&fresh.memory, &at, &f));
}

/* Delivers up to `most` items into `got` and keeps the last one unfinished. */
static size_t
deliver(struct queue *q, unsigned *got, size_t most)
{
	size_t n = 0;
	bool   emptied;

	while (n < most) {
		struct spool_item *item = queue_next(q, 0, &emptied);
		if (item == NULL)
			break;
		got[n++] = number_of(item->bytes);
		if (n == most)
			break;
		item->done = item->n;
		queue_written(q, item, 1);
		q->counts->delivered++;
		queue_done(q);
	}
	return n;
}

static struct queue
begin(void)
{
	struct queue q = fresh;

	assert_true(queue_init(&q));
	return q;
}

static void
the_next_process_goes_on_where_one_has_ended(void **state)
{
	unsigned got[100];

	(void)state;
	for (unsigned i = 1; i <= 50; i++)
		assert_true(put_number(i, 100));
	struct queue first = begin();
	assert_int_equal(deliver(&first, got, 20), 20);
	assert_int_equal(fresh.counts->held, 1);
	free(first.item);
	struct queue second = begin();
	assert_int_equal(fresh.counts->delivered, 19);
	ring_close(&fresh.memory);
	assert_int_equal(deliver(&second, got, 100), 31);
	for (unsigned i = 0; i < 31; i++)
		assert_int_equal(got[i], 20 + i);
	assert_true(queue_is_over(&second) && fresh.counts->delivered == 50 && fresh.counts->held == 0);
}

static void
acknowledgements_that_are_missing_are_waited_for_again(void **state)
{
	unsigned got[100];
	uint64_t marks[10];
	bool     emptied;

	(void)state;
	fresh.acknowledged = true;
	for (unsigned i = 1; i <= 10; i++)
		assert_true(put_number(i, 100));
	struct queue first = begin();
	for (unsigned i = 0; i < 10; i++) {
		struct spool_item *item = queue_next(&first, 0, &emptied);
		marks[i] = queue_mark(&first);
		item->done = item->n;
		queue_written(&first, item, 1);
		queue_done(&first);
		fresh.counts->flying++;
	}
	static const unsigned settled[] = { 0, 1, 4,
		                                9 }; /* the first two are released; the others stand behind one that is not */
	for (size_t i = 0; i < 4; i++) {
		fresh.counts->delivered++;
		queue_settled(&first, marks[settled[i]], true);
	}
	struct queue second = begin();
	assert_true(fresh.counts->delivered == 2 && fresh.counts->flying == 0 && fresh.counts->held == 8);
	assert_int_equal(deliver(&second, got, 100), 8);
	for (unsigned i = 0; i < 8; i++)
		assert_int_equal(got[i], 3 + i);
}

/* A frame that is in both rings, because the process ended between two steps, is delivered once. */
static void
what_was_being_taken_comes_once(void **state)
{
	unsigned got[10];

	(void)state;
	assert_true(put_number(1, 100) && put_number(2, 100));
	struct queue first = begin();
	assert_int_equal(deliver(&first, got, 1), 1);
	free(first.item);
	fresh.memory.shared->head = 0; /* as if it had not been released */
	fresh.memory.shared->out = 0;
	struct queue second = begin();
	assert_int_equal(deliver(&second, got, 10), 2);
	assert_true(got[0] == 1 && got[1] == 2);
	uint64_t records;
	ring_used(&fresh.memory, &records);
	assert_int_equal(records, 0);
}

static void
what_is_incomplete_is_lost_and_counted(void **state)
{
	(void)state;
	fresh.counts->delivered = 100;
	fresh.counts->unsafe = 30;
	begin();
	assert_true(fresh.counts->delivered == 70 && fresh.counts->lost == 30);
	fresh.counts->again = 20; /* from a file of the spool, which will be counted again */
	begin();
	assert_true(fresh.counts->delivered == 50 && fresh.counts->lost == 30);
	fresh.counts->whole = 1;
	begin();
	assert_true(fresh.counts->delivered == 0 && fresh.counts->lost == 80);
}

static void
a_process_is_killed_anywhere(void **state)
{
	enum { LINES = 3000 };
	unsigned *seen = mmap(NULL, (LINES + 1) * sizeof *seen, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	unsigned  put = 0, kills = 0;
	int       status = -1;

	(void)state;
	while (status != 0) {
		const pid_t pid = fork();
		if (pid == 0) {
			struct queue q = begin();
			bool         emptied;
			while (!queue_is_over(&q)) {
				struct spool_item *item = queue_next(&q, 0.01, &emptied);
				if (item == NULL)
					continue;
				seen[number_of(item->bytes)]++;
				item->done = item->n;
				queue_written(&q, item, 1);
				queue_done(&q);
			}
			_exit(0);
		}
		for (int i = 0; i < 150 && put < LINES; i++, put++)
			while (!put_number(put + 1, 2000))
				ring_wait_freed(&fresh.memory, fresh.memory.shared->freed, 0.01);
		kills += put < LINES;
		if (put < LINES)
			kill(pid, SIGKILL);
		else
			ring_close(&fresh.memory);
		assert_int_equal(waitpid(pid, &status, 0), pid);
	}
	unsigned twice = 0;
	for (unsigned i = 1; i <= LINES; i++) {
		assert_true(seen[i] > 0);
		twice += seen[i] > 1;
	}
	assert_true(kills > 10 && twice <= kills);
	munmap(seen, (LINES + 1) * sizeof *seen);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_ring_gives_back_what_it_got, make_queue, free_queue),
		cmocka_unit_test_setup_teardown(a_ring_is_not_believed, make_queue, free_queue),
		cmocka_unit_test_setup_teardown(the_next_process_goes_on_where_one_has_ended, make_queue, free_queue),
		cmocka_unit_test_setup_teardown(acknowledgements_that_are_missing_are_waited_for_again, make_queue, free_queue),
		cmocka_unit_test_setup_teardown(what_was_being_taken_comes_once, make_queue, free_queue),
		cmocka_unit_test_setup_teardown(what_is_incomplete_is_lost_and_counted, make_queue, free_queue),
		cmocka_unit_test_setup_teardown(a_process_is_killed_anywhere, make_queue, free_queue),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
