/* disk.h - the disk spool of a sink: a bounded first-in, first-out sequence of files.
 *
 * The files are DIR/NAME/00000001 and so on. What is left when the program ends is delivered by its next run. A file is
 * removed when everything in it is delivered, so part of a file is repeated after a crash. The caller does the locking.
 */
#ifndef CONNLOG_SHIP_DISK_H
#define CONNLOG_SHIP_DISK_H

#include "sensor/spool.h"

struct disk {
	char    *folder;      /* NULL: no disk spool */
	int      lock;        /* on the folder: one process at a time */
	uint64_t max, bytes;  /* of all files: limit, current */
	uint64_t records;     /* not yet delivered */
	unsigned first, last; /* numbers of the files; 0: there are none */
	int      in, out;     /* the first file for reading, the last for writing; or -1 */
	uint64_t in_at, out_n;
	bool     damaged; /* the rest of the first file is unreadable */
	bool     starved; /* out of memory for the next item */

	struct spool_item *item; /* the oldest, while it is being delivered */
	char              *head; /* the header at the start of each file */
	size_t             head_n;
};

/* Opens the spool. Returns false and writes a message to `err`. */
bool disk_open(struct disk *d, const char *folder, const char *name, uint64_t max, char *err, size_t err_size);
void disk_close(struct disk *d);

bool disk_is_empty(const struct disk *d);
/* Appends an item.  Returns 0 or errno; ENOSPC when the limit is reached. */
int disk_put(struct disk *d, enum spool_kind kind, const char *p, size_t n, uint64_t records);
/* Returns the oldest item, which stays until disk_done(). Returns NULL at the end of the oldest file: it is to be
 * removed with disk_drop() once everything before was delivered. */
struct spool_item *disk_next(struct disk *d);
void               disk_done(struct disk *d);
void               disk_drop(struct disk *d);

/* Replaces a copy of the header by another one.  When out of memory, the old one stays. */
void head_replace(char **head, size_t *n, const char *p, size_t p_n);

#endif
