/* inputs.h - the list of files to read: the given paths, with directories replaced by their files. */
#ifndef CONNLOG_CAPTURE_INPUTS_H
#define CONNLOG_CAPTURE_INPUTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct input {
	char    *path;    /* "-": standard input */
	bool     as_zeek; /* given with the prefix, which `path` does not include */
	uint64_t size;    /* in bytes, 0 if unknown */
	char    *problem; /* why that path cannot be read, or NULL */
	int64_t  sec;     /* time of the first packet, for the order within a directory */
	uint32_t nsec;
	bool     dated; /* there is such a packet */
};

struct inputs {
	struct input *at;
	size_t        n, room;
	uint64_t      total; /* sum of the sizes, 0 if one is unknown */
};

/* Adds the paths in order.  A directory's captures are ordered by their first packets, followed by those without
 * packets; hidden files and files that are not regular are left out, and subdirectories are not visited.  The prefix
 * "pcapng::", Zeek's name for its pcapng source, selects what capfile_open() calls `as_zeek`; before a directory it
 * applies to all its captures.  Returns false when out of memory. */
bool inputs_list(struct inputs *l, const char *const *paths, size_t n);
/* Returns false when out of memory; what is in the copy is to be freed in either case. */
bool inputs_copy(struct inputs *l, const struct inputs *from);
void inputs_free(struct inputs *l);

#endif
