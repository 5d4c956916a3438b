/* emergency.h - what an engine does when the memory that it may have (max_memory) runs short.
 *
 * Stages (conn/evict.h) begin one after the other as memory fills, each does what the ones before do besides, and each ends when
 * there is clearly more room than where it began.  Whoever listens to notices is told of it.
 */
#ifndef CONNLOG_ENGINE_EMERGENCY_H
#define CONNLOG_ENGINE_EMERGENCY_H

#include "base/memory.h"
#include "conn/evict.h"
#include "engine/batch.h"

#define MEMORY_LEAST ((uint64_t)16 << 20) /* bytes of an engine */

struct connlog_engine;
struct connlog_options;

struct emergency {
	struct memory memory;
	enum press    stage, told; /* now; the highest that was told since it began */
	double        pressed;     /* when it was last in need */
	uint64_t      heap;        /* malloc's now */
	uint64_t      seen;        /* of packets, since malloc was asked */
	uint64_t      refused;     /* of the bound, when it was looked at */
	uint64_t      loose;       /* bytes of slabs that no object was in when they were last trimmed */
	struct {
		uint64_t hurried, evicted, given_up;
	} before; /* the emergency: counters */
	uint64_t episodes, trims;
};

/* Lowers what each of several kinds of memory may take, so that all of them together do not fill the bound. */
void emergency_options(struct connlog_options *o);
/* Puts the engine's slabs under a bound, or another, before its first packet. */
void emergency_begin(struct connlog_engine *e, uint64_t most);
/* After packets [from, to) of a batch, or when time has passed: looks how much is left, and does what has to be done. */
void emergency_look(struct connlog_engine *e, const struct batch_view *b, size_t from, size_t to);
/* Bytes in use of those that are bound. */
uint64_t emergency_used(const struct connlog_engine *e);

#endif
