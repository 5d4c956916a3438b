/* wheel.c - see wheel.h. */
#include "base/wheel.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/pages.h"

#define TICKS_A_SECOND 1024.0
#define SLOTS_BYTES    (WHEEL_SLOTS * sizeof(uint32_t))
#define WHEEL_IN_SLOT  0x80000000u
#define WHEEL_IN_DUE   0xffffffffu

static int64_t
tick_of(double at)
{
	/* These bounds are far outside any packet time and keep the conversion defined. */
	if (!(at > -1e15))
		return INT64_MIN / 4;
	if (at > 1e15)
		return INT64_MAX / 4;
	return (int64_t)floor(at * TICKS_A_SECOND);
}

static uint32_t
slot_of(int64_t tick)
{
	return (uint32_t)((uint64_t)tick % WHEEL_SLOTS);
}

/* ---- marks: which groups of slots may hold a node, so that a jump in time passes over the others */

static inline void
mark(struct wheel *w, uint32_t slot)
{
	w->marks[slot / WHEEL_GROUP / 64] |= UINT64_C(1) << (slot / WHEEL_GROUP % 64);
}

static inline bool
is_marked(const struct wheel *w, uint32_t slot)
{
	return w->marks[slot / WHEEL_GROUP / 64] >> (slot / WHEEL_GROUP % 64) & 1;
}

/* Returns the last tick whose slot is in the group of a tick's slot. */
static inline int64_t
group_end(int64_t tick)
{
	return tick | (WHEEL_GROUP - 1);
}

/* Takes the mark off a group if all of its slots are empty. */
static void
unmark(struct wheel *w, uint32_t group)
{
	const uint32_t *slots = w->slots + group * WHEEL_GROUP;
	uint32_t        any = 0;

	for (uint32_t i = 0; i < WHEEL_GROUP; i++)
		any |= slots[i];
	if (!any)
		w->marks[group / 64] &= ~(UINT64_C(1) << (group % 64));
}

static void
empty_slots(struct wheel *w)
{
	for (uint32_t i = 0; i < WHEEL_MARKS; i++) {
		for (uint64_t left = w->marks[i]; left; left &= left - 1) {
			const uint32_t group = i * 64 + (uint32_t)__builtin_ctzll(left);
			memset(w->slots + group * WHEEL_GROUP, 0, WHEEL_GROUP * sizeof *w->slots);
		}
		w->marks[i] = 0;
	}
}

bool
wheel_init(struct wheel *w, const struct wheel_calls *calls, void *arg)
{
	*w = (struct wheel){ .ask = *calls, .arg = arg, .tick = INT64_MIN / 4, .quiet_until = -INFINITY };
	w->slots = pages_alloc(SLOTS_BYTES);
	return w->slots;
}

void
wheel_bound(struct wheel *w, size_t most)
{
	w->due_most = most;
}

void
wheel_free(struct wheel *w)
{
	free(w->due);
	free(w->late);
	if (w->slots) {
		empty_slots(w);
		pages_release(w->slots, SLOTS_BYTES, 0);
	}
	w->slots = NULL;
	w->due = w->late = NULL;
	w->due_first = w->due_n = w->due_room = 0;
	w->late_n = w->late_room = 0;
}

void
wheel_clear(struct wheel *w)
{
	empty_slots(w);
	w->due_first = w->due_n = w->late_n = 0;
	w->scheduled = 0;
}

/* Returns whether a node that has left its slot has not been taken yet. */
static inline bool
has_waiting(const struct wheel *w)
{
	return w->due_first < w->due_n || w->late_n > 0;
}

static bool
grow(struct wheel_due **at, size_t *room)
{
	const size_t      more = *room ? 2 * *room : 256;
	struct wheel_due *grown = realloc(*at, more * sizeof *grown);

	if (!grown)
		return false;
	*at = grown;
	*room = more;
	return true;
}

