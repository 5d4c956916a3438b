/* tap.h - one interface that packets are taken from.
 *
 * live.c makes one stream of what several of them see; ring.c takes packets from a ring of the kernel's (AF_PACKET), and
 * pcap_tap.c from libpcap.  An interface can have several rings, each of which is a tap.
 */
#ifndef CONNLOG_CAPTURE_TAP_H
#define CONNLOG_CAPTURE_TAP_H

#include "capture/source.h"

/* What a tap has seen and lost.  Only the counts of the ring: what the interface has lost is iface.h's. */
struct tap_counts {
	uint64_t packets, bytes; /* handed out */
	uint64_t filtered;       /* left out by the filter, as far as the program and not the kernel has done it */
	uint64_t dropped;        /* there was no room for them in the ring */
	uint64_t freezes;        /* how often the ring was full */
};

struct tap {
	const struct tap_ops              *ops;
	const char                        *name; /* of the interface */
	const struct connlog_live_options *options;
	struct tap_counts                  counts;

	bool     ready;   /* there is a packet */
	uint64_t head;    /* its time, nanoseconds since the epoch */
	uint64_t newest;  /* the time of the latest packet that is there, or was: no earlier one is to come */
	bool     crowded; /* so much is there that nothing can be held back any longer */
	bool     vacant;  /* nothing is there, nor is anything on its way in the kernel; see live.c, which sets it */
	bool     absent;  /* the interface is down or has gone: nothing comes before it is back */
	bool     trouble; /* set by who polls: something is wrong with the descriptor, look() finds out what */
};

struct tap_ops {
	/* Gives back the memory of the packets that have been handed out, and looks for new ones.  Returns CONNLOG_OK or an
	 * error with its text. */
	int (*look)(struct tap *t, char *err, size_t err_size);
	/* Returns whether the kernel has nothing either that it will hand over; NULL where that cannot be known. */
	bool (*is_vacant)(const struct tap *t);
	/* Hands out packets up to the time `until`, `max` at most, when `ready`.  Returns their number, which may be 0 where the
	 * filter leaves them out.  What is not ready afterwards is so after the next look() at the earliest. */
	size_t (*take)(struct tap *t, connlog_packet *p, size_t max, uint64_t until);
	/* Brings `counts` up to date. */
	void (*count)(struct tap *t);
	/* Has the kernel take in nothing more.  Returns whether it could be told to. */
	bool (*close_door)(struct tap *t);
	int (*fd)(const struct tap *t); /* to poll() for POLLIN */
	void (*free)(struct tap *t);
};

struct filter;

/* Says something to whoever asked for it: a warning, or something that only explains. */
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
