/* queue.h - the queue of a sink: memory first, then disk, in order of arrival.
 *
 * The memory part is a spool (sensor/spool.h).  Once the disk part holds anything, new items go there until it is empty again.  Items
 * that fit in neither wait, or are counted as lost.
 */
#ifndef CONNLOG_SHIP_QUEUE_H
#define CONNLOG_SHIP_QUEUE_H

#include "ship/counts.h"
#include "ship/disk.h"

struct queue {
	struct spool    memory;
	struct disk     disk;
	pthread_mutex_t lock;      /* of the disk */
	bool            waits;     /* wait for room instead of losing records */
	bool            from_disk; /* the item returned by queue_next() is on disk */
	int             why;       /* errno of the latest write to the disk spool, or 0 */
	struct counts  *counts;
};

/* Opens the memory part; disk_open() opens the other.  Returns false when out of memory. */
bool queue_init(struct queue *q, size_t max, bool waits, struct counts *counts);
void queue_free(struct queue *q);

/* ---- the receiving thread ---- */

/* Appends an item, or counts its records as lost. */
void queue_put(struct queue *q, enum spool_kind kind, const char *p, size_t n, uint64_t records);
/* Marks the end of the input. */
void queue_close(struct queue *q);

/* ---- the delivering thread ---- */

/* Waits for `seconds` at most.  Returns the oldest item, which stays where it is; or NULL, with *emptied where a file of the disk is
 * empty, which queue_drop() removes. */
struct spool_item *queue_next(struct queue *q, double seconds, bool *emptied);
/* Notes that `records` of this item were delivered. */
void queue_written(struct queue *q, struct spool_item *item, uint64_t records);
void queue_done(struct queue *q);
void queue_drop(struct queue *q);
/* Returns whether the input has ended and the queue is empty. */
bool queue_is_over(struct queue *q);
/* Wakes up both threads and makes them stop. */
void queue_abandon(struct queue *q);
/* Moves the memory part to disk, or counts it as lost.  Call it when delivery has stopped. */
void queue_save(struct queue *q);

#endif
