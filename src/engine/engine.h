/* engine.h - the engine's inside. */
#ifndef CONNLOG_ENGINE_ENGINE_H
#define CONNLOG_ENGINE_ENGINE_H

#include "base/arena.h"
#include "conn/conn.h"
#include "connlog.h"
#include "decode/decode.h"
#include "dpd/inspect.h"
#include "engine/notice.h"
#include "engine/options.h"
#include "event/bus.h"
#include "record/fill.h"
#include "script/script.h"

#define BATCH 32

/* A frame of a batch, decoded ahead so that its connection can be fetched meanwhile. */
struct frame {
	struct pkt         pkt;
	double             ts;
	struct dissection *d; /* of a frame that may hold further packets; NULL after the short way */
	uint32_t           hash;
	uint32_t           guess;   /* the connection that its hash leads to first */
	uint32_t           watch;   /* what looks into the payload of that connection; 0: nothing */
	uint32_t           carrier; /* the connection that this packet began and that has another packet inside; 0 */
	bool               flow;    /* `pkt` holds a packet */
	bool               counts;  /* its time is one of the input's */
};

struct connlog_engine {
	struct connlog_options opt;
	struct decoder        *dec;
	struct conn_store      store;
	struct inspector       inspector;
	struct notices         notices;
	struct event_bus       bus;
	struct scripts         scripts;
	struct fill_texts      texts; /* of the record that is being handed out */
	struct arena           arena; /* of what it was given besides */
	struct record          record;
	int                    status;         /* CONNLOG_OK, or what a callback returned: nothing more is done */
	uint64_t               packets, bytes; /* as captured */
	uint64_t               before_epoch;
	double                 now;   /* of decoding, a batch ahead of the store's */
	size_t                 batch; /* frames at once, max_batch */
	struct frame           frames[BATCH];
	struct dissection      dissections[BATCH]; /* of the frames with the same index */
};

#endif
