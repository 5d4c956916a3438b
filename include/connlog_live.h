/* connlog_live.h - the part of libconnlog's interface that is about capturing from interfaces; connlog.h has the rest, and says what
 * holds for all of it. */
#ifndef CONNLOG_LIVE_H
#define CONNLOG_LIVE_H

#include "connlog.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Says something about an interface: a warning, or (`warning` false) how it is captured from.  `text` lives for the call. */
typedef void (*connlog_say_fn)(void *arg, bool warning, const char *text);

/* How interfaces are captured from; 0, false and NULL stand for what is usual. */
typedef struct connlog_live_options {
	const char    *filter;  /* a pcap filter: all packets without */
	uint64_t       ring;    /* bytes of memory an interface for packets that wait: 64 MiB; below 4 GiB */
	uint32_t       block;   /* bytes of one of its blocks, a power of two: 256 KiB; a longer packet is cut */
	uint32_t       timeout; /* milliseconds after which a block is handed over that is not full: 20 (see below) */
	uint32_t       snaplen; /* bytes of a packet that are captured: 262144 */
	bool           not_promiscuous; /* only packets for this host, where the card sorts out the others */
	bool           wait;            /* an interface that is not there is waited for */
	bool           exit_on_down;    /* an interface that goes down or away is an error; else it is waited for */
	connlog_say_fn say;             /* or NULL */
	void          *say_arg;
} connlog_live_options;

/* Live capture from interfaces, which are opened at once, as one stream in the order of time; NULL for the usual options.
 * Ethernet and loopback are captured from through AF_PACKET, with VLAN tags put back that the card or the kernel took out, and
 * CONNLOG_PACKET_NOT_SUMMED; others, and those whose name stands behind "pcap:" (or Zeek's "pcap::"), through libpcap, for which
 * going down is always an error and which does not wait for interfaces.  What is opened here suffices: later on no privilege is
 * needed.  Packets come up to twice `timeout` late, with several interfaces four times: what connlog_idle() is told has to be as
 * late.  => NULL with a text in `err`. */
CONNLOG_API connlog_source *connlog_source_interfaces(const char *const *names, size_t n, const connlog_live_options *o,
                                                      char *err, size_t err_size);

/* What became of one interface's packets so far. */
typedef struct connlog_interface_progress {
	const char *name;
	bool        down;              /* or not there: it is waited for */
	uint64_t    packets, bytes;    /* handed out */
	uint64_t    filtered;          /* left out by the filter, as far as it is not the kernel that does so */
	uint64_t    dropped_ring;      /* lost because the ring was full */
	uint64_t    dropped_interface; /* lost by the card, or by the kernel before they came to the ring */
	uint64_t    freezes;           /* how often the ring was full */
} connlog_interface_progress;
/* The interface at `i` in *out, or false behind the last. */
CONNLOG_API bool connlog_source_interface(const connlog_source *s, size_t i, connlog_interface_progress *out);

#ifdef __cplusplus
}
#endif
#endif
