/* ring.h - a queue of frames in shared memory: one process appends, another takes.
 *
 * What was appended stays until the taking side releases it, so a process that is killed loses nothing that it had not released.  Positions
 * count bytes since the beginning and never go back.  The taking side checks all that it finds: the other one parses packets.
 */
#ifndef CONNLOG_SHIP_RING_H
#define CONNLOG_SHIP_RING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* In front of each frame's bytes, in shared memory. */
struct ring_frame {
	uint32_t kind;           /* enum spool_kind, or RING_PAD */
	uint32_t n;              /* bytes behind it */
	uint32_t records, total; /* not handed over yet; at first */
	uint32_t done;           /* bytes that were handed over */
	uint32_t handed;         /* 1: all were */
	uint32_t settled, acked; /* records that were answered for; of these, delivered */
	uint64_t from;           /* position in the ring that it came from */
};

enum {
	RING_PAD = 0xffff, /* kind: skip the rest up to the ring's end */
	RING_LEAST = 256 << 10,
};

struct ring_shared {
	_Atomic uint64_t tail, head;    /* positions: appended, released */
	_Atomic uint64_t in, out;       /* the same in records */
	_Atomic uint32_t filled, freed; /* change whenever something was appended or released: futexes */
	_Atomic uint32_t sleepers;
	_Atomic uint32_t closed; /* nothing more will be appended */
};

struct ring {
	struct ring_shared *shared;
	char               *data;
	size_t              size;
};

/* Maps one for so many bytes, which are not touched.  Returns false when out of memory. */
bool ring_init(struct ring *r, size_t size);
void ring_free(struct ring *r);
/* Returns how many bytes a frame may have. */
size_t ring_most(const struct ring *r);

/* ---- appending ---- */

/* Returns whether there was room; *at is the frame's position (may be NULL). */
bool ring_put(struct ring *r, const struct ring_frame *f, const char *p, uint64_t *at);
void ring_close(struct ring *r);
/* Waits until something was released, at most so many seconds; `freed` was read before room was looked for. */
void ring_wait_freed(struct ring *r, uint32_t freed, double seconds);

/* ---- taking ---- */

/* Returns the frame at *at or behind it, and moves *at there; NULL when there is none.  *f is a copy that was checked: all of it
 * lies within the ring. */
const char *ring_look(const struct ring *r, uint64_t *at, struct ring_frame *f);
/* Returns the frame itself, for the process that alone writes to the ring. */
struct ring_frame *ring_frame_at(const struct ring *r, uint64_t at);
/* Returns the position behind a frame. */
uint64_t ring_behind(uint64_t at, const struct ring_frame *f);
/* Releases everything up to a position, which has so many records. */
void ring_release(struct ring *r, uint64_t to, uint64_t records);
void ring_wait_filled(struct ring *r, uint32_t filled, double seconds);
/* Wakes up the taking side. */
void ring_wake(struct ring *r);
/* Returns the bytes that were not released, and how many records they have. */
uint64_t ring_used(const struct ring *r, uint64_t *records);

#endif
