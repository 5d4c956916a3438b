/* wheel.h - timers by packet time, fired in the order in which they are due.
 *
 * Each object has at most one node, linked into the slot of its tick (a 1024th of a second) in a wheel of 65536
 * slots; the object's owner keeps the exact times and schedules the node for the earliest of them.  When that time
 * moves away, the node need not be moved: it is taken along when its slot comes.  When time
 * reaches a tick, its nodes move into a sorted array, from which they fire as soon as they are due to the last
 * bit: Zeek compares doubles (Timer.cc), and a rounding of the tick would show in its records.  Nodes more than a
 * turn away wait in their slot and are passed over until their turn comes.
 *
 *   slots[tick % 65536] -> node <-> node <-> ...         due[]: what the current tick and earlier ones hold, sorted
 */
#ifndef CONNLOG_BASE_WHEEL_H
#define CONNLOG_BASE_WHEEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WHEEL_SLOTS 65536u

/* Lies in the object. Zero: not scheduled. */
struct wheel_node {
	uint32_t next;
	uint32_t prev; /* a handle, or or a mark: first of a slot, or in `due` */
};

struct wheel_due {
	double   at;
	uint32_t handle;
};

struct wheel {
	struct wheel_node *(*node)(void *arg, uint32_t handle);
	double (*at)(void *arg, uint32_t handle); /* when the object's node is due */
	void             *arg;
	int64_t           tick;        /* slots up to this one have been emptied into `due` */
	double            quiet_until; /* nothing is due before */
	uint32_t          scheduled;   /* nodes in slots */
	struct wheel_due *due;
	size_t            due_first, due_n, due_room;
	uint32_t          slots[WHEEL_SLOTS];
};

/* The two functions give the node of a handle and the time it is due; `arg` is handed to them. */
void
wheel_init(struct wheel *w, struct wheel_node *(*node)(void *, uint32_t), double (*at)(void *, uint32_t), void *arg);
void wheel_free(struct wheel *w);
/* Drops every node; the objects' nodes are left as they are. */
void wheel_clear(struct wheel *w);

/* Schedules or moves the node of `handle` to `at`, the time that the function of that name gives for it.
 * Time starts with the first call of wheel_next(): before it, nothing should be scheduled.
 * => False where there is no memory (the node is then not scheduled). */
bool wheel_schedule(struct wheel *w, uint32_t handle, double at);
void wheel_cancel(struct wheel *w, uint32_t handle);

/* What wheel_next() does when it has to look. */
uint32_t wheel_pop(struct wheel *w, double now);

/* => The handle of the node that is due first, at or before `now`, taken off the wheel; 0 where none is due.
 * May answer a handle whose node has been moved meanwhile: the owner checks its own times. */
static inline uint32_t
wheel_next(struct wheel *w, double now)
{
	return now < w->quiet_until ? 0 : wheel_pop(w, now);
}

#endif
