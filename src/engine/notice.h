/* notice.h - what a user should be told about the input: said once, at the end or as soon as it is sure. */
#ifndef CONNLOG_ENGINE_NOTICE_H
#define CONNLOG_ENGINE_NOTICE_H

#include "connlog.h"
#include "decode/decode.h"

#define NOTICE_HOSTS  64
#define NOTICE_RECENT 256

struct notices {
	connlog_notice_fn fn;
	void             *arg;

	/* Hosts that have sent a wrong checksum, and what they have sent since; direct-mapped. */
	struct notice_host {
		struct addr host;
		uint64_t    bad, good;
	} hosts[NOTICE_HOSTS];
	bool any_bad, told_offloading;

	/* Recent packets by connection, sender and IPv4 identification, direct-mapped. */
	struct notice_recent {
		uint32_t mark, print; /* which packet; checksum and length */
		double   ts;
	} recent[NOTICE_RECENT];
	uint64_t compared, twice;
	uint32_t sampled; /* packets of the first that are all compared */

	unsigned links_told; /* of the decoder's unknown_links */

	/* A capture filtered down to TCP's control packets. */
	uint64_t tcp_ends, tcp_bytes;
	bool     tcp_payload; /* a TCP packet has carried data */

	bool ended; /* what the end of the input tells has been told */
};

/* Every packet that belongs to a connection; `hash` is its connection's. */
void notice_packet(struct notices *n, const struct pkt *p, uint32_t hash);
/* Every TCP connection that ended: the bytes that its sequence numbers tell of. */
void notice_tcp_end(struct notices *n, uint64_t bytes);
/* When there are link types that are not known and have not been told (decode_counters). */
void notice_links(struct notices *n, const struct decode_counters *c);
/* Hands a finding of somebody else's on; `notices` is a struct notices. */
void notice_text(void *notices, const char *text);
/* Adds what another engine has found in its share of the input. */
void notices_join(struct notices *n, const struct notices *other);
/* At the end of input, the first where there are several. */
void notice_end(struct notices *n, const struct decode_counters *c);

#endif
