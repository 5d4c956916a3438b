/* pack.h - compresses rotated logs with gzip or zstd. */
#ifndef CONNLOG_SENSOR_PACK_H
#define CONNLOG_SENSOR_PACK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

enum pack_kind { PACK_NONE, PACK_GZIP, PACK_ZSTD };

#define PACK_TEMPORARY ".part" /* suffix of an incomplete compressed log */

struct packing {
	enum pack_kind kind;
	int            level; /* of the library; 0: its default */
};

/* "gzip", "zstd", each with :LEVEL or not, "none". Returns false for anything else. */
bool pack_parse(const char *text, struct packing *out);

/* Returns the path with .gz or .zst appended, allocated; NULL when out of memory. */
char *pack_path(const char *path, enum pack_kind kind);

/* Returns the ".gz" or ".zst" that a name ends with, or "". */
const char *pack_suffix_of(const char *name);

/* Compresses a file into one beside it, which gets its name when it is complete and on the disk, and then removes the original.
 * The modification time is kept.  Gives up, leaving the file as it is, once *stop is set.
 * Returns the new path, allocated; or NULL with errno set (ECANCELED). */
char *pack_file(const struct packing *p, const char *path, const atomic_bool *stop);

#endif
