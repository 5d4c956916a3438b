/* notice.h - what the user should know about the input: reported once, at the end or as soon as it is certain. */
#ifndef CONNLOG_ENGINE_NOTICE_H
#define CONNLOG_ENGINE_NOTICE_H

#include "connlog.h"
#include "decode/decode.h"

#define NOTICE_HOSTS  64
#define NOTICE_RECENT 256

struct notices {
	connlog_notice_fn fn;
	void             *arg;

	/* Hosts that have sent a wrong checksum, and the packets that they have sent since; direct-mapped. */
	struct notice_host {
		struct addr host;
		uint64_t    bad, good;
	} hosts[NOTICE_HOSTS];
	bool any_bad, told_offloading;

	/* Recent packets by connection, sender and IPv4 identification, direct-mapped. */
	struct notice_recent {
		uint32_t mark, print; /* identifies the packet; its checksum and length */
		double   ts;
	} recent[NOTICE_RECENT];
	uint64_t compared, twice;
	uint32_t sampled; /* packets compared so far, while all are */

	unsigned links_told; /* unknown_links of the decoder that have been reported */

	/* Detects a capture that was filtered down to TCP's control packets. */
	uint64_t tcp_ends, tcp_bytes;
	bool     tcp_payload; /* a TCP packet has carried data */

	bool ended; /* what is known only at the end of the input has been reported */
};

/* Called for every packet that belongs to a connection; `hash` is the connection's. */
void notice_packet(struct notices *n, const struct pkt *p, uint32_t hash);
/* Called for every TCP connection that ended, with the bytes that its sequence numbers imply. */
void notice_tcp_end(struct notices *n, uint64_t bytes);
/* Called when there are unknown link types that have not been reported (decode_counters). */
void notice_links(struct notices *n, const struct decode_counters *c);
/* Passes on a finding from elsewhere; `notices` is a struct notices. */
void notice_text(void *notices, const char *text);
/* Adds the findings of another engine in its share of the input. */
void notices_join(struct notices *n, const struct notices *other);
/* Called at the end of the input; of several ends, only the first counts. */
void notice_end(struct notices *n, const struct decode_counters *c);

#endif
