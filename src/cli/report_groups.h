/* report_groups.h - connections counted in groups, of which only so many are kept: where there are more, the smallest give way. */
#ifndef CONNLOG_CLI_REPORT_GROUPS_H
#define CONNLOG_CLI_REPORT_GROUPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GROUP_KEY 40

struct groups {
	void    *tree;
	size_t   n, max, size;            /* entries, and the bytes of each, which begin with its key */
	uint64_t dropped;                 /* entries that gave way */
	uint64_t (*weight)(const void *); /* the smallest give way first */
	void (*release)(void *);          /* frees an entry */
};

/* Returns the entry of that key, made of zeros where there is none; NULL when out of memory. */
void *groups_find(struct groups *g, const uint8_t key[GROUP_KEY]);
/* Returns all entries in memory of its own, the one with the greatest weight first; NULL when out of memory. */
void **groups_all(const struct groups *g);
void   groups_free(struct groups *g);

#endif
