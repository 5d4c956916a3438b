/* walk.h - a worker's walk over all packets of an input that it reads by itself.
 *
 * Of plain files every worker has a source of its own, and the first worker is the caller's thread, which gets the packets handed
 * over.  A walker reads some packets ahead, finds out how far they are calm (calm.h), and says so; it tracks packets up to the
 * number that all walkers have come to say.  Nobody is ahead of the caller in that, so the caller decides where the input ends.  Where a
 * walker finds that packets are not calm, all come to that place, and the last one tracks them for all.
 *
 * A walker's lines fill one out (out.h) of its member after the other; those that are full are merged by the caller (apart.c).
 */
#ifndef CONNLOG_ENGINE_WALK_H
#define CONNLOG_ENGINE_WALK_H

#include <stdatomic.h>

#include "engine/crew.h"

enum {
	WALK_AHEAD = 4,           /* slots of packets that have not been tracked */
	WALK_PACKETS = 512,       /* of a slot */
	WALK_WINDOWS = 512 << 10, /* bytes of windows that packets are read ahead into */
	WALK_LINES = 32 << 10,    /* bytes of an out that is full */
	WALK_OPEN = 8192,         /* packets after which an out is closed that is not full */
};

struct walk_slot {
	connlog_packet    packets[WALK_PACKETS];
	struct batch_time times[WALK_PACKETS];
	size_t            n;
	uint64_t          first; /* the number of its first packet */
	uint64_t          from;  /* the window of that */
};

struct walker {
	struct member    *member;
	connlog_source   *source; /* its own; NULL: the caller hands packets over */
	struct windows   *windows;
	struct walk_slot *slots[WALK_AHEAD];
	uint64_t          first, last; /* slots in use: k is slots[k % WALK_AHEAD], the last of them may get more packets */
	uint64_t          at, read, checked; /* numbers of packets: the next to be tracked, to be read, to be checked */
	double            checked_now;       /* network time before packet `checked` */
	uint64_t          doubted;           /* packet that is not calm as far as can be said ahead of it */
	uint64_t          opened;            /* `at` when the out was begun */
	bool              ended;             /* the source has no more */
	bool              behind;            /* the crew's, as this worker knows it */
	size_t            line, text;        /* of the out that is merged: lines and bytes that have been */

	/* Under the crew's lock. */
	uint64_t parked;  /* the last pause that it has come to */
	uint64_t arrived; /* the last turn that it has come to */
	int      status;  /* CONNLOG_OK, or why it does not go on */

	_Alignas(64) _Atomic uint64_t calm_until; /* packets before that number are calm for this worker */
	_Alignas(64) _Atomic uint64_t through;    /* the lines of packets before that number are in closed outs */
	_Atomic uint64_t closed;                  /* outs */
	_Alignas(64) _Atomic uint64_t taken;      /* outs that have been merged */
};

/* Returns a walker that begins with the packet of that number, or NULL when out of memory.  It owns the source. */
struct walker *walker_new(struct member *m, connlog_source *source, uint64_t number);
void           walker_free(struct walker *w);

/* The caller's walker: adds a packet. */
struct walk_slot *walker_slot(struct walker *w);
/* Returns whether there is room for more packets. */
bool walker_has_room(const struct walker *w);

/* Says of the packets that have been read whether they are calm, as far as that can be said. */
void walker_check(struct walker *w);
/* Tracks some of the packets that all say are calm.  Returns false when there are none, or no room for lines. */
bool walker_track(struct walker *w);
/* Returns whether there is little room for lines, or none.  Any thread's. */
bool walker_is_full(const struct walker *w);
/* Closes the out that is being filled, if there are lines in it. */
void walker_close(struct walker *w);
/* Waits until there may be something to do: for the caller also until more lines can be merged.  Returns false when it is over. */
bool walker_wait(struct walker *w);

/* The way of a worker that has a source, until all is read or the crew does something else. */
void walker_run(struct walker *w);

#endif
