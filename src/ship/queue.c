/* queue.c - see queue.h. */
#include "ship/queue.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

bool
queue_init(struct queue *q, size_t max, bool waits, struct counts *counts)
{
	*q = (struct queue){ .waits = waits, .counts = counts };
	return spool_init(&q->memory, max, NULL) && pthread_mutex_init(&q->lock, NULL) == 0;
}

void
queue_free(struct queue *q)
{
	spool_free(&q->memory);
	disk_close(&q->disk);
	pthread_mutex_destroy(&q->lock);
}

/* Publishes the size of the queue to the other process. */
static void
count(struct queue *q)
{
	uint64_t bytes;

	q->counts->waiting = spool_records(&q->memory, &bytes);
	q->counts->waiting_bytes = bytes;
	q->counts->spooled = q->disk.records;
	q->counts->spooled_bytes = q->disk.bytes;
}

/* Remembers the header that each file starts with. */
static void
note_head(struct disk *d, const char *p, size_t n)
{
	char *head = malloc(n > 0 ? n : 1);

	if (head == NULL)
		return;
	memcpy(head, p, n);
	free(d->head);
	d->head = head;
	d->head_n = n;
}

/* Returns whether the disk spool accepted it. */
static bool
put_to_disk(struct queue *q, enum spool_kind kind, const char *p, size_t n, uint64_t records)
{
	q->why = disk_put(&q->disk, kind, p, n, records);
	return q->why == 0;
}

/* Appends to the memory queue, or to the disk spool while that holds anything. */
static bool
put_in_order(struct queue *q, enum spool_kind kind, const char *p, size_t n, uint64_t records)
{
	bool taken = false;

	pthread_mutex_lock(&q->lock);
	if (kind == SPOOL_HEAD)
		note_head(&q->disk, p, n);
	if (disk_is_empty(&q->disk))
		taken = spool_put_as(&q->memory, kind, p, n, records, 0);
	if (!taken && q->disk.folder != NULL)
		taken = put_to_disk(q, kind, p, n, records);
	pthread_mutex_unlock(&q->lock);
	return taken;
}

void
queue_put(struct queue *q, enum spool_kind kind, const char *p, size_t n, uint64_t records)
{
	const bool taken =
		q->waits ? spool_put_as(&q->memory, kind, p, n, records, INFINITY) : put_in_order(q, kind, p, n, records);

	if (!taken)
		q->counts->lost += records;
	count(q);
}

void
queue_close(struct queue *q)
{
	spool_close(&q->memory, 0);
}

static struct spool_item *
next_of_disk(struct queue *q, bool *emptied)
{
	pthread_mutex_lock(&q->lock);
	struct spool_item *item = disk_next(&q->disk);
	*emptied = item == NULL && !disk_is_empty(&q->disk) && !q->disk.starved;
	q->from_disk = item != NULL;
	pthread_mutex_unlock(&q->lock);
	return item;
}

struct spool_item *
queue_next(struct queue *q, double seconds, bool *emptied)
{
	struct spool_item *item = spool_wait(&q->memory, 0);

	*emptied = false;
	q->from_disk = false;
	if (item != NULL)
		return item;
	if (!spool_is_abandoned(&q->memory))
		item = next_of_disk(q, emptied);
	if (item != NULL || *emptied)
		return item;
	return spool_wait(&q->memory, seconds);
}

void
queue_written(struct queue *q, struct spool_item *item, uint64_t records)
{
	if (records > item->records)
		records = item->records;
	if (q->from_disk) {
		pthread_mutex_lock(&q->lock);
		item->records -= records;
		q->disk.records -= records;
		pthread_mutex_unlock(&q->lock);
	} else {
		spool_written(&q->memory, item, records);
	}
	count(q);
}

void
queue_done(struct queue *q)
{
	if (q->from_disk) {
		pthread_mutex_lock(&q->lock);
		disk_done(&q->disk);
		pthread_mutex_unlock(&q->lock);
	} else {
		spool_done(&q->memory);
	}
	count(q);
}

void
queue_drop(struct queue *q)
{
	pthread_mutex_lock(&q->lock);
	disk_drop(&q->disk);
	pthread_mutex_unlock(&q->lock);
	count(q);
}

bool
queue_is_over(struct queue *q)
{
	pthread_mutex_lock(&q->lock);
	const bool empty = disk_is_empty(&q->disk);
	pthread_mutex_unlock(&q->lock);
	return spool_is_over(&q->memory) && (empty || spool_is_abandoned(&q->memory));
}

void
queue_abandon(struct queue *q)
{
	spool_finish(&q->memory);
	pthread_mutex_lock(&q->memory.lock);
	q->memory.abandoned = true;
	pthread_cond_broadcast(&q->memory.changed);
	pthread_mutex_unlock(&q->memory.lock);
}

void
queue_save(struct queue *q)
{
	uint64_t lost = 0;

	pthread_mutex_lock(&q->lock);
	pthread_mutex_lock(&q->memory.lock);
	for (struct spool_item *i = q->memory.first; i != NULL; i = i->next) {
		if (i->kind != SPOOL_LINES)
			continue;
		if (q->disk.folder == NULL || !put_to_disk(q, i->kind, i->bytes + i->done, i->n - i->done, i->records))
			lost += i->records;
		i->records = 0;
	}
	q->memory.records = 0;
	pthread_mutex_unlock(&q->memory.lock);
	pthread_mutex_unlock(&q->lock);
	q->counts->lost += lost;
	count(q);
}
