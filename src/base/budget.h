/* budget.h - an amount of memory that many callers share.  A request for more than is left is refused and counted. */
#ifndef CONNLOG_BASE_BUDGET_H
#define CONNLOG_BASE_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

struct budget {
	uint64_t used, most, refused;
};

static inline bool
budget_take(struct budget *b, uint64_t n)
{
	if (n > b->most || b->used > b->most - n) {
		b->refused++;
		return false;
	}
	b->used += n;
	return true;
}

static inline void
budget_give(struct budget *b, uint64_t n)
{
	b->used -= n;
}

#endif