static bool
due_reserve(struct wheel *w)
{
	if (w->due_n < w->due_room)
		return true;
	if (w->due_first > w->due_room / 2) { /* drop what has fired */
		w->due_n -= w->due_first;
		memmove(w->due, w->due + w->due_first, w->due_n * sizeof *w->due);
		w->due_first = 0;
		return true;
	}
	return grow(&w->due, &w->due_room);
}

/* `late` is a binary heap: no entry is due later than those at twice its index plus one and plus two. */
static bool
late_insert(struct wheel *w, uint32_t handle, double at)
{
	if (w->late_n == w->late_room && !grow(&w->late, &w->late_room))
		return false;
	const struct wheel_due due = { at, w->ask.rank(w->arg, handle), handle };
	size_t                 i = w->late_n++;
	for (size_t parent; i > 0 && wheel_due_compare(&due, &w->late[parent = (i - 1) / 2]) < 0; i = parent)
		w->late[i] = w->late[parent];
	w->late[i] = due;
	*w->ask.node(w->arg, handle) = (struct wheel_node){ 0, WHEEL_IN_DUE };
	if (at < w->quiet_until)
		w->quiet_until = at;
	return true;
}

static void
late_take(struct wheel *w)
{
	struct wheel_due *late = w->late;
	const size_t      n = --w->late_n;
	size_t            i = 0;

	for (size_t child; (child = 2 * i + 1) < n; i = child) {
		if (child + 1 < n && wheel_due_compare(&late[child + 1], &late[child]) < 0)
			child++;
		if (wheel_due_compare(&late[n], &late[child]) <= 0)
			break;
		late[i] = late[child];
	}
	late[i] = late[n];
}

static __attribute__((noinline)) const struct wheel_due *
first_of_both(const struct wheel *w)
{
	if (w->due_first == w->due_n || wheel_due_compare(w->late, &w->due[w->due_first]) < 0)
		return w->late;
	return &w->due[w->due_first];
}

/* Returns the first node of those that have left their slots.  There must be one. */
static inline const struct wheel_due *
first_waiting(const struct wheel *w)
{
	return w->late_n == 0 ? &w->due[w->due_first] : first_of_both(w); /* late nodes are rare */
}

void
wheel_cancel(struct wheel *w, uint32_t handle)
{
	struct wheel_node *node = w->ask.node(w->arg, handle);

	if (!node->prev)
		return;
	if (node->prev != WHEEL_IN_DUE) { /* one that has left its slot still fires, which its owner notices */
		if (node->prev & WHEEL_IN_SLOT)
			w->slots[node->prev & ~WHEEL_IN_SLOT] = node->next;
		else
			w->ask.node(w->arg, node->prev)->next = node->next;
		if (node->next)
			w->ask.node(w->arg, node->next)->prev = node->prev;
		w->scheduled--;
	}
	*node = (struct wheel_node){ 0, 0 };
}

bool
wheel_schedule(struct wheel *w, uint32_t handle, double at)
{
	const int64_t tick = tick_of(at);

	wheel_cancel(w, handle);
	if (tick <= w->tick)
		return late_insert(w, handle, at);

	const uint32_t slot = slot_of(tick);
	const uint32_t next = w->slots[slot];
	*w->ask.node(w->arg, handle) = (struct wheel_node){ next, WHEEL_IN_SLOT | slot };
	if (next)
		w->ask.node(w->arg, next)->prev = handle;
	w->slots[slot] = handle;
	mark(w, slot);
	w->scheduled++;
	return true;
}

static int
due_compare(const void *a, const void *b)
{
	return wheel_due_compare(a, b);
}

/* Moves the nodes of `slot` that are due in a tick up to `tick` to the end of `due`, unsorted, and those that are due
 * elsewhere by now to their slots. Returns false when there is no room or no memory; the rest stays in its slot. */
