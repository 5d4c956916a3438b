/* emergency.h - what an engine does when the memory that it may use (max_memory) runs short.
 *
 * Stages (conn/evict.h) begin one after another as memory fills. Each adds to what the previous stages do and ends well
 * below the level at which it began. The notice callback is told of each stage.
 */
#ifndef CONNLOG_ENGINE_EMERGENCY_H
#define CONNLOG_ENGINE_EMERGENCY_H

#include "base/memory.h"
#include "conn/evict.h"
#include "engine/batch.h"

#define MEMORY_LEAST ((uint64_t)16 << 20) /* bytes per engine */

struct connlog_engine;
struct connlog_options;

struct emergency {
	struct memory memory;
	enum press    stage, told; /* current; highest reported since the emergency began */
	double        pressed;     /* time of the last pressure */
	uint64_t      heap;        /* bytes on the heap at the last query */
	uint64_t      seen;        /* bytes of packets since the last query */
	uint64_t      refused;     /* allocations refused by the bound, at the last look */
	uint64_t      loose;       /* bytes of empty slab chunks left by the last trim */
	struct {
		uint64_t hurried, evicted, given_up;
	} before; /* the emergency: counters */
	uint64_t episodes, trims;
};

/* Lowers the limits of the individual kinds of state, so that all of them together stay below the bound. */
void emergency_options(struct connlog_options *o);
/* Sets or changes the bound of the engine's slabs; called before its first packet. */
void emergency_begin(struct connlog_engine *e, uint64_t most);
/* Checks how much memory is left, after packets [from, to) of a batch or when time has passed, and acts on it. */
void emergency_look(struct connlog_engine *e, const struct batch_view *b, size_t from, size_t to);
/* Returns the bytes in use that count towards the bound. */
uint64_t emergency_used(const struct connlog_engine *e);

#endif
