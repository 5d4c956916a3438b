/* memory_test.c - memory under a bound: slabs and what they return, the table, the wheel. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/slab.h"
#include "base/wheel.h"
#include "conn/table.h"

#define MIB (UINT64_C(1) << 20)

static uint64_t
next_random(uint64_t *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 7;
	*x ^= *x << 17;
	return *x;
}

/* Checks the number of objects, and that each still has its content. */
static void
check_objects(const struct slab *s, const uint32_t *handles, size_t n)
{
	assert_int_equal(s->used, n);
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < s->size; k += 4)
			assert_int_equal(*(const uint32_t *)(const void *)((const uint8_t *)slab_at(s, handles[i]) + k),
			                 handles[i]);
}

static void
put_object(struct slab *s, uint32_t handle)
{
	uint32_t *at = slab_at(s, handle);

	for (size_t k = 0; k < s->size / 4; k++) {
		assert_int_equal(at[k], 0);
		at[k] = handle;
	}
}

/* Objects are allocated and freed, and pages returned in between: objects in use keep their content, new ones are
 * zeroed, and the bound holds. */
static void
churn(size_t size, uint64_t most)
{
	enum { OBJECTS = 40000, ROUNDS = 12 };
	struct memory   m = { .most = most };
	struct slab     s;
	static uint32_t handles[OBJECTS];
	size_t          n = 0;
	uint64_t        x = 88172645463325252u + size;

	slab_init(&s, size);
	slab_bound(&s, &m, 0);
	for (int round = 0; round < ROUNDS; round++) {
		while (n < OBJECTS) {
			const uint32_t handle = slab_alloc(&s);
			if (!handle)
				break;
			put_object(&s, handle);
			handles[n++] = handle;
		}
		assert_true(n == OBJECTS || m.refused > 0);
		assert_true(m.mapped <= most && m.mapped >= slab_used(&s));
		const size_t begin = next_random(&x) % n, keep = next_random(&x) % 50; /* frees some of them */
		for (size_t i = n; i-- > begin / 4;)
			if (!keep || next_random(&x) % 1000 >= keep) {
				slab_release(&s, handles[i]);
				handles[i] = handles[--n];
			}
		const uint64_t before = m.mapped;
		slab_trim(&s);
		assert_true(m.mapped <= before && m.mapped >= slab_used(&s));
		check_objects(&s, handles, n);
	}
	while (n > 0)
		slab_release(&s, handles[--n]);
	slab_trim(&s);
	assert_true(m.mapped <=
	            (most < MEMORY_HUGE ? MIB / 8 : 3 * MIB)); /* the unit with handle 0, and a step not yet given out */
	slab_free_all(&s);
}

static void
test_slab_under_a_bound(void **state)
{
	(void)state;
	static const size_t sizes[] = { 8, 40, 64, 160, 640, 1152 };

	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		churn(sizes[i], 1 * MIB);
		churn(sizes[i], 20 * MIB);
		churn(sizes[i], 2048 * MIB);
	}
}

/* Memory reserved for others is left over, and is available to them. */
static void
test_leave(void **state)
{
	(void)state;
	struct memory m = { .most = 4 * MIB };
	struct slab   first, other;

	slab_init(&first, 64);
	slab_init(&other, 64);
	slab_bound(&first, &m, MIB);
	slab_bound(&other, &m, 0);
	while (slab_alloc(&first))
		;
	assert_true(m.mapped <= 3 * MIB && m.mapped > 2 * MIB);
	while (slab_alloc(&other))
		;
	assert_true(m.mapped <= 4 * MIB && m.mapped > 3 * MIB && slab_used(&other) >= MIB / 2);
	slab_free_all(&first);
	slab_free_all(&other);
}

/* A table that must not grow takes as many entries as can still be found quickly, and all are found. */
static void
test_table_under_a_bound(void **state)
{
	(void)state;
	struct memory m = { .most = MIB };
	struct table  t;
	uint32_t      n = 0;

	assert_true(table_init(&t));
	table_bound(&t, &m, 0);
	while (table_insert(&t, (n + 1) * 2654435761u, n + 1))
		n++;
	assert_true(m.mapped <= MIB && m.mapped == table_bytes(&t) && m.refused > 0);
	assert_true(n > (uint64_t)t.mask * 3 / 4 && n < t.mask);
	for (uint32_t h = 1; h <= n; h++) {
		const uint32_t hash = h * 2654435761u;
		uint32_t       at = hash & t.mask, got;
		while ((got = table_probe(&t, hash, &at)) != h)
			assert_int_not_equal(got, 0);
	}
	table_free(&t);
}

enum { TIMERS = 3000 };

struct timer {
	struct wheel_node node;
	double            at;
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

static struct wheel_rank
timer_rank(void *timers, uint32_t handle)
{
	(void)timers;
	return (struct wheel_rank){ 0, handle, 0 };
}

/* Time jumps, and far more timers are due than fit into the heap: each fires once, and so do those set meanwhile. */
static void
test_wheel_under_a_bound(void **state)
{
	(void)state;
	struct wheel *w = malloc(sizeof *w);
	struct timer *t = calloc(TIMERS + 1, sizeof *t);
	uint64_t      x = 1;
	size_t        fired = 0, most = 0;

	assert_true(w && t);
	assert_true(wheel_init(w, &(struct wheel_calls){ timer_node, timer_at, timer_rank }, t));
	wheel_bound(w, 100);
	assert_null(wheel_peek(w, 1000));
	for (uint32_t h = 1; h <= TIMERS / 2; h++) {
		t[h].at = 1000 + (double)(next_random(&x) % 400000) / 1000 + 1;
		assert_true(wheel_schedule(w, h, t[h].at));
	}
	for (const struct wheel_due *next; (next = wheel_peek(w, 2000)) != NULL; fired++) {
		const uint32_t handle = next->handle;
		assert_true(t[handle].at > 0);
		const size_t waiting = w->due_n - w->due_first + w->late_n;
		most = waiting > most ? waiting : most;
		wheel_take(w);
		t[handle].at = 0;
		if (handle <= TIMERS / 2) { /* another one that is already due */
			t[handle + TIMERS / 2].at = 1999;
			assert_true(wheel_schedule(w, handle + TIMERS / 2, 1999));
		}
	}
	assert_int_equal(fired, TIMERS);
	assert_true(most <= 201);
	wheel_free(w);
	free(w);
	free(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_slab_under_a_bound),
		cmocka_unit_test(test_leave),
		cmocka_unit_test(test_table_under_a_bound),
		cmocka_unit_test(test_wheel_under_a_bound),
	};
	return cmocka_run_group_tests_name("memory", tests, NULL, NULL);
}
