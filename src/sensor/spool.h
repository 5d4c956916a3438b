/* spool.h - what waits to be written: whole lines in memory, in order, between the thread that makes them and the one
 * that writes them.
 *
 * The spool is bounded.  Who fills it says how long there may be waited for room; what finds none is not taken, and whose
 * it was counts it.  Marks stand between lines: what is to happen to the log at that place.
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
	SPOOL_HEAD, /* what stands before the first line, and past the last one: of who has no writer for them */
	SPOOL_FOOT,
	SPOOL_ROTATE, /* marks */
	SPOOL_REOPEN,
};

struct spool_item {
	struct spool_item *next;
	enum spool_kind    kind;
	double             when;    /* a mark's: seconds since the epoch */
	uint64_t           records; /* that are still in it */
	size_t             n, done; /* bytes, and how many of them are written */
	char               bytes[];
};

struct spool {
	pthread_mutex_t    lock;
	pthread_cond_t     changed; /* for both sides; waited for with the clock that nobody sets */
	struct spool_item *first, *last;
	size_t             bytes, max; /* of memory */
	uint64_t           records;    /* in it */
	double             grace;      /* at the end: so many seconds from the latest item on are waited in any case, */
	double             moved_at;   /* which was written then (clock_steady()) */
	bool               closed;     /* nothing comes any more */
	bool               abandoned;  /* nothing is to be written any more */
	bool               finished;   /* the writing side has ended */
	/* Set by a signal: nobody waits any more.  NULL: there is no such thing. */
	const volatile sig_atomic_t *hurry;
};

bool spool_init(struct spool *s, size_t max, const volatile sig_atomic_t *hurry);
/* Frees what is left. */
void spool_free(struct spool *s);

/* ---- of the side that makes lines ---- */

/* Copies the lines; where there is no room, waits for it until `deadline` (clock_steady()).  Returns false: there was none. */
bool spool_put(struct spool *s, const char *p, size_t n, uint64_t records, double deadline);
/* The same for any kind that has bytes. */
bool spool_put_as(struct spool *s, enum spool_kind kind, const char *p, size_t n, uint64_t records, double deadline);
/* Puts a mark behind what is there; one like the last is that.  Returns false: no memory. */
bool spool_mark(struct spool *s, enum spool_kind kind, double when);
/* From now on a deadline is no earlier than so many seconds after an item was written: what moves is waited for. */
void spool_hold(struct spool *s, double seconds);
/* Returns how many records wait, and in *bytes the memory that they take. */
uint64_t spool_records(struct spool *s, uint64_t *bytes);
/* Says that nothing comes any more, and waits until `deadline` for the other side to end.  Returns whether it has. */
bool spool_close(struct spool *s, double deadline);
/* Tells the other side to give up, and waits a second for that.  Returns whether it has ended. */
bool spool_abandon(struct spool *s);

/* ---- of the side that writes ---- */

/* Waits for `seconds` at most.  Returns the oldest item, which stays where it is, or NULL. */
struct spool_item *spool_wait(struct spool *s, double seconds);
/* Waits before something is tried again. */
void spool_pause(struct spool *s, double seconds);
/* Of this item, `records` fewer are waiting now. */
void spool_written(struct spool *s, struct spool_item *item, uint64_t records);
/* Takes the oldest item out and frees it. */
void spool_done(struct spool *s);
/* Returns whether nothing comes any more and nothing is there, or it is to give up. */
bool spool_is_over(struct spool *s);
bool spool_is_abandoned(struct spool *s);
/* Returns whether so much waits that there is no time for anything but writing. */
bool spool_is_pressed(struct spool *s);
/* Says that this side has ended. */
void spool_finish(struct spool *s);

#endif
