/* queue.h - what waits for a sink: in memory, then on the disk, in the order in which it came.
 *
 * The memory is a spool (sensor/spool.h).  Once something lies on the disk, all that comes goes there until it is empty again.  What
 * has no room in either is waited with, or counted as lost.
 */
#ifndef CONNLOG_SHIP_QUEUE_H
#define CONNLOG_SHIP_QUEUE_H

#include "ship/counts.h"
#include "ship/disk.h"

struct queue {
	struct spool    memory;
	struct disk     disk;
	pthread_mutex_t lock;      /* of the disk */
	bool            waits;     /* what finds no room waits for it */
	bool            from_disk; /* the item that queue_next() has returned is there */
	int             why;       /* errno: the disk has not taken the latest that came; 0: it has */
	struct counts  *counts;
};

/* Opens the memory; disk_open() opens the disk.  Returns false when out of memory. */
bool queue_init(struct queue *q, size_t max, bool waits, struct counts *counts);
void queue_free(struct queue *q);

/* ---- of the side that brings ---- */

/* Takes it, or counts its records as lost. */
void queue_put(struct queue *q, enum spool_kind kind, const char *p, size_t n, uint64_t records);
/* Says that nothing comes any more. */
void queue_close(struct queue *q);

/* ---- of the side that delivers ---- */

/* Waits for `seconds` at most.  Returns the oldest item, which stays where it is; or NULL, with *emptied where a file of the disk is
 * empty, which queue_drop() removes. */
struct spool_item *queue_next(struct queue *q, double seconds, bool *emptied);
/* Of this item, `records` were delivered. */
void queue_written(struct queue *q, struct spool_item *item, uint64_t records);
void queue_done(struct queue *q);
void queue_drop(struct queue *q);
/* Returns whether nothing comes any more and nothing waits. */
bool queue_is_over(struct queue *q);
/* Ends waiting on both sides. */
void queue_abandon(struct queue *q);
/* What waits in memory goes to the disk, or is counted as lost; nothing is delivered any more. */
void queue_save(struct queue *q);

#endif
