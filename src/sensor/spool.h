/* spool.h - pending lines: whole lines in memory, in order, between the thread that produces them and the one that writes them.
 *
 * The spool is bounded.  The producer says how long to wait for room; lines that find none are refused, and the producer counts
 * them.  Marks between lines say what has to happen to the log at that place.
 */
#ifndef CONNLOG_SENSOR_SPOOL_H
#define CONNLOG_SENSOR_SPOOL_H

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum spool_kind {
	SPOOL_LINES,
	SPOOL_HEAD, /* header and footer, for producers that have no writer for them */
	SPOOL_FOOT,
	SPOOL_ROTATE, /* marks */
	SPOOL_REOPEN,
};

struct spool_item {
	struct spool_item *next;
	enum spool_kind    kind;
	double             when;    /* a mark's: seconds since the epoch */
	uint64_t           records; /* records not written yet */
	size_t             n, done; /* bytes, and how many of them were written */
	char               bytes[];
};

struct spool {
	pthread_mutex_t    lock;
	pthread_cond_t     changed; /* for both sides; uses the monotonic clock */
	struct spool_item *first, *last;
	size_t             bytes, max; /* of memory */
	uint64_t           records;    /* in it */
	double             grace;      /* at the end: least time in seconds to wait after the latest item, */
	double             moved_at;   /* which was written then (clock_steady()) */
	bool               closed;     /* no more items will come */
	bool               abandoned;  /* nothing must be written any more */
	bool               finished;   /* the writing side has ended */
	/* Set by a signal to stop all waiting; may be NULL. */
	const volatile sig_atomic_t *hurry;
};

bool spool_init(struct spool *s, size_t max, const volatile sig_atomic_t *hurry);
/* Frees everything. */
void spool_free(struct spool *s);

/* ---- for the producer ---- */

/* Copies the lines; if there is no room, waits for it until `deadline` (clock_steady()).  Returns false if there was none. */
bool spool_put(struct spool *s, const char *p, size_t n, uint64_t records, double deadline);
/* Does the same for any kind that has bytes. */
bool spool_put_as(struct spool *s, enum spool_kind kind, const char *p, size_t n, uint64_t records, double deadline);
/* Appends a mark; one equal to the last is merged with it.  Returns false when out of memory. */
bool spool_mark(struct spool *s, enum spool_kind kind, double when);
/* From now on a deadline is at least `grace` seconds after the latest written item, so that progress is waited for. */
void spool_hold(struct spool *s, double seconds);
/* Returns how many records are pending, and in *bytes the memory they take. */
uint64_t spool_records(struct spool *s, uint64_t *bytes);
/* Announces the end, and waits until `deadline` for the other side to finish.  Returns whether it has. */
bool spool_close(struct spool *s, double deadline);
/* Tells the other side to give up, and waits a second for it.  Returns whether it has ended. */
bool spool_abandon(struct spool *s);

/* ---- for the writer ---- */

/* Waits for at most `seconds`.  Returns the oldest item, which stays in the spool, or NULL. */
struct spool_item *spool_wait(struct spool *s, double seconds);
/* Waits before a retry. */
void spool_pause(struct spool *s, double seconds);
/* Marks `records` records of this item as written. */
void spool_written(struct spool *s, struct spool_item *item, uint64_t records);
/* Removes and frees the oldest item. */
void spool_done(struct spool *s);
/* Returns whether the spool is closed and empty, or was abandoned. */
bool spool_is_over(struct spool *s);
bool spool_is_abandoned(struct spool *s);
/* Returns whether so much is pending that there is only time for writing. */
bool spool_is_pressed(struct spool *s);
/* Announces that this side has ended. */
void spool_finish(struct spool *s);

#endif
