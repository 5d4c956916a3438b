/* queue.c - see queue.h. */
#include "ship/queue.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

enum { FULL_MS = 10 /* milliseconds to wait for acknowledgements when no more can be held */ };

/* ---- starting */

void
queue_keep_head(struct queue *q, const char *p, size_t n)
{
	pthread_mutex_lock(&q->lock);
	head_replace(&q->disk.head, &q->disk.head_n, p, n);
	pthread_mutex_unlock(&q->lock);
	q->head->n = 0;
	if (n > sizeof q->head->bytes)
		return;
	memcpy(q->head->bytes, p, n);
	q->head->n = (uint32_t)n;
}

/* Corrects counters for records that an earlier process had counted and that will be repeated, or can no longer be
 * completed. */
static void
correct(struct counts *c)
{
	c->delivered -= c->again;
	c->again = 0;
	const uint64_t lost = c->whole || c->unsafe > c->delivered ? c->delivered : c->unsafe;
	c->delivered -= lost;
	c->lost += lost;
	c->unsafe = 0;
	c->flying = 0;
	c->up = 0;
}

/* Examines what an earlier process held. Records that it had passed on without an acknowledgement are delivered
 * again. */
static void
recover(struct queue *q)
{
	struct ring_frame f, first;
	uint64_t          at = q->held.shared->head, behind = at, from = UINT64_MAX, held = 0, front = q->taken;

	while (ring_look(&q->held, &at, &f) != NULL) {
		struct ring_frame *kept = ring_frame_at(&q->held, at);
		if (q->acknowledged) {
			q->counts->delivered -= kept->acked;
			kept->records = kept->total;
			kept->done = kept->handed = kept->settled = kept->acked = 0;
		}
		held += kept->records;
		from = kept->from;
		at = behind = ring_behind(at, &f);
	}
	q->held.shared->tail = behind; /* an unfinished frame after it does not count */
	q->counts->held = held;
	if (ring_look(&q->memory, &front, &first) != NULL && front == from) { /* it was copied, but not released */
		q->taken = ring_behind(front, &first);
		ring_release(&q->memory, q->taken, first.records);
	}
}

bool
queue_init(struct queue *q)
{
	q->taken = q->memory.shared->head;
	q->next = q->held.shared->head;
	correct(q->counts);
	recover(q);
	return pthread_mutex_init(&q->lock, NULL) == 0;
}

/* Publishes the size of the disk spool. */
static void
count_disk(struct queue *q)
{
	q->counts->spooled = q->disk.records;
	q->counts->spooled_bytes = q->disk.bytes;
}

/* ---- taking from memory ------------------------------------------------------------------------------------------- */

/* Returns a copy of the oldest frame in memory, which stays there, and its position; NULL if there is none, or when out
 * of memory. */
static struct spool_item *
copy_front(const struct queue *q, uint64_t *at, struct ring_frame *f)
{
	*at = q->taken;
	const char        *bytes = ring_look(&q->memory, at, f);
	struct spool_item *item = bytes != NULL ? malloc(sizeof *item + f->n) : NULL;

	if (item == NULL)
		return NULL;
	const enum spool_kind kind = f->kind == SPOOL_HEAD ? SPOOL_HEAD : f->kind == SPOOL_FOOT ? SPOOL_FOOT : SPOOL_LINES;
	*item = (struct spool_item){ .kind = kind, .records = f->records, .n = f->n };
	memcpy(item->bytes, bytes, f->n);
	return item;
}

static void
take(struct queue *q, uint64_t at, const struct ring_frame *f)
{
	q->taken = ring_behind(at, f);
	ring_release(&q->memory, q->taken, f->records);
}

/* Moves the oldest frame from memory to `held`. Returns it, or NULL; *full then tells whether there was no room. */
static struct spool_item *
take_front(struct queue *q, bool *full)
{
	struct ring_frame  f;
	uint64_t           at;
	struct spool_item *item = copy_front(q, &at, &f);

	if (item == NULL)
		return NULL;
	const struct ring_frame kept = {
		.kind = item->kind, .n = f.n, .records = f.records, .total = f.records, .from = at
	};
	*full = !ring_put(&q->held, &kept, item->bytes, &q->at);
	if (*full) {
		free(item);
		return NULL;
	}
	q->next = ring_behind(q->at, &kept);
	q->counts->held += f.records;
	take(q, at, &f);
	return item;
}

