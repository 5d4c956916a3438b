/* wheel_test.c - the timer wheel against a plain sorted list, and the number of steps that a jump in time costs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/pages.h"
#include "base/wheel.h"

/* The wheel is compiled with counters for comparisons and moves, and with a check of the slots that it releases. */
static uint64_t compared, moved;

static int
counted_compare(const struct wheel_due *a, const struct wheel_due *b)
{
	compared++;
	return wheel_due_compare(a, b);
}

static void *
counted_move(void *to, const void *from, size_t n)
{
	moved += n / sizeof(struct wheel_due);
	return memmove(to, from, n);
}

static unsigned released;

static void
checked_release(void *p, size_t bytes, size_t used)
{
	const uint32_t *slots = p;

	assert_int_equal(used, 0);
	for (uint32_t i = 0; i < WHEEL_SLOTS; i++)
		assert_int_equal(slots[i], 0);
	pages_release(p, bytes, used);
	released++;
}

#undef memmove
#define pages_release     checked_release
#define wheel_due_compare counted_compare
#define memmove           counted_move
#include "base/wheel.c"
#undef wheel_due_compare
#undef memmove
#undef pages_release

struct timer {
	struct wheel_node node;
	double            at; /* 0: none */
};

static struct wheel_node *
timer_node(void *timers, uint32_t handle)
{
	return &((struct timer *)timers)[handle].node;
}

static double
timer_at(void *timers, uint32_t handle)
{
	return ((struct timer *)timers)[handle].at;
}

/* Handles and ranks are in unrelated orders. */
static struct wheel_rank
timer_rank(void *timers, uint32_t handle)
{
	(void)timers;
	return (struct wheel_rank){ handle % 3, handle * 2654435761u, handle };
}

static const struct wheel_calls calls = { timer_node, timer_at, timer_rank };

static uint64_t
next_random(uint64_t *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 7;
	*x ^= *x << 17;
	return *x;
}

/* The model: scheduled timers, sorted. */
enum { TIMERS = 400 };

struct list {
	struct wheel_due at[TIMERS];
	size_t           n;
};

static void
list_remove(struct list *l, uint32_t handle)
{
	size_t kept = 0;

	for (size_t i = 0; i < l->n; i++)
		if (l->at[i].handle != handle)
			l->at[kept++] = l->at[i];
	l->n = kept;
}

static void
list_insert(struct list *l, struct wheel_due due)
{
	size_t i = l->n++;

	for (; i > 0 && wheel_due_compare(&due, &l->at[i - 1]) < 0; i--)
		l->at[i] = l->at[i - 1];
	l->at[i] = due;
}

struct both {
	struct wheel *wheel;
	struct timer *timers;
	struct list   list;
	uint64_t      x;
	unsigned      chosen; /* how often the wheel had to choose between its two parts */
};

static void
set_timer(struct both *b, uint32_t handle, double at)
{
	b->timers[handle].at = at;
	assert_true(wheel_schedule(b->wheel, handle, at));
	list_remove(&b->list, handle);
	list_insert(&b->list, (struct wheel_due){ at, timer_rank(b->timers, handle), handle });
}

static void
drop_timer(struct both *b, uint32_t handle)
{
	wheel_cancel(b->wheel, handle);
	b->timers[handle].at = 0;
	list_remove(&b->list, handle);
}

/* Returns a time: usually within seconds, sometimes many turns of the wheel later, often one that others have, and
 * sometimes one in the past. */
static double
some_time(struct both *b, double now)
{
	const uint64_t r = next_random(&b->x);

	switch (r % 16) {
	case 0:
		return now + (double)(r % 1000) * 3.7;
	case 1:
		return now;
	case 2:
	case 3:
		return now - (double)(r / 16 % 20);
	case 4:
	case 5:
		return (double)(int64_t)now + (double)(r / 16 % 3);
	default:
		return now + (double)(r % 1000) * 0.01;
	}
}

