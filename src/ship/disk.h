/* disk.h - what waits for a sink on the disk: a bounded row of files that are filled at one end and emptied at the other.
 *
 * The files are DIR/NAME/00000001 and so on.  What is left there when the program ends is delivered by its next run; a file is removed
 * when all that is in it was delivered, so after a crash a part of one comes twice.  The owner locks.
 */
#ifndef CONNLOG_SHIP_DISK_H
#define CONNLOG_SHIP_DISK_H

#include "sensor/spool.h"

struct disk {
	char    *folder;      /* NULL: there is none */
	int      lock;        /* the folder, which belongs to one process at a time */
	uint64_t max, bytes;  /* of files: at most, now */
	uint64_t records;     /* in them, not delivered */
	unsigned first, last; /* the files' numbers; 0: there is none */
	int      in, out;     /* the first one, to be read; the last one, to be written; or -1 */
	uint64_t in_at, out_n;
	bool     damaged; /* the rest of the first file makes no sense */
	bool     starved; /* there was no memory for what is next */

	struct spool_item *item; /* the oldest, as long as it is being delivered */
	char              *head; /* what each file begins with */
	size_t             head_n;
};

/* Opens it.  Returns false and writes a message to `err`. */
bool disk_open(struct disk *d, const char *folder, const char *name, uint64_t max, char *err, size_t err_size);
void disk_close(struct disk *d);

bool disk_is_empty(const struct disk *d);
/* Appends.  Returns 0 or errno: ENOSPC where it would become too large. */
int disk_put(struct disk *d, enum spool_kind kind, const char *p, size_t n, uint64_t records);
/* Returns the oldest item, which stays until disk_done(); NULL where the oldest file has no more: it is to be removed with disk_drop()
 * once everything before was delivered. */
struct spool_item *disk_next(struct disk *d);
void               disk_done(struct disk *d);
void               disk_drop(struct disk *d);

#endif
