/* marks.h - the offsets of pcapng blocks that must be read before packets can be read from the middle of the file.
 *
 * These are the section header and the interface descriptions (capfile_resume()). Each place in the file needs a run of
 * marks, and neighbouring places share them.
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

/* Adds the marks for the packets at the file's current position. *first and *n are the run of the previous place in the
 * same file, which must be the most recently added one, or 0 if there is none. They become the run of this place:
 * within a section, the same run and the marks added since. Returns false when out of memory. */
bool marks_note(struct marks *m, const struct capfile *f, uint32_t *first, uint32_t *n);

#endif
