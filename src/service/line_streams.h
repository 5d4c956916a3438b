/* line_streams.h - both streams of a protocol of lines that can be upgraded to TLS (STARTTLS, STLS).
 *
 * It comes first in a recogniser's state, so that its functions can be the recogniser's own.
 */
#ifndef CONNLOG_SERVICE_LINE_STREAMS_H
#define CONNLOG_SERVICE_LINE_STREAMS_H

#include "dpd/talk.h"
#include "service/lines.h"

/* Takes a line, `full` bytes long, of which `line` has the beginning; or, once the streams are raw, any bytes. */
typedef void (*line_fn)(struct talk *t, int side, struct bytes line, uint64_t full);

struct line_streams {
	struct lines side[2];
	line_fn      take;
	bool         raw; /* the streams no longer consist of lines */
};

/* Lines end at CR LF, CR and LF. */
void line_streams_begin(struct talk *t, line_fn take);

void line_streams_feed(struct talk *t, int side, struct bytes b);
void line_streams_eof(struct talk *t, int side);
void line_streams_flipped(struct talk *t);
void line_streams_end(struct talk *t);

/* Passes everything from now on to TLS.  The rest of the current chunk is still split into lines, as in Zeek. */
void line_streams_upgrade(struct talk *t);
/* Passes bytes on.  TLS is never given none. */
void line_streams_pass(struct talk *t, int side, struct bytes b);

#endif
