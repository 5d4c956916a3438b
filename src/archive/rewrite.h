/* rewrite.h - packets of a capture with other addresses, on their way into a file.
 *
 * A frame's headers are masked (mask.h).  What is in a fragment can be told only when the datagram is complete: the frame then waits, and those
 * behind it, so that the order stays.  The datagram is masked as a whole and put back into its fragments, inside of tunnels too.  A frame that
 * has waited for longer than datagrams are kept, or for which there is no memory, goes on with zeros in place of the fragment.
 */
#ifndef CONNLOG_ARCHIVE_REWRITE_H
#define CONNLOG_ARCHIVE_REWRITE_H

#include "archive/tour.h"
#include "connlog_anonymize.h"
#include "decode/decode.h"

struct rewriter;

/* Hands the frames on to `next`, with the index that they came with and in their order, without anything that pcapng notes about
 * interfaces and packets but numbers.  `with` and `options`, of which limits and timeouts of fragments count, have to stay.  Returns NULL
 * when out of memory. */
struct rewriter *rewriter_new(const connlog_anonymizer *with, bool keep_payload, const struct decode_options *options,
                              tour_fn next, void *arg);
void             rewriter_free(struct rewriter *r);

/* Takes a frame; a tour_fn.  Returns CONNLOG_OK, CONNLOG_NO_MEMORY, or what `next` returned. */
int rewriter_frame(void *rewriter, size_t i, const struct rawframe *frame);
/* Hands on what still waits. */
int rewriter_finish(struct rewriter *r);

#endif