static bool
slot_collect(struct wheel *w, uint32_t slot, int64_t tick)
{
	for (uint32_t handle = w->slots[slot]; handle;) {
		const uint32_t next = w->ask.node(w->arg, handle)->next;
		const double   at = w->ask.at(w->arg, handle);
		if (tick_of(at) <= tick) {
			if ((w->due_most && w->due_n + w->late_n >= w->due_most) || !due_reserve(w))
				return false;
			wheel_cancel(w, handle);
			w->due[w->due_n++] = (struct wheel_due){ at, w->ask.rank(w->arg, handle), handle };
			*w->ask.node(w->arg, handle) = (struct wheel_node){ 0, WHEEL_IN_DUE };
		} else if (slot_of(tick_of(at)) != slot) {
			wheel_schedule(w, handle, at);
		}
		handle = next;
	}
	return true;
}

/* Turns the wheel to the tick of `now`. */
static void
wheel_turn(struct wheel *w, int64_t tick)
{
	if (w->scheduled == 0) {
		w->tick = tick;
		return;
	}
	const bool    all = tick - w->tick >= WHEEL_SLOTS;
	const int64_t from = all ? tick - WHEEL_SLOTS + 1 : w->tick + 1;
	const size_t  before = w->due_n;
	const size_t  first = w->due_first;

	w->full = false;
	for (int64_t t = from; t <= tick && !w->full; t++) {
		const uint32_t slot = slot_of(t);
		if (!is_marked(w, slot)) {
			t = group_end(t);
		} else if (w->slots[slot] && !slot_collect(w, slot, tick) && has_waiting(w)) {
			w->full = true;
			tick = t - 1; /* the rest comes later */
		} else if (t == group_end(t)) {
			unmark(w, slot / WHEEL_GROUP);
		}
	}
	/* What was there before is sorted and due before what was added; due_reserve() may have moved it to the front. */
	const size_t sorted = before - (first - w->due_first);
	if (w->due_n > sorted)
		qsort(w->due + sorted, w->due_n - sorted, sizeof *w->due, due_compare);
	w->tick = tick;
}

const struct wheel_due *
wheel_look(struct wheel *w, double now)
{
	const int64_t tick = tick_of(now);

	if (tick > w->tick && !(w->full && has_waiting(w)))
		wheel_turn(w, tick);
	const struct wheel_due *first = has_waiting(w) ? first_waiting(w) : NULL;
	if (first && first->at <= now)
		return first;
	const double tick_ends = (double)(w->tick + 1) / TICKS_A_SECOND;
	w->quiet_until = first && first->at < tick_ends ? first->at : tick_ends;
	return NULL;
}

void
wheel_take(struct wheel *w)
{
	const struct wheel_due *first = first_waiting(w);
	struct wheel_node      *node = w->ask.node(w->arg, first->handle);

	if (node->prev == WHEEL_IN_DUE)
		*node = (struct wheel_node){ 0, 0 };
	if (first == w->late)
		late_take(w);
	else if (++w->due_first == w->due_n)
		w->due_first = w->due_n = 0;
}

void
wheel_walk(const struct wheel *w, double until, bool (*fn)(void *, uint32_t), void *arg)
{
	const int64_t tick = tick_of(until);

	for (size_t i = w->due_first; i < w->due_n; i++)
		if (!fn(arg, w->due[i].handle))
			return;
	for (size_t i = 0; i < w->late_n; i++)
		if (!fn(arg, w->late[i].handle))
			return;
	if (w->scheduled == 0)
		return;
	const int64_t first = tick - w->tick >= WHEEL_SLOTS ? tick - WHEEL_SLOTS + 1 : w->tick + 1;
	for (int64_t t = first; t <= tick; t++) {
		if (!is_marked(w, slot_of(t))) {
			t = group_end(t);
			continue;
		}
		for (uint32_t h = w->slots[slot_of(t)]; h; h = w->ask.node(w->arg, h)->next)
			if (!fn(arg, h))
				return;
	}
}
