/* inputs.h - the list of files to read: what was named, with directories replaced by their files. */
#ifndef CONNLOG_CAPTURE_INPUTS_H
#define CONNLOG_CAPTURE_INPUTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct input {
	char    *path;    /* "-": standard input */
	bool     as_zeek; /* named with the prefix, which `path` is without */
	uint64_t size;    /* in bytes, 0 where that is not known */
	char    *problem; /* why there is nothing to read under that name, or NULL */
	int64_t  sec;     /* time of the first packet, for the order within a directory */
	uint32_t nsec;
	bool     dated; /* there is such a packet */
};

struct inputs {
	struct input *at;
	size_t        n, room;
	uint64_t      total; /* of all sizes, 0 where one is not known */
};

/* Adds the paths in their order.  A directory's captures come in the order of their first packets, then those
 * that have none; what begins with a dot and what is no regular file is left out, and it is not descended into.
 * A path behind "pcapng::", which is Zeek's name for its source of pcapng, asks for what capfile_open() calls
 * `as_zeek`; before a directory the prefix is for all its captures.
 * Returns false when out of memory. */
bool inputs_list(struct inputs *l, const char *const *paths, size_t n);
void inputs_free(struct inputs *l);

#endif
