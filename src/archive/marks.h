/* marks.h - where the blocks of a pcapng file lie that must be read before its packets can be read from the middle.
 *
 * These are the section header and the interface descriptions (capfile_resume()).  A place in the file needs a run of marks, and
 * neighbouring places share them.
 */
#ifndef CONNLOG_ARCHIVE_MARKS_H
#define CONNLOG_ARCHIVE_MARKS_H

#include "capture/capfile.h"

struct marks {
	uint64_t *at; /* offsets in the file */
	size_t    n, room;
};

/* Returns false when out of memory. */
bool marks_add(struct marks *m, uint64_t offset);

/* Adds what the packets at the file's current position need.  *first and *n are the run of the place before in the same file, which must
 * be the last one added, or 0 if there is none; they become the run of this place: the same one and what has come since, as long as it is the
 * same section.  Returns false when out of memory. */
bool marks_note(struct marks *m, const struct capfile *f, uint32_t *first, uint32_t *n);

#endif
