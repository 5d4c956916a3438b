/* recent.h - the latest items of a kind, as bytes, in memory of a fixed size: a new one takes the place of the oldest.
 *
 * Readers have cursors of their own, of which nothing is known here: one that is too slow skips what has gone and is told how much.
 */
#ifndef CONNLOG_SENSOR_RECENT_H
#define CONNLOG_SENSOR_RECENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct recent;

enum { RECENT_ITEM_MAX = 64 << 10 }; /* bytes */

/* Takes `bytes` of memory, which are touched as they are needed.  Returns NULL when out of memory. */
struct recent *recent_new(size_t bytes);
void           recent_free(struct recent *r);

/* Appends an item, which is not empty; times do not decrease.  Returns false if it is larger than RECENT_ITEM_MAX or a quarter of the
 * memory: it is then left out. */
bool recent_put(struct recent *r, double time, const void *p, size_t n);
/* Removes the items with earlier times. */
void recent_expire(struct recent *r, double before);

/* A place between two items.  Zero is before all that there ever were. */
struct recent_cursor {
	uint64_t at, number;
};

/* Copies the next item, moves the cursor past it and adds to `*skipped` how many have gone that it has not read.  Returns the item's size,
 * and its time if `time` is not NULL; 0 if there is none, or if it is larger than `size`, which one of RECENT_ITEM_MAX never is. */
size_t
recent_next(const struct recent *r, struct recent_cursor *c, uint64_t *skipped, double *time, void *out, size_t size);
/* Returns whether there is an item behind the cursor. */
bool recent_waits(const struct recent *r, const struct recent_cursor *c);
/* Moves the cursor to the latest item, of which it skips nothing. */
void recent_seek_last(const struct recent *r, struct recent_cursor *c);
/* The same for the oldest. */
void recent_seek_first(const struct recent *r, struct recent_cursor *c);

struct recent_counts {
	uint64_t put;        /* items so far */
	uint64_t pushed_out; /* of these: removed before their time, for want of room */
	uint64_t items, bytes;
};
void recent_count(const struct recent *r, struct recent_counts *out);

#endif
