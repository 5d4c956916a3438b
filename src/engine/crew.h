/* crew.h - several engines, each in a thread, that make one stream of lines of one input.
 *
 *     connlog_packets()          workers                              the caller's thread
 *     fills a slot:              each walks the times of all of       merges the lines of all workers
 *     packets, their times, ──►  the slot's packets, tracks those ──► by their moments and hands them on
 *     whose share each is        of its share, writes lines
 *
 * Each engine tracks the connections of one share of the address pairs (decode/pair.h) with the clock of the whole input, so what
 * it does with a connection is what an engine does that is alone.  Slots form a ring; a worker that is done with one goes
 * on with the next, and the caller waits only when the ring is full.  Of each slot every worker says whether it is calm
 * (calm.h); if it is not, the worker that comes to it last tracks the slot for all, packet by packet, timer by timer, in their
 * common order.  Locks are taken a few times a slot, never for a packet.
 *
 *   crew.c    the caller's side: what is asked of all engines, the end of input
 *   slots.c   the same: the ring
 *   worker.c  the threads
 *   apart.c   the same without slots: of plain files, every worker reads all packets by itself
 *   walk.c    a worker that does
 *   out.c     lines and their merge
 *   handlers.c  who else is told, and by which thread
 */
#ifndef CONNLOG_ENGINE_CREW_H
#define CONNLOG_ENGINE_CREW_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/outbuf.h"
#include "conn/drain.h"
#include "engine/engine.h"
#include "engine/out.h"

#define CREW_MAX MERGE_MAX

enum {
	SLOTS = 16,
	SLOT_PACKETS = 1024,
	SLOT_BYTES = 256 << 10, /* of packets that are copied */
	CREW_TEXTS = 16,
};

enum slot_kind { SLOT_PACKETS_KIND, SLOT_DRAIN, SLOT_DRAIN_BEGIN };

struct slot {
	enum slot_kind    kind;
	connlog_packet    packets[SLOT_PACKETS];
	struct batch_time times[SLOT_PACKETS];
	struct batch_view view;
	double            begins; /* network time before its first packet */
	uint64_t          from;   /* the window (capture/windows.h) of its first packet, where they are lent */
	uint8_t          *bytes;  /* what the packets point at, where they are not */
	size_t            used, room;
	struct wheel_rank until; /* SLOT_DRAIN: the last connection to end */
	bool              all;   /* SLOT_DRAIN: end all that are left */

	/* Under the crew's lock. */
	unsigned votes;    /* workers that have said whether it is calm */
	unsigned arrived;  /* workers that wait for its being tracked */
	unsigned finished; /* workers that are done with it */
	bool     calm;
	int      status;  /* CONNLOG_OK, or what an engine has failed with */
	bool     decided; /* it was not calm, and has been tracked */
};

struct member {
	struct crew      *crew;
	connlog_engine   *engine;
	struct walker    *walker; /* where the workers read by themselves, or are to */
	pthread_t         thread;
	bool              runs;
	uint64_t          voted; /* slots of which the worker has said whether they are calm */
	struct out        outs[SLOTS];
	struct conn_drain drain;
	bool              told_offloading;      /* its engine has */
	uint16_t          counts[SLOT_PACKETS]; /* of calm_check() */
};

struct crew {
	connlog_engine   *front; /* whose packets these are; that of the first member */
	unsigned          n;
	struct member    *members;
	struct slot      *slots[SLOTS];
	struct merger     merger;
	struct windows   *windows; /* what the packets point into, or NULL: they are copied */
	connlog_source   *lender;
	double            span;         /* a slot that lasts longer is not calm */
	bool              bounded;      /* max_timer_expires is: */
	unsigned          most;         /* timers before a packet that each may have */
	bool              behind;       /* more timers were due than may be run before one packet; the serial worker's */
	size_t            ring;         /* slots that are in use */
	size_t            slot_packets; /* of the slot that is being filled, at most */
	bool              started;
	connlog_notice_fn notice;
	void             *notice_arg;
	connlog_print_fn  print;
	void             *print_arg;
	int               status; /* CONNLOG_OK, or why nothing more is done */

	pthread_mutex_t lock;
	pthread_cond_t  work;   /* slots were published */
	pthread_cond_t  agreed; /* all have said whether a slot is calm, or it was tracked for all */
	pthread_cond_t  done;   /* the slot that is awaited is finished */
	uint64_t        awaited;
	uint64_t        published; /* slots, under the lock */
	uint64_t        in_turn;   /* of these, not calm; under the lock */
	uint64_t        filled, announced;
	uint64_t        merged; /* slots, the caller's own */
	bool            quit;
	bool            told_offloading;

	/* Of workers that read by themselves; the first five under the lock. */
	bool             apart;   /* they do */
	bool             paused;  /* the caller waits for all to come to packet `pause_at` */
	bool             turn;    /* the packets from `turn_at` on are to be tracked in turn */
	unsigned         walking; /* workers that have not come back yet */
	uint64_t         pauses, pause_at, turns, turn_at, turn_end;
	double           turn_now;       /* network time before packet `turn_end` */
	uint64_t         merged_through; /* the caller's own: lines of packets before it have been merged */
	uint64_t         stretches;      /* that the caller has tracked */
	pthread_cond_t   moved;          /* somebody has come further */
	_Atomic unsigned sleepers;       /* who wait for that */
	_Atomic bool     trouble;        /* a worker does not go on */
	_Atomic uint64_t fed;            /* packets that the caller has handed over */

	char         *texts[CREW_TEXTS]; /* notices that the caller's thread is to hand on, under the lock */
	size_t        n_texts;
	struct outbuf printed; /* by scripts, each line behind its length; the same */
};

/* Makes a crew of as many engines as the options ask for, the first of which is `front`, unless that is one or there is a crew.
 * Returns a status, of which `err` says more. */
int  crew_make(connlog_engine *front, char *err, size_t err_size);
void crew_free(struct crew *c);
/* Its engines are to write lines.  Returns as above. */
int crew_write(struct crew *c, const connlog_writer_options *w, char *err, size_t err_size);
/* Before the first packet: starts the threads.  Returns false when others than the lines' function listen to the front, and not in any
 * thread (handlers.h): it has to stay alone then. */
bool crew_start(struct crew *c);

/* What the functions of connlog.h with these names do. */
int  crew_packets(struct crew *c, const connlog_packet *p, size_t n);
int  crew_idle(struct crew *c, double now);
int  crew_finish(struct crew *c);
void crew_shift(struct crew *c, double by);
/* The packets that come are of that source, or of any with NULL. */
int crew_lend(struct crew *c, connlog_source *s);
/* crew_lend() after the start, with what crew_follow() has prepared. */
void crew_begin(struct crew *c, connlog_source *s);
/* The packets that come are all of that source, which has not been read, in its order and as it gives them. */
void crew_follow(struct crew *c, connlog_source *s);
/* Waits until all packets have been tracked and their lines handed on: the engines may then be asked. */
int crew_sync(struct crew *c);

/* Tracks packets for all engines, in turn. */
void crew_track_in_turn(struct crew *c, const struct batch_view *b);
/* Wakes those who wait for a worker that reads by itself. */
void crew_moved(struct crew *c);

/* A worker's thread; `arg` is its member. */
void *worker_run(void *arg);

#endif
