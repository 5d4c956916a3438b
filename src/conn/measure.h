/* measure.h - measurements of a connection's packets for optional columns (option measure, docs/COLUMNS.md).
 *
 * The selected parts are stored one after another in one object, which a connection gets with its first packet and
 * refers to from its extra. Without the option there are no such objects, and packets are not examined: the bit
 * MEASURE_WANTED is tested together with those of events. Parts that look at one packet at a time are filled by
 * track/measure.c, those of TCP by track/measure_tcp.c.
 */
#ifndef CONNLOG_CONN_MEASURE_H
#define CONNLOG_CONN_MEASURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A bit next to those of events.wanted. */
#define MEASURE_WANTED (UINT64_C(1) << 61)

enum measure_part {
	MEASURE_RTT,
	MEASURE_STREAM,
	MEASURE_HEADER,
	MEASURE_SYN,
	MEASURE_FLAGS,
	MEASURE_PAYLOAD,
	MEASURE_TIMES,
	MEASURE_SIZES,
	MEASURE_PARTS
};

/* The parts as bits of the option. */
#define MEASURE(part) (1u << (part))

/* The handshake of TCP. */
struct measure_rtt {
	double   syn_at, synack_at; /* times of the latest SYN and SYN-ACK; of the SYN only until there is a SYN-ACK */
	double   half[2];           /* seconds to and from a side; NAN: unknown */
	double   whole;             /* seconds from the SYN to the ACK; NAN: unknown */
	uint32_t syn, synack;       /* their sequence numbers */
	uint8_t  stage;             /* enum measure_stage */
};

enum measure_stage { STAGE_BEGIN, STAGE_SYN, STAGE_SYNACK, STAGE_DONE };

#define MEASURE_HOLES 4

/* One direction of TCP, as far as needed to tell a retransmission from a segment that arrives late. */
struct measure_stream {
	double   next_at;                     /* when `next` was reached */
	double   ack_at;                      /* when this side last acknowledged */
	uint32_t next;                        /* the highest sequence number seen, plus one */
	uint32_t ack;                         /* last acknowledgement number */
	uint32_t retrans, late;               /* segments */
	uint16_t window;                      /* last window, not scaled */
	uint8_t  repeated_acks;               /* duplicate acknowledgements in a row, at most 255 */
	uint8_t  holes;                       /* number of holes */
	bool     begun, has_acked, selective; /* `selective`: the last acknowledgement had SACK blocks */
	struct {
		uint32_t lo, hi; /* not seen yet: [lo, hi) */
	} hole[MEASURE_HOLES];
};

struct measure_streams {
	struct measure_stream side[2];
};

/* IP header fields of each side: TTL or hop limit, and the DSCP of its first packet. */
struct measure_header {
	uint8_t first[2], least[2], most[2], dscp[2];
	bool    seen[2];
};

/* Options of each side's first SYN. */
struct measure_syn {
	uint16_t mss[2];
	uint8_t  scale[2];
	uint8_t  has[2]; /* SYN_ bits */
};

enum { SYN_SEEN = 1, SYN_HAS_MSS = 2, SYN_HAS_SCALE = 4 };

/* Packets of each side with each of the eight flags, the lowest bit (FIN) first. */
struct measure_flags {
	uint32_t n[2][8];
};

/* The first payload bytes of each side. */
#define FIRST_PAYLOAD_MAX 64
struct measure_payload {
	uint8_t n[2];
	uint8_t bytes[]; /* [2][payload_max] */
};

/* Times between the packets of each side: the mean and the sum of squared differences from it (Welford). */
struct measure_times {
	double   last[2], mean[2], squares[2];
	uint64_t n[2]; /* packets */
};

/* Packets of each side by size. */
#define SIZE_BINS 8
struct measure_sizes {
	uint32_t n[2][SIZE_BINS];
};

/* Offsets of the parts in the object. */
struct measure_layout {
	uint32_t wanted; /* MEASURE() bits */
	uint32_t size;
	uint16_t at[MEASURE_PARTS];
	uint8_t  payload_max; /* bytes per side */
};

/* Computes the layout. `wanted` may gain bits, for parts that others depend on; `payload_max` is limited to
 * FIRST_PAYLOAD_MAX. */
void measure_layout_init(struct measure_layout *l, uint32_t wanted, uint64_t payload_max);

/* Exchanges the two sides. */
void measure_flip(const struct measure_layout *l, void *object);

#endif
