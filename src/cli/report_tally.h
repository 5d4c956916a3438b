/* report_tally.h - things counted by name: how many connections and bytes each has. */
#ifndef CONNLOG_CLI_REPORT_TALLY_H
#define CONNLOG_CLI_REPORT_TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The most names that a tally distinguishes; later ones are counted together, without a name. */
#define TALLY_NAMES_MAX (1u << 20)

struct tally_entry {
	size_t      name_n;
	const char *name; /* not NUL-terminated; stored after the entry */
	uint64_t    connections;
	uint64_t    sent, received; /* bytes */
};

struct tally {
	void               *tree;
	size_t              names;
	struct tally_entry  rest; /* counts beyond the limit of names */
	struct tally_entry *last; /* the last entry used: logs often repeat a name */
};

/* Adds that many connections to an entry. */
void tally_count(struct tally_entry *e, uint64_t n, uint64_t sent, uint64_t received);
/* Does the same for the entry with that name. Returns false when out of memory. */
bool tally_add(struct tally *t, const void *name, size_t n, const struct tally_entry *more);

enum tally_order { BY_CONNECTIONS, BY_BYTES };
/* Stores the highest entries in `at`, at most `max`, in descending order. Returns their number. */
size_t tally_top(const struct tally *t, enum tally_order order, const struct tally_entry **at, size_t max);
void   tally_free(struct tally *t);

static inline uint64_t
tally_bytes(const struct tally_entry *e)
{
	uint64_t sum;
	return __builtin_add_overflow(e->sent, e->received, &sum) ? UINT64_MAX : sum;
}

#endif
