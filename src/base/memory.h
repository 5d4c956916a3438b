/* memory.h - a bound over what slabs and tables have mapped and malloc holds, all of one engine.
 *
 * Pages count from the moment on when they may be touched, not when they are mapped.  Who takes more says how much is to be left
 * for others: what begins leaves room for what goes on.
 */
#ifndef CONNLOG_BASE_MEMORY_H
#define CONNLOG_BASE_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

struct memory {
	uint64_t most;
	uint64_t mapped;  /* of slabs and tables */
	uint64_t heap;    /* malloc's; whoever looks it up puts it here */
	uint64_t refused; /* how often there was no room */
};

/* A bound that is worth large pages: some of them are only begun. */
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