/* Returns the next frame that an earlier process held, or NULL. */
static struct spool_item *
next_held(struct queue *q)
{
	struct ring_frame f;
	uint64_t          at = q->next;
	const char       *bytes = ring_look(&q->held, &at, &f);

	if (bytes == NULL)
		return NULL;
	struct spool_item *item = malloc(sizeof *item + f.n);
	if (item == NULL)
		return NULL;
	*item = (struct spool_item){ .kind = f.kind, .records = f.records, .n = f.n, .done = f.done };
	memcpy(item->bytes, bytes, f.n);
	q->at = at;
	q->next = ring_behind(at, &f);
	return item;
}

/* ---- the spooling thread ------------------------------------------------------------------------------------------ */

/* Moves the oldest frame of memory to the disk.  Returns whether it did. */
static bool
move_front(struct queue *q)
{
	struct ring_frame  f;
	uint64_t           at;
	struct spool_item *item = copy_front(q, &at, &f);

	if (item == NULL)
		return false;
	if (item->kind == SPOOL_HEAD)
		head_replace(&q->disk.head, &q->disk.head_n, item->bytes, item->n);
	q->why = disk_put(&q->disk, item->kind, item->bytes, item->n, item->records);
	if (q->why == 0)
		take(q, at, &f);
	free(item);
	return q->why == 0;
}

void
queue_spill(struct queue *q, double seconds)
{
	const uint32_t filled = q->memory.shared->filled;
	uint64_t       records;

	pthread_mutex_lock(&q->lock);
	while (!q->abandoned && ring_used(&q->memory, &records) > q->memory.size / 2 && move_front(q))
		count_disk(q);
	pthread_mutex_unlock(&q->lock);
	ring_wait_filled(&q->memory, filled, seconds);
}

/* ---- the delivering thread ---------------------------------------------------------------------------------------- */

/* Returns the oldest item on disk or, if there is none, in memory. */
static struct spool_item *
next_in_order(struct queue *q, bool *emptied, bool *full)
{
	pthread_mutex_lock(&q->lock);
	struct spool_item *item = disk_next(&q->disk);
	*emptied = item == NULL && !disk_is_empty(&q->disk) && !q->disk.starved;
	q->from_disk = item != NULL;
	if (disk_is_empty(&q->disk))
		item = q->item = take_front(q, full);
	pthread_mutex_unlock(&q->lock);
	return item;
}

struct spool_item *
queue_next(struct queue *q, double seconds, bool *emptied)
{
	const uint32_t filled = q->memory.shared->filled;
	bool           full = false;

	*emptied = false;
	if (q->item != NULL || q->abandoned)
		return q->item;
	q->from_disk = false;
	q->item = next_held(q);
	if (q->item != NULL)
		return q->item;
	struct spool_item *item = next_in_order(q, emptied, &full);
	if (item != NULL || *emptied)
		return item;
	if (full)
		poll(NULL, 0, FULL_MS);
	else if (!queue_is_over(q))
		ring_wait_filled(&q->memory, filled, seconds);
	return NULL;
}

uint64_t
queue_mark(const struct queue *q)
{
	return q->from_disk ? 0 : q->at + 1;
}

void
queue_written(struct queue *q, struct spool_item *item, uint64_t records)
{
	if (records > item->records)
		records = item->records;
	item->records -= records;
	if (q->from_disk) {
		pthread_mutex_lock(&q->lock);
		q->disk.records -= records;
		pthread_mutex_unlock(&q->lock);
		if (!q->acknowledged)
			q->counts->again += records;
		count_disk(q);
		return;
	}
	struct ring_frame *kept = ring_frame_at(&q->held, q->at);
	kept->done = (uint32_t)item->done;
	kept->records = (uint32_t)item->records;
	q->counts->held -= records;
}

