/* engine.h - the internals of the engine. */
#ifndef CONNLOG_ENGINE_ENGINE_H
#define CONNLOG_ENGINE_ENGINE_H

#include "connlog_anonymize.h"
#include "connlog_enrich.h"
#include "base/arena.h"
#include "conn/conn.h"
#include "conn/state.h"
#include "connlog.h"
#include "connlog_cores.h"
#include "decode/decode.h"
#include "dpd/inspect.h"
#include "engine/batch.h"
#include "engine/emergency.h"
#include "engine/notice.h"
#include "engine/options.h"
#include "event/bus.h"
#include "fold/fold.h"
#include "record/fill.h"
#include "script/script.h"
#include "service/recognisers.h"

#define BATCH 32

/* A frame of a batch. Frames are decoded ahead, so that their connections can be prefetched meanwhile. */
struct frame {
	struct pkt         pkt;
	struct dissection *d;     /* for a frame that may hold further packets; NULL after the short path */
	const struct conn *guess; /* first connection in the slot of the packet's hash, while a batch is prefetched */
	uint32_t           hash;
	uint32_t           watch;   /* the inspection of that connection; 0: none */
	uint32_t           carrier; /* the connection that this packet began and that carries another packet; 0: none */
	uint32_t           index;   /* index in the batch */
	bool               flow;    /* `pkt` holds a packet */
	bool everybody;             /* other engines decode it too; this engine takes its packets by their address pairs */
};

struct crew;
struct lines;
struct filter;
struct trace;

struct connlog_engine {
	struct connlog_options opt;
	struct decoder        *dec;
	struct conn_store      store;
	struct inspector       inspector;
	struct emergency       emergency; /* for max_memory; without it, the store's `memory` is NULL */
	struct notices         notices;
	struct event_bus       bus;
	struct scripts         scripts;
	struct fill_texts      texts; /* texts of the record being handed out */
	struct arena           arena; /* copies of option values that the engine owns */
	struct record          record;
	int                    status; /* CONNLOG_OK, or what a callback returned, after which nothing more is done */
	uint64_t               packets, bytes; /* bytes as captured */
	uint64_t               before_epoch;
	uint64_t               states[CONN_STATE_COUNT]; /* connections that have ended, by conn_state */
	uint16_t               share, shares;            /* it tracks one share of so many */
	struct crew           *crew;                     /* the other shares' engines, once they are at work; or NULL */
	connlog_source        *lender;                   /* of connlog_lend(), or NULL */
	struct lines          *lines;                    /* of connlog_on_lines(), or NULL */
	struct filter         *filter;                   /* of connlog_engine_where(), or NULL */
	connlog_anonymizer    *anonymizer;               /* of connlog_engine_anonymize(), or NULL */
	connlog_fold          *fold;                     /* of connlog_engine_fold(), or NULL */
	connlog_enrichment    *enrichment;               /* of connlog_engine_enrich(), or NULL */
	struct trace          *trace;                    /* of connlog_on_counted(), or NULL */
	connlog_worker_fn      on_worker;                /* of connlog_on_worker(), or NULL */
	void                  *on_worker_arg;
	bool                   begun;       /* the first packet has come, or what needs no packet */
	uint64_t               batch_first; /* the number of its batch's first packet */
	struct packet_clock    clock;
	size_t                 batch; /* frames per batch: max_batch */
	struct batch_time      times[BATCH];
	struct {
		struct conn_counters    connections;
		struct inspect_counters services;
		struct decode_counters  decoding;
	} before;                             /* counters before packets of another engine, which do not count here */
	struct frame       frames[BATCH + 1]; /* the index of the last one terminates a walk over them */
	struct dissection *dissections;       /* `batch` of them, for the frames with the same index */
};

/* Decides who tracks the packets, now that it is known who listens.  Returns whether that is a crew. */
bool engine_begin(struct connlog_engine *e);
/* Prepares what scripts need of the engine. */
void listen_init(struct connlog_engine *e);

/* Counts packets, and notes their times and whose they are. */
void engine_note(struct connlog_engine *e, struct batch_time *t, const connlog_packet *p, size_t n);

/* Decodes and tracks this engine's packets of a batch, and runs the timers that are due before each packet. Returns the
 * engine's status. */
int engine_batch(struct connlog_engine *e, const struct batch_view *b);

#endif
