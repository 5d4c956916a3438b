/* tap.h - a live source of packets: one interface, or one ring of it.
 *
 * live.c makes one stream of what several of them see; ring.c takes packets from a ring of the kernel's (AF_PACKET),
 * and pcap_tap.c from libpcap.  An interface can have several rings, each of which is a tap.
 */
#ifndef CONNLOG_CAPTURE_TAP_H
#define CONNLOG_CAPTURE_TAP_H

#include "capture/source.h"

/* What a tap has seen and lost.  Only the counts of the ring: what the interface has lost is iface.h's. */
struct tap_counts {
	uint64_t packets, bytes; /* handed out */
	uint64_t filtered;       /* rejected by the filter in the program, not in the kernel */
	uint64_t dropped;        /* dropped because the ring was full */
	uint64_t freezes;        /* how often the ring was full */
};

struct tap {
	const struct tap_ops              *ops;
	const char                        *name; /* of the interface */
	const struct connlog_live_options *options;
	struct tap_counts                  counts;

	bool     ready;   /* there is a packet */
	uint64_t head;    /* its time in nanoseconds since the epoch */
	uint64_t newest;  /* the latest packet's time: no earlier packet will come */
	bool     crowded; /* so many packets wait that nothing can be held back any longer */
	bool     vacant;  /* no packets wait here or in the kernel; set by live.c */
	bool     absent;  /* the interface is down or gone: no packets until it is back */
	bool     trouble; /* set after polling: the descriptor reported an error, which look() examines */
};

struct tap_ops {
	/* Releases the packets that were returned and looks for new ones.  Returns CONNLOG_OK or an error with a message. */
	int (*look)(struct tap *t, char *err, size_t err_size);
	/* Returns whether the kernel has no more packets to hand over; NULL if that cannot be determined. */
	bool (*is_vacant)(const struct tap *t);
	/* Returns up to `max` packets up to the time `until`, if `ready`, and their number, which may be 0 if the filter
	 * rejects them.  A tap that is not ready afterwards becomes ready at the next look() at the earliest. */
	size_t (*take)(struct tap *t, connlog_packet *p, size_t max, uint64_t until);
	/* Updates `counts`. */
	void (*count)(struct tap *t);
	/* Makes the kernel stop accepting packets.  Returns whether that is supported. */
	bool (*close_door)(struct tap *t);
	int (*fd)(const struct tap *t); /* to poll() for POLLIN */
	void (*free)(struct tap *t);
};

struct filter;

/* Passes a message to the registered callback: a warning or an explanation. */
__attribute__((format(printf, 3, 4))) void
tap_say(const struct connlog_live_options *o, bool warning, const char *format, ...);

enum { RINGS_MAX = 64 }; /* of an interface */

/* Opens an interface with `n` rings that share its packets; `o` is complete, and it, `name` and the filter (NULL: all packets)
 * live longer than the taps.  Returns CONNLOG_OK with the taps in out[0..n-1], of which the first counts what is the interface's, or
 * an error with its text, which is CONNLOG_END where a ring cannot do what is asked for and libpcap may. */
int ring_open(const char *name, const connlog_live_options *o, struct filter *filter, unsigned n, struct tap **out,
              char *err, size_t err_size);
/* The same through libpcap. */
int pcap_tap_open(const char *name, const struct connlog_live_options *o, struct tap **out, char *err, size_t err_size);

#endif