/* Releases what has been delivered. */
static void
release_held(struct queue *q)
{
	struct ring_frame f;
	uint64_t          at = q->held.shared->head;

	while (ring_look(&q->held, &at, &f) != NULL && f.handed && (!q->acknowledged || f.settled >= f.total)) {
		at = ring_behind(at, &f);
		ring_release(&q->held, at, f.total);
	}
}

void
queue_settled(struct queue *q, uint64_t mark, bool good)
{
	if (mark == 0) {
		q->counts->again += good;
		return;
	}
	struct ring_frame *kept = ring_frame_at(&q->held, mark - 1);
	kept->settled++;
	kept->acked += good;
	if (kept->settled >= kept->total)
		release_held(q);
}

void
queue_done(struct queue *q)
{
	if (q->from_disk) {
		pthread_mutex_lock(&q->lock);
		disk_done(&q->disk);
		count_disk(q);
		pthread_mutex_unlock(&q->lock);
		return;
	}
	struct ring_frame *kept = ring_frame_at(&q->held, q->at);
	q->counts->held -= kept->records;
	kept->records = 0;
	kept->handed = 1;
	if (kept->kind != SPOOL_LINES)
		kept->total = 0;
	free(q->item);
	q->item = NULL;
	release_held(q);
}

void
queue_drop(struct queue *q)
{
	pthread_mutex_lock(&q->lock);
	disk_drop(&q->disk);
	q->counts->again = 0;
	count_disk(q);
	pthread_mutex_unlock(&q->lock);
}

void
queue_return(struct queue *q, const char *p, size_t n, uint64_t records)
{
	pthread_mutex_lock(&q->lock);
	if (disk_put(&q->disk, SPOOL_LINES, p, n, records) != 0)
		q->counts->lost += records;
	count_disk(q);
	pthread_mutex_unlock(&q->lock);
}

/* ---- ending ------------------------------------------------------------------------------------------------------- */

bool
queue_is_closed(const struct queue *q)
{
	return q->memory.shared->closed || q->orphaned;
}

bool
queue_is_over(struct queue *q)
{
	struct ring_frame f;
	bool              empty = false;

	if (q->abandoned)
		return true;
	if (!queue_is_closed(q) || q->item != NULL)
		return false;
	pthread_mutex_lock(&q->lock);
	uint64_t at = q->taken, held_at = q->next;
	empty =
		disk_is_empty(&q->disk) && ring_look(&q->memory, &at, &f) == NULL && ring_look(&q->held, &held_at, &f) == NULL;
	pthread_mutex_unlock(&q->lock);
	return empty;
}

void
queue_refuse(struct queue *q)
{
	struct ring_frame f;

	pthread_mutex_lock(&q->lock);
	for (uint64_t at = q->taken; ring_look(&q->memory, &at, &f) != NULL; at = q->taken) {
		q->counts->lost += f.records;
		take(q, at, &f);
	}
	pthread_mutex_unlock(&q->lock);
}

void
queue_abandon(struct queue *q)
{
	q->abandoned = true;
	ring_wake(&q->memory);
}

/* Saves the rest of a frame that was delivered in part. */
static void
save_held(struct queue *q, const char *bytes, const struct ring_frame *f)
{
	if (f->handed || f->kind != SPOOL_LINES || f->records == 0)
		return;
	q->why = disk_put(&q->disk, SPOOL_LINES, bytes + f->done, f->n - f->done, f->records);
	if (q->why != 0)
		q->counts->lost += f->records;
}

void
queue_save(struct queue *q)
{
	struct ring_frame f;
	const char       *bytes;

	pthread_mutex_lock(&q->lock);
	for (uint64_t at = q->held.shared->head; (bytes = ring_look(&q->held, &at, &f)) != NULL; at = ring_behind(at, &f))
		save_held(q, bytes, &f);
	ring_release(&q->held, q->held.shared->tail, 0);
	q->counts->held = 0;
	while (move_front(q))
		;
	pthread_mutex_unlock(&q->lock);
	queue_refuse(q);
	count_disk(q);
}
