/* memory.h - one bound over the memory of an engine: what its slabs and tables have mapped and what malloc holds.
 *
 * Pages count from the moment they may be touched, not when they are mapped.  Callers state how much to leave for
 * others, so that new connections leave room for existing ones.
 */
#ifndef CONNLOG_BASE_MEMORY_H
#define CONNLOG_BASE_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

struct memory {
	uint64_t most;
	uint64_t mapped;  /* of slabs and tables */
	uint64_t heap;    /* malloc's share, stored by the code that measures it */
	uint64_t refused; /* how often a request was refused */
};

/* From this bound on huge pages are used; some of them are only partly filled. */
#define MEMORY_HUGE ((uint64_t)1 << 30)

static inline bool
memory_has_room(const struct memory *m, uint64_t n, uint64_t leave)
{
	return m->mapped + m->heap + n + leave <= m->most;
}

static inline bool
memory_take(struct memory *m, uint64_t n, uint64_t leave)
{
	if (!memory_has_room(m, n, leave)) {
		m->refused++;
		return false;
	}
	m->mapped += n;
	return true;
}

static inline void
memory_give(struct memory *m, uint64_t n)
{
	m->mapped -= n;
}

#endif
