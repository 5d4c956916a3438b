/* rawframe.h - a packet as its capture file has it: the time in the file's own units, the interface with all that is said of it, and
 * what is noted about the packet; in the form in which a little-endian pcapng file has them.
 */
#ifndef CONNLOG_CAPTURE_RAWFRAME_H
#define CONNLOG_CAPTURE_RAWFRAME_H

#include "base/outbuf.h"
#include "capture/capfile.h"

struct rawframe {
	struct bytes interface; /* contents of an interface description block */
	uint64_t     time;      /* in its units */
	int64_t      sec;       /* the same, as the engine is told it */
	uint32_t     nsec;
	int32_t      link; /* DLT_ value */
	uint32_t     caplen, len;
	struct bytes data;
	struct bytes options; /* of an enhanced packet block, without the end */
};

/* Describes the packet that capfile.next() has just returned, alone.  The result points into the file's window and into `scratch`,
 * until either changes.  Returns false when out of memory. */
bool rawframe_of(const struct capfile *f, const connlog_packet *p, struct outbuf *scratch, struct rawframe *out);

#endif
