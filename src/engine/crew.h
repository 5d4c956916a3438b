/* crew.h - several engines, each in its own thread, that turn one input into one stream of lines.
 *
 *     connlog_packets()          workers                              the caller's thread
 *     fills a slot:              each walks the times of all of       merges the lines of all workers
 *     packets, their times, ──►  the slot's packets, tracks those ──► by their moments and hands them on
 *     whose share each is        of its share, writes lines
 *
 * Each engine tracks the connections of one share of the address pairs (decode/pair.h) with the clock of the whole
 * input, so it treats a connection exactly as a single engine would. The slots form a ring: a worker that has finished
 * one continues with the next, and the caller waits only when the ring is full. For each slot, every worker says
 * whether it is calm (calm.h); if it is not, the last worker to reach it tracks the slot for all of them, packet by
 * packet and timer by timer, in their common order. Locks are taken a few times per slot, never per packet.
 *
 *   crew.c    the caller's side: calls that concern all engines, the end of the input
 *   slots.c   the caller's side: the ring
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
	SLOT_BYTES = 256 << 10, /* bytes of copied packets */
	CREW_TEXTS = 16,
};

enum slot_kind { SLOT_PACKETS_KIND, SLOT_DRAIN, SLOT_DRAIN_BEGIN };

struct slot {
	enum slot_kind    kind;
	connlog_packet    packets[SLOT_PACKETS];
	struct batch_time times[SLOT_PACKETS];
	struct batch_view view;
	double            begins; /* network time before its first packet */
	uint64_t          from;   /* window (capture/windows.h) of its first packet, if windows are lent */
	uint8_t          *bytes;  /* buffer that the packets point into, if they are copied */
	size_t            used, room;
	struct wheel_rank until; /* SLOT_DRAIN: last connection to end */
	bool              all;   /* SLOT_DRAIN: end all remaining connections */

	/* Under the crew's lock. */
	unsigned votes;    /* workers that have said whether the slot is calm */
	unsigned arrived;  /* workers waiting until it has been tracked */
	unsigned finished; /* workers that have finished it */
	bool     calm;
	int      status;  /* CONNLOG_OK, or the error of an engine */
	bool     decided; /* the slot was not calm and has been tracked */
};

struct member {
	struct crew      *crew;
	connlog_engine   *engine;
	struct walker    *walker; /* set when the workers read, or will read, the input themselves */
	pthread_t         thread;
	bool              runs;
	uint64_t          voted; /* number of slots that the worker has classified as calm or not */
	struct out        outs[SLOTS];
	struct conn_drain drain;
	bool              told_offloading;      /* its engine has reported wrong checksums */
	uint16_t          counts[SLOT_PACKETS]; /* used by calm_check() */
};

struct crew {
	connlog_engine *front; /* engine whose packets these are: that of the first member */
	unsigned        n;
	struct member  *members;
	struct slot    *slots[SLOTS];
	struct merger   merger;
	struct windows *windows; /* what the packets point into, or NULL when they are copied */
	connlog_source *lender;
	double          span;    /* seconds; a slot that lasts longer is not calm */
	bool            bounded; /* max_timer_expires is set: */
	unsigned        most;    /* limit of timers before a packet for each engine */
	bool   behind; /* more timers were due than may run before one packet; written by the worker that tracks in turn */
	size_t ring;   /* slots in use */
	size_t slot_packets; /* limit of packets in the slot being filled */
	bool   started;
	connlog_notice_fn notice;
	void             *notice_arg;
	connlog_print_fn  print;
	void             *print_arg;
	int               status; /* CONNLOG_OK, or why nothing more is done */

	pthread_mutex_t lock;
	pthread_cond_t  work;   /* slots were published */
	pthread_cond_t  agreed; /* all have classified a slot, or it was tracked for all */
	pthread_cond_t  done;   /* the slot that the caller waits for is finished */
	uint64_t        awaited;
	uint64_t        published; /* slots published; under the lock */
	uint64_t        in_turn;   /* slots that were not calm; under the lock */
	uint64_t        filled, announced;
	uint64_t        merged; /* slots merged; used by the caller's thread only */
	bool            quit;
	bool            told_offloading;

	/* For workers that read the input themselves; the first five are under the lock. */
	bool     apart;   /* the workers read themselves */
	bool     paused;  /* the caller waits until all have reached packet `pause_at` */
	bool     turn;    /* packets from `turn_at` on have to be tracked in turn */
	unsigned walking; /* workers that have not returned yet */
	uint64_t pauses, pause_at, turns, turn_at, turn_end;
	double   turn_now;         /* network time before packet `turn_end` */
	uint64_t merged_through;   /* lines of packets before this one have been merged; used by the caller's thread only */
	uint64_t stretches;        /* number of stretches that the caller has tracked */
	pthread_cond_t   moved;    /* a worker has advanced */
	_Atomic unsigned sleepers; /* threads waiting on `moved` */
	_Atomic bool     trouble;  /* a worker has stopped because of an error */
	_Atomic uint64_t fed;      /* packets handed over by the caller */

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

/* Each does what the function of connlog.h with the same name does. */
int  crew_packets(struct crew *c, const connlog_packet *p, size_t n);
int  crew_idle(struct crew *c, double now);
int  crew_finish(struct crew *c);
void crew_shift(struct crew *c, double by);
/* Declares that the next packets come from that source, or from anywhere if `s` is NULL. */
int crew_lend(struct crew *c, connlog_source *s);
/* Does what crew_lend() does after the start, using what crew_follow() has prepared. */
void crew_begin(struct crew *c, connlog_source *s);
/* Declares that the packets will be all of that source's, in its order and unchanged. The source has not been read
 * yet. */
void crew_follow(struct crew *c, connlog_source *s);
/* Waits until all packets have been tracked and their lines handed on, so that the engines can be queried. */
int crew_sync(struct crew *c);

/* Tracks packets for all engines, in turn. */
void crew_track_in_turn(struct crew *c, const struct batch_view *b);
/* Wakes the threads waiting for a worker that reads the input itself. */
void crew_moved(struct crew *c);

/* The function of a worker's thread; `arg` is its struct member. */
void *worker_run(void *arg);

#endif
