/* ring.h - a queue of frames in shared memory: one process appends, another takes.
 *
 * Appended frames stay until the taking side releases them, so a process that is killed loses nothing that it had not
 * released. Positions count bytes from the beginning and never decrease. The taking side validates everything that it
 * reads, because the other side parses packets.
 */
#ifndef CONNLOG_SHIP_RING_H
#define CONNLOG_SHIP_RING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Precedes each frame's bytes in shared memory. */
struct ring_frame {
	uint32_t kind;           /* enum spool_kind, or RING_PAD */
	uint32_t n;              /* number of bytes that follow */
	uint32_t records, total; /* not passed on yet; originally */
	uint32_t done;           /* bytes that have been passed on */
	uint32_t handed;         /* 1: all of them */
	uint32_t settled, acked; /* records with an answer; how many of these were delivered */
	uint64_t from;           /* position in the ring from which it was taken */
};

enum {
	RING_PAD = 0xffff, /* kind: skip the rest up to the ring's end */
	RING_LEAST = 256 << 10,
};

struct ring_shared {
	_Atomic uint64_t tail, head;    /* positions: appended, released */
	_Atomic uint64_t in, out;       /* the same, counted in records */
	_Atomic uint32_t filled, freed; /* futexes: change whenever something is appended or released */
	_Atomic uint32_t sleepers;
	_Atomic uint32_t closed; /* nothing more will be appended */
};

struct ring {
	struct ring_shared *shared;
	char               *data;
	size_t              size;
};

/* Maps a ring of that many bytes, without touching them. Returns false when out of memory. */
bool ring_init(struct ring *r, size_t size);
void ring_free(struct ring *r);
/* Returns the size of the largest possible frame in bytes. */
size_t ring_most(const struct ring *r);

/* ---- appending ---- */

/* Appends a frame. Returns whether there was room; *at is the frame's position (may be NULL). */
bool ring_put(struct ring *r, const struct ring_frame *f, const char *p, uint64_t *at);
void ring_close(struct ring *r);
/* Waits at most `seconds` until something is released; `freed` must have been read before checking for room. */
void ring_wait_freed(struct ring *r, uint32_t freed, double seconds);

/* ---- taking ---- */

/* Returns the frame at or after *at, and moves *at there; NULL if there is none. *f is a validated copy: the frame lies
 * within the ring. */
const char *ring_look(const struct ring *r, uint64_t *at, struct ring_frame *f);
/* Returns the frame itself, for the only process that writes to the ring. */
struct ring_frame *ring_frame_at(const struct ring *r, uint64_t at);
/* Returns the position after a frame. */
uint64_t ring_behind(uint64_t at, const struct ring_frame *f);
/* Releases everything up to a position, which holds that many records. */
void ring_release(struct ring *r, uint64_t to, uint64_t records);
void ring_wait_filled(struct ring *r, uint32_t filled, double seconds);
/* Wakes up the taking side. */
void ring_wake(struct ring *r);
/* Returns the number of bytes that have not been released, and stores that of their records. */
uint64_t ring_used(const struct ring *r, uint64_t *records);

#endif
