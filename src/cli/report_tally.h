/* report_tally.h - things counted by name: how many connections and bytes each has. */
#ifndef CONNLOG_CLI_REPORT_TALLY_H
#define CONNLOG_CLI_REPORT_TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* As many names as a tally keeps apart; what comes up later is counted together, without a name. */
#define TALLY_NAMES_MAX (1u << 20)

struct tally_entry {
	size_t      name_n;
	const char *name; /* not terminated; behind the entry */
	uint64_t    connections;
	uint64_t    sent, received; /* bytes */
};

struct tally {
	void               *tree;
	size_t              names;
	struct tally_entry  rest; /* what came when there were too many names */
	struct tally_entry *last; /* logs say the same name many times in a row */
};

/* So many connections more. */
void tally_count(struct tally_entry *e, uint64_t n, uint64_t sent, uint64_t received);
/* The same for the entry of that name.  Returns false when out of memory. */
bool tally_add(struct tally *t, const void *name, size_t n, const struct tally_entry *more);

enum tally_order { BY_CONNECTIONS, BY_BYTES };
/* Returns how many of the most are put into `at`, at most `max`, the first in the order first. */
size_t tally_top(const struct tally *t, enum tally_order order, const struct tally_entry **at, size_t max);
void   tally_free(struct tally *t);

static inline uint64_t
tally_bytes(const struct tally_entry *e)
{
	uint64_t sum;
	return __builtin_add_overflow(e->sent, e->received, &sum) ? UINT64_MAX : sum;
}

#endif
