/* wheel.h - timers by packet time, fired in the order in which they are due.
 *
 * Each object has at most one node, linked into the slot of its tick (a 1024th of a second) in a wheel of 65536 slots;
 * the object's owner keeps the exact times and schedules the node for the earliest of them.  When that time moves to
 * later, the node need not be moved: it moves on when its slot comes.  When time reaches a tick, its nodes move into a
 * sorted array, from which they fire as soon as they are due to the last bit: Zeek compares doubles (Timer.cc), and
 * rounding to ticks would show in its records.  What is scheduled for a tick that has already been reached goes into a
 * heap beside it, and the first of both fires: after a jump in time both may hold every object there is, and an
 * insertion in the middle of the array would move half of it.  Nodes that are more than a full turn away wait in their
 * slot and are skipped until then.  Of those due at the same time, the one with the lower rank fires first: a rank
 * depends on the object alone, so the order is the same however the objects are spread over several wheels.
 *
 *   slots[tick % 65536] -> node <-> node <-> ...         due[]: what the current tick and earlier ones held, sorted
 *                                                        late[]: what came for them afterwards, a heap
 */
#ifndef CONNLOG_BASE_WHEEL_H
#define CONNLOG_BASE_WHEEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WHEEL_SLOTS 65536u
#define WHEEL_GROUP 64u                               /* slots that share a mark */
#define WHEEL_MARKS (WHEEL_SLOTS / WHEEL_GROUP / 64u) /* words of marks */

/* Part of the object.  Zero means not scheduled. */
struct wheel_node {
	uint32_t next;
	uint32_t prev; /* a handle, or a mark: first of a slot, or in `due` or `late` */
};

/* Compared member by member. */
struct wheel_rank {
	double   begin;
	uint32_t salt, mark;
};

struct wheel_due {
	double            at;
	struct wheel_rank rank;
	uint32_t          handle;
};

/* What the wheel asks the objects' owner for: an object's node, the time it is due, and its rank. */
struct wheel_calls {
	struct wheel_node *(*node)(void *arg, uint32_t handle);
	double (*at)(void *arg, uint32_t handle);
	struct wheel_rank (*rank)(void *arg, uint32_t handle);
};

struct wheel {
	struct wheel_calls ask;
	void              *arg;
	int64_t            tick;        /* slots up to this tick have been emptied into `due` */
	double             quiet_until; /* nothing is due before */
	uint32_t           scheduled;   /* nodes in slots */
	struct wheel_due  *due;
	size_t             due_first, due_n, due_room;
	struct wheel_due  *late;
	size_t             late_n, late_room;
	size_t             due_most; /* the most in both at once; 0: no bound */
	bool               full;     /* more are due; they are collected when those in `due` and `late` have fired */
	uint32_t          *slots;    /* WHEEL_SLOTS of them; memory only where one was used */
	uint64_t           marks[WHEEL_MARKS]; /* a bit per group: 0 if all of its slots are empty */
};

/* `arg` is handed to the functions.  Returns false when out of memory; then, too, wheel_free() may be called. */
bool wheel_init(struct wheel *w, const struct wheel_calls *calls, void *arg);
void wheel_free(struct wheel *w);
/* Limits how many due nodes are taken out of their slots at a time.  Nodes that are due in one tick may then fire out
 * of order. */
void wheel_bound(struct wheel *w, size_t most);
/* Drops every node without touching the nodes in the objects. */
void wheel_clear(struct wheel *w);

/* Schedules or moves the node of `handle` to `at`, the time that the function of that name gives for it.
 * Time starts with the first call of wheel_peek(): before it, nothing should be scheduled.
 * Returns false when out of memory; the node is then not scheduled. */
bool wheel_schedule(struct wheel *w, uint32_t handle, double at);
void wheel_cancel(struct wheel *w, uint32_t handle);

/* The slow part of wheel_peek(). */
const struct wheel_due *wheel_look(struct wheel *w, double now);

/* Returns the node that is due first, at or before `now`, until the wheel is used again; NULL if none is due.  Its object may
 * have been freed or its node moved meanwhile: the owner checks the rank and its own times. */
static inline const struct wheel_due *
wheel_peek(struct wheel *w, double now)
{
	return now < w->quiet_until ? NULL : wheel_look(w, now);
}

/* Takes the node off the wheel that wheel_peek() has just returned. */
void wheel_take(struct wheel *w);

/* Calls `fn` for every node that may be due at or before `until`, and for some that are not, until it returns false.  Nothing
 * may be scheduled meanwhile. */
void wheel_walk(const struct wheel *w, double until, bool (*fn)(void *arg, uint32_t handle), void *arg);

static inline int
wheel_rank_compare(const struct wheel_rank *a, const struct wheel_rank *b)
{
	if (a->begin != b->begin)
		return a->begin < b->begin ? -1 : 1;
	if (a->salt != b->salt)
		return a->salt < b->salt ? -1 : 1;
	return a->mark < b->mark ? -1 : a->mark > b->mark;
}

/* Compares which of two nodes fires first: less than 0 for `a`. */
static inline int
wheel_due_compare(const struct wheel_due *a, const struct wheel_due *b)
{
	if (a->at != b->at)
		return a->at < b->at ? -1 : 1;
	return wheel_rank_compare(&a->rank, &b->rank);
}

#endif
