/* queue.h - the queue of a sink: memory first, then disk, in order of arrival.
 *
 * The memory part is a ring that the process with the records fills (ring.h). What is taken from it is kept in a second
 * ring, shared only by delivering processes, until it is delivered: if one of them is killed, the next one finds it
 * there. When the first ring is half full, its oldest frames move to the disk spool, if there is one; these are older
 * than what is still in the ring.
 */
#ifndef CONNLOG_SHIP_QUEUE_H
#define CONNLOG_SHIP_QUEUE_H

#include <pthread.h>

#include "ship/counts.h"
#include "ship/disk.h"
#include "ship/ring.h"

enum { QUEUE_HEAD_MAX = 64 << 10 };

/* The header of the lines, in memory that delivering processes share. */
struct queue_head {
	_Atomic uint32_t n; /* 0: none */
	char             bytes[QUEUE_HEAD_MAX];
};

struct queue {
	struct ring        memory, held;
	struct queue_head *head;
	struct counts     *counts;
	bool               waits;        /* the other side waits for room, so nothing goes to the disk */
	bool               acknowledged; /* the sink acknowledges records one by one */

	struct disk        disk;
	pthread_mutex_t    lock;      /* protects the disk spool and taking from memory */
	uint64_t           taken;     /* position in `memory` up to which frames have been taken */
	uint64_t           next, at;  /* positions in `held`: of the next frame, and of the one being delivered */
	struct spool_item *item;      /* a copy of that one */
	bool               from_disk; /* the item returned by queue_next() is on disk */
	int                why;       /* errno of the latest write to the disk spool, or 0 */
	atomic_bool        orphaned;  /* the other process is gone: nothing more will come */
	atomic_bool        abandoned; /* nothing must be delivered any more */
};

/* Starts with rings, header and counters that an earlier process may have left; disk_open() opens the disk part.
 * Returns false when out of memory. */
bool queue_init(struct queue *q);

/* ---- the main thread ---- */

/* Returns whether the other side will append nothing more. */
bool queue_is_closed(const struct queue *q);
/* Removes everything from memory and counts it as lost. */
void queue_refuse(struct queue *q);
/* Wakes up the other threads and makes them stop. */
void queue_abandon(struct queue *q);
/* Moves the memory part to disk, or counts it as lost. Called when delivery has stopped. */
void queue_save(struct queue *q);

/* ---- the spooling thread ---- */

/* Waits at most `seconds` until memory is half full, and moves some of it to the disk. */
void queue_spill(struct queue *q, double seconds);

/* ---- the delivering thread ---- */

/* Waits at most `seconds`. Returns the oldest item, which stays where it is; or NULL, with *emptied set if a file of
 * the disk spool is empty and can be removed with queue_drop(). */
struct spool_item *queue_next(struct queue *q, double seconds, bool *emptied);
/* Returns a number for the current item, which identifies its acknowledgements; 0 for one on disk. */
uint64_t queue_mark(const struct queue *q);
/* Notes that `records` of this item were passed on. */
void queue_written(struct queue *q, struct spool_item *item, uint64_t records);
/* Notes that a record was acknowledged (`good`) or rejected. */
void queue_settled(struct queue *q, uint64_t mark, bool good);
void queue_done(struct queue *q);
void queue_drop(struct queue *q);
/* Puts unacknowledged lines back, or counts them as lost, when delivery is about to stop. */
void queue_return(struct queue *q, const char *p, size_t n, uint64_t records);
/* Remembers the header. */
void queue_keep_head(struct queue *q, const char *p, size_t n);
/* Returns whether the input has ended and the queue is empty, or was abandoned. */
bool queue_is_over(struct queue *q);

#endif
