/* report_groups.h - counts connections in groups, of which a limited number is kept: beyond it, the smallest are
 * dropped. */
#ifndef CONNLOG_CLI_REPORT_GROUPS_H
#define CONNLOG_CLI_REPORT_GROUPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GROUP_KEY 40

struct groups {
	void    *tree;
	size_t   n, max, size; /* number of entries and their limit; size of each in bytes, which begins with its key */
	uint64_t dropped;      /* entries that were dropped */
	uint64_t (*weight)(const void *); /* entries with the lowest weight are dropped first */
	void (*release)(void *);          /* frees an entry */
};

/* Returns the entry with that key, initialised to zeros if it is new; NULL when out of memory. */
void *groups_find(struct groups *g, const uint8_t key[GROUP_KEY]);
/* Returns all entries in an allocated array, in descending order of weight; NULL when out of memory. */
void **groups_all(const struct groups *g);
void   groups_free(struct groups *g);

#endif
