/* connlog_live.h - captures from interfaces. connlog.h has the rest, and states the conventions that hold for all of
 * it. */
#ifndef CONNLOG_LIVE_H
#define CONNLOG_LIVE_H

#include "connlog.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Called with a warning about an interface, or (`warning` false) with how it is captured from.  `text` is valid during the call. */
typedef void (*connlog_say_fn)(void *arg, bool warning, const char *text);

/* How to capture; 0, false and NULL mean the default. */
typedef struct connlog_live_options {
	const char    *filter; /* a pcap filter; default: all packets */
	uint64_t       ring;  /* bytes of ring buffer per interface, all its rings together, below 4 GiB; default: 64 MiB */
	uint32_t       block; /* bytes of one ring block, a power of two; longer packets are truncated; default: 256 KiB */
	uint32_t       timeout; /* milliseconds after which the kernel hands over a partly filled block; default: 20 */
	uint32_t       snaplen; /* bytes captured of each packet; default: 262144 */
	bool           not_promiscuous; /* leave the interface out of promiscuous mode */
	bool           wait;            /* wait for an interface that does not exist yet */
	bool           exit_on_down;    /* fail when an interface goes down or disappears; default: wait for it */
	connlog_say_fn say;             /* may be NULL */
	void          *say_arg;
	uint32_t       rings; /* rings per interface, between which the kernel spreads its packets; default: 1 */
} connlog_live_options;

/* Captures from `n` interfaces, opened immediately, as one stream in order of time.  `o` may be NULL.
 *
 * Ethernet and loopback interfaces are captured through AF_PACKET; VLAN tags that the card or the kernel removed are restored,
 * and CONNLOG_PACKET_NOT_SUMMED is set.  Other interfaces, and those whose name is prefixed with "pcap:" (or Zeek's "pcap::"),
 * are captured through libpcap, where `wait` has no effect and going down is always an error.  No privilege is needed after
 * this call.  Packets are delayed by up to twice `timeout`, with several interfaces or rings four times: the time passed to
 * connlog_idle() has to lag as much.
 *
 * With several `rings`, all packets between two addresses go to the same one (PACKET_FANOUT, by the addresses of the outermost IP
 * header), so that processors that receive packets seldom wait for each other.  There are at most 64, and so few that each has 16
 * blocks; loopback has one.  The stream of packets is the same.  Returns NULL and writes a message to `err` on failure. */
CONNLOG_API connlog_source *connlog_source_interfaces(const char *const *names, size_t n, const connlog_live_options *o,
                                                      char *err, size_t err_size);

/* Counters of one interface. */
typedef struct connlog_interface_progress {
	const char *name;
	bool        down;              /* down or missing, and waited for */
	uint64_t    packets, bytes;    /* returned */
	uint64_t    filtered;          /* skipped by the filter outside the kernel */
	uint64_t    dropped_ring;      /* lost because the ring was full */
	uint64_t    dropped_interface; /* lost by the card, or by the kernel before reaching the ring */
	uint64_t    freezes;           /* how often the ring was full */
} connlog_interface_progress;
/* Stores the counters of the interface at index `i` in `*out`.  Returns false past the last one. */
CONNLOG_API bool connlog_source_interface(const connlog_source *s, size_t i, connlog_interface_progress *out);

/* Counters of one ring of an interface: its share of the interface's counters. */
typedef struct connlog_ring_progress {
	uint64_t packets, bytes; /* returned */
	uint64_t dropped;        /* lost because it was full */
	uint64_t freezes;        /* how often it was full */
} connlog_ring_progress;
/* Stores the counters of ring number `ring` of the interface at index `i` in `*out`.  Returns false past the last one. */
CONNLOG_API bool connlog_source_ring(const connlog_source *s, size_t i, size_t ring, connlog_ring_progress *out);

#ifdef __cplusplus
}
#endif
#endif
