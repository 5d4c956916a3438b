/* walk.h - a worker that reads the input itself and walks over all packets.
 *
 * For plain files, every worker has a source of its own, except for the first: that is the caller's thread, which is
 * given its packets. A walker reads some packets ahead, determines up to which packet they are calm (calm.h), and
 * publishes that number; it tracks packets up to the lowest number published by any walker. No walker gets ahead of the
 * caller in this, so the caller decides where the input ends. When a walker finds packets that are not calm, all
 * walkers stop there, and the last one to arrive tracks these packets for all.
 *
 * A walker's lines fill one out (out.h) of its member after another; the caller merges those that are full (apart.c).
 */
#ifndef CONNLOG_ENGINE_WALK_H
#define CONNLOG_ENGINE_WALK_H

#include <stdatomic.h>

#include "engine/crew.h"

enum {
	WALK_AHEAD = 4,           /* slots of packets read ahead */
	WALK_PACKETS = 512,       /* packets per slot */
	WALK_WINDOWS = 512 << 10, /* bytes of windows for packets read ahead */
	WALK_LINES = 32 << 10,    /* bytes at which an out is full */
	WALK_OPEN = 8192,         /* packets after which an out is closed even if it is not full */
};

struct walk_slot {
	connlog_packet    packets[WALK_PACKETS];
	struct batch_time times[WALK_PACKETS];
	size_t            n;
	uint64_t          first; /* number of its first packet */
	uint64_t          from;  /* window of its first packet */
};

struct walker {
	struct member    *member;
	connlog_source   *source; /* the walker's own; NULL for the caller's walker */
	struct windows   *windows;
	struct walk_slot *slots[WALK_AHEAD];
	uint64_t first, last;       /* slots in use: k is slots[k % WALK_AHEAD]; packets may still be added to the last */
	uint64_t at, read, checked; /* numbers of the next packet to track, to read, to check */
	double   checked_now;       /* network time before packet `checked` */
	uint64_t doubted;           /* first packet that is not known to be calm */
	uint64_t opened;            /* value of `at` when the out was begun */
	bool     ended;             /* the source has no more packets */
	bool     behind;            /* the worker's copy of the crew's `behind` */
	size_t   line, text;        /* in the out being merged: lines and bytes already merged */

	/* Under the crew's lock. */
	uint64_t parked;  /* last pause that it has reached */
	uint64_t arrived; /* last turn that it has reached */
	int      status;  /* CONNLOG_OK, or why it has stopped */

	_Alignas(64) _Atomic uint64_t calm_until; /* packets before this one are calm for this worker */
	_Alignas(64) _Atomic uint64_t through;    /* lines of packets before this one are in closed outs */
	_Atomic uint64_t closed;                  /* outs closed */
	_Alignas(64) _Atomic uint64_t taken;      /* outs merged */
};

/* Returns a walker that begins with packet `number`, or NULL when out of memory. It takes ownership of the source. */
struct walker *walker_new(struct member *m, connlog_source *source, uint64_t number);
void           walker_free(struct walker *w);

/* Adds a packet to the caller's walker. */
struct walk_slot *walker_slot(struct walker *w);
/* Returns whether there is room for more packets. */
bool walker_has_room(const struct walker *w);

/* Determines which of the packets read so far are calm, as far as that is known yet. */
void walker_check(struct walker *w);
/* Tracks some of the packets that are calm for all workers. Returns false when there are none, or no room for lines. */
bool walker_track(struct walker *w);
/* Returns whether there is little or no room for lines. May be called by any thread. */
bool walker_is_full(const struct walker *w);
/* Closes the out being filled, if it holds lines. */
void walker_close(struct walker *w);
/* Waits until there may be something to do; for the caller, also until more lines can be merged. Returns false at the
 * end. */
bool walker_wait(struct walker *w);

/* Runs a worker that has its own source, until everything is read or the crew goes on to something else. */
void walker_run(struct walker *w);

#endif
