/* frag.h - reassembles datagrams from fragments (RFC 791 3.2, RFC 8200 4.5; Zeek: src/Frag.cc, src/Reassem.cc). */
#ifndef CONNLOG_DECODE_FRAG_H
#define CONNLOG_DECODE_FRAG_H

#include "base/siphash.h"
#include "decode/decode.h"
#include "decode/ip.h"
#include "decode/trail.h"

struct frag_entry;
struct frag_whole;

struct frags {
	struct frag_entry **bucket; /* allocated with the first fragment */
	size_t              mask, n, bytes;
	struct frag_entry  *oldest, *newest;
	struct frag_whole  *done; /* returned, freed by frags_release */
};

enum frag_answer { FRAG_HELD, FRAG_WHOLE, FRAG_NO_MEMORY };

struct frag_input {
	const struct ip_header *h;
	struct bytes            ip;  /* the packet, all of it (h->total_len bytes at least) */
	double                  ts;  /* the packet's; the timeout runs from that of the first fragment */
	double                  now; /* network time */
	/* Is told about fragments and their frames; NULL: none. */
	const struct tracer     *tracer;
	const struct dissection *d;
};

/* Adds a fragment. FRAG_WHOLE: `out` and `out_len` are the datagram and `h` its header. */
enum frag_answer
frag_add(struct frags *f, const struct decode_options *opt, struct decode_counters *n, const struct siphash_key *key,
         const struct frag_input *in, struct bytes *out, struct ip_header *h);

/* Drops all incomplete datagrams.  Returns their number. */
size_t frags_drop(struct frags *f);
/* Frees the datagrams returned so far. */
void frags_release(struct frags *f);
void frags_free(struct frags *f);

#endif