/* Runs at most `most` due timers: each must be the first of the list. Half of them are set again, to any time. */
static unsigned
run_timers(struct both *b, double now, unsigned most)
{
	unsigned ran = 0;

	while (ran < most) {
		const struct wheel_due *next = wheel_peek(b->wheel, now);
		if (!next) {
			assert_true(b->list.n == 0 || b->list.at[0].at > now);
			return ran;
		}
		const struct wheel_due due = *next;
		b->chosen += b->wheel->late_n > 1 && b->wheel->due_n > b->wheel->due_first;
		wheel_take(b->wheel);
		if (b->timers[due.handle].at != due.at)
			continue; /* an entry abandoned by its owner */
		assert_int_equal(b->list.at[0].handle, due.handle);
		assert_true(b->list.at[0].at <= now);
		drop_timer(b, due.handle);
		if (next_random(&b->x) % 2)
			set_timer(b, due.handle, some_time(b, now));
		ran++;
	}
	return ran;
}

/* Slots without a mark are empty, and most groups have none. */
static void
check_marks(const struct wheel *w)
{
	unsigned marked = 0;

	for (uint32_t slot = 0; slot < WHEEL_SLOTS; slot++) {
		assert_true(w->slots[slot] == 0 || is_marked(w, slot));
		marked += slot % WHEEL_GROUP == 0 && is_marked(w, slot);
	}
	assert_in_range(marked, 1, 2 * TIMERS);
}

static void
test_order(void **state)
{
	(void)state;
	struct both b = { .wheel = malloc(sizeof *b.wheel),
		              .timers = calloc(TIMERS + 1, sizeof *b.timers),
		              .x = 88172645463325252u };
	double      now = 1e9;
	unsigned    ran = 0;

	assert_true(b.wheel && b.timers);
	assert_true(wheel_init(b.wheel, &calls, b.timers));
	for (int round = 0; round < 20000; round++) {
		const uint32_t handle = 1 + (uint32_t)(next_random(&b.x) % TIMERS);
		if (next_random(&b.x) % 8 == 0)
			drop_timer(&b, handle);
		else
			set_timer(&b, handle, some_time(&b, now));
		now += round % 100 == 99 ? 20.0 : round % 1000 == 550 ? 5000.0 : (double)(next_random(&b.x) % 100) * 0.001;
		ran += run_timers(&b, now, round / 500 % 2 ? 3 : 1000);
		if (round % 1000 == 999)
			check_marks(b.wheel);
	}
	assert_true(ran > 20000 && b.chosen > 5000);
	released = 0;
	wheel_free(b.wheel);
	assert_int_equal(released, 1);
	free(b.wheel);
	free(b.timers);
}

/* All are due after a jump, and each is then set once more, to a time between those of the others. */
static void
test_jump(void **state)
{
	(void)state;
	enum { MANY = 100000, LOG = 17 /* of MANY, to the base of two */ };
	struct wheel *w = malloc(sizeof *w);
	struct timer *t = calloc(MANY + 1, sizeof *t);
	uint64_t      x = 1;
	unsigned      ran = 0;
	double        last = 0;

	assert_true(w && t);
	assert_true(wheel_init(w, &calls, t));
	assert_null(wheel_peek(w, 1000));
	for (uint32_t h = 1; h <= MANY; h++) {
		t[h].at = 1001 + (double)(next_random(&x) % 1000000) / 1e6;
		assert_true(wheel_schedule(w, h, t[h].at));
	}
	compared = moved = 0;
	for (const struct wheel_due *next; (next = wheel_peek(w, 1020)) != NULL; ran++) {
		const struct wheel_due due = *next;
		assert_true(due.at >= last);
		last = due.at;
		wheel_take(w);
		if (due.at < 1002) {
			t[due.handle].at = due.at + 1 + (double)(next_random(&x) % 1000000) / 1e6;
			assert_true(wheel_schedule(w, due.handle, t[due.handle].at));
		}
	}
	assert_true(ran >= 2 * MANY);
	assert_true(moved <= 2 * MANY);
	assert_true(compared >= ran && compared <= (uint64_t)ran * 2 * LOG);
	wheel_free(w);
	free(w);
	free(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_jump),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
