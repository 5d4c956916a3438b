/* engine.h - the engine's inside. */
#ifndef CONNLOG_ENGINE_ENGINE_H
#define CONNLOG_ENGINE_ENGINE_H

#include "connlog_anonymize.h"
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

/* A frame of a batch, decoded ahead so that its connection can be fetched meanwhile. */
struct frame {
	struct pkt         pkt;
	struct dissection *d;     /* of a frame that may hold further packets; NULL after the short way */
	const struct conn *guess; /* the connection that its hash leads to first, while a batch is fetched */
	uint32_t           hash;
	uint32_t           watch;     /* what looks into the payload of that connection; 0: nothing */
	uint32_t           carrier;   /* the connection that this packet began and that has another packet inside; 0 */
	uint32_t           index;     /* in the batch */
	bool               flow;      /* `pkt` holds a packet */
	bool               everybody; /* other engines decode it too: its packets are this engine's by their pairs */
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
	struct emergency       emergency; /* max_memory; of an engine without, the store's `memory` is NULL */
	struct notices         notices;
	struct event_bus       bus;
	struct scripts         scripts;
	struct fill_texts      texts; /* of the record that is being handed out */
	struct arena           arena; /* of what it was given besides */
	struct record          record;
	int                    status;         /* CONNLOG_OK, or what a callback returned: nothing more is done */
	uint64_t               packets, bytes; /* as captured */
	uint64_t               before_epoch;
	uint64_t               states[CONN_STATE_COUNT]; /* connections that have ended, by conn_state */
	uint16_t               share, shares;            /* it tracks one share of so many */
	struct crew           *crew;                     /* the other shares' engines, once they are at work; or NULL */
	connlog_source        *lender;                   /* of connlog_lend(), or NULL */
	struct lines          *lines;                    /* of connlog_on_lines(), or NULL */
	struct filter         *filter;                   /* of connlog_engine_where(), or NULL */
	connlog_anonymizer    *anonymizer;               /* of connlog_engine_anonymize(), or NULL */
	connlog_fold          *fold;                     /* of connlog_engine_fold(), or NULL */
	struct trace          *trace;                    /* of connlog_on_counted(), or NULL */
	connlog_worker_fn      on_worker;                /* of connlog_on_worker(), or NULL */
	void                  *on_worker_arg;
	bool                   begun;       /* the first packet has come, or what needs no packet */
	uint64_t               batch_first; /* the number of its batch's first packet */
	struct packet_clock    clock;
	size_t                 batch; /* frames at once, max_batch */
	struct batch_time      times[BATCH];
	struct {
		struct conn_counters    connections;
		struct inspect_counters services;
		struct decode_counters  decoding;
	} before;                             /* what is another engine's, which is not to count */
	struct frame      frames[BATCH + 1];  /* the last one's index ends a walk over them */
	struct dissection dissections[BATCH]; /* of the frames with the same index */
};

/* Decides who tracks the packets, now that it is known who listens.  Returns whether that is a crew. */
bool engine_begin(struct connlog_engine *e);
/* Prepares what scripts need of the engine. */
void listen_init(struct connlog_engine *e);

/* Counts packets, and notes their times and whose they are. */
void engine_note(struct connlog_engine *e, struct batch_time *t, const connlog_packet *p, size_t n);

/* Decodes and tracks what is this engine's of a batch, and runs the timers that are due before each packet.
 * Returns the engine's status. */
int engine_batch(struct connlog_engine *e, const struct batch_view *b);

#endif
