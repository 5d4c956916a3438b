/* again.h - bytes of a capture that can be read again: instead of a copy of them, their place in the file is kept.
 *
 * That is so for plain regular files whose source has been lent to an engine (connlog_cores.h).  Of each file there is a descriptor
 * here, so a place stays good when the source has gone on to the next file, or is freed.  Of captures in more than AGAIN_FILES
 * files, the later ones are not read again.
 */
#ifndef CONNLOG_CAPTURE_AGAIN_H
#define CONNLOG_CAPTURE_AGAIN_H

#include "base/bytes.h"
#include "capture/source.h"

#define AGAIN_FILES 64
#define AGAIN_BITS  42 /* of a place: an offset; above it its file, which makes 48 */

/* Starts as zeros. */
struct again {
	struct bytes          at;     /* in memory, and in the current file: */
	uint64_t              offset; /* of at.p */
	const connlog_source *source; /* whose file it is, */
	uint64_t              opened; /* and which of its files */
	uint8_t               n_files;
	bool                  failed;          /* a place could not be read */
	int                   fd[AGAIN_FILES]; /* the current file's is the last one */
};

/* The source has read its next packets; NULL: what comes is not a source's, or need not be read again. */
void again_window(struct again *a, const connlog_source *s);
/* The source is another one from now on, even if it lies where the one before did. */
void again_source(struct again *a);
void again_free(struct again *a);

/* Returns whether bytes that are in memory now can be read again, and where. */
static inline bool
again_place(const struct again *a, struct bytes b, uint64_t *place)
{
	const uintptr_t into = (uintptr_t)b.p - (uintptr_t)a->at.p;

	if (into >= a->at.n || b.n > a->at.n - into)
		return false;
	const uint64_t offset = a->offset + into;
	*place = offset | (uint64_t)(a->n_files - 1u) << AGAIN_BITS;
	return offset >> AGAIN_BITS == 0;
}

/* Returns a status, or that a place could not be read where it is CONNLOG_OK. */
static inline int
again_status(const struct again *a, int status)
{
	return a->failed && status == CONNLOG_OK ? CONNLOG_IO : status;
}

/* Reads `n` bytes from a place.  Returns false, and notes it, where they are not there any more. */
bool again_read(struct again *a, uint64_t place, uint8_t *out, size_t n);

#endif
