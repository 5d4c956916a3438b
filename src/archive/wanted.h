/* wanted.h - the connections whose packets are requested, and what a run of the engine finds for them.
 *
 * A record is matched by its tuple and start time. The other values in the log are compared with the engine's, so that
 * packets of a different connection with the same tuple are noticed.
 */
#ifndef CONNLOG_ARCHIVE_WANTED_H
#define CONNLOG_ARCHIVE_WANTED_H

#include "base/siphash.h"
#include "connlog_packets.h"

enum { SAID_DURATION, SAID_ORIG_PKTS, SAID_RESP_PKTS, SAID_ORIG_BYTES, SAID_RESP_BYTES, SAID_COUNT };

/* What a record says about its packets. */
struct said {
	double   duration;
	uint64_t counts[SAID_COUNT]; /* everything but the duration */
	unsigned has;                /* bits 1 << SAID_... */
};

enum packet_part { PART_PACKET, PART_FRAGMENT, PART_ICMP_ERROR, PART_COUNT };

struct found_packet {
	uint64_t number;
	uint32_t part; /* enum packet_part */
};

/* A connection seen by the engine that may be one of the requested ones. */
struct candidate {
	struct candidate    *next; /* in the group */
	uint32_t             group;
	char                 uid[CONNLOG_UID_SIZE]; /* assigned by the engine */
	double               ts, ended;             /* INFINITY: still open */
	bool                 taken;                 /* it is a requested one */
	struct said          said;
	struct found_packet *packets;
	size_t               n, room;
};

struct wanted {
	char              uid[CONNLOG_UID_SIZE]; /* as in the log; may be "" */
	connlog_tuple     tuple;                 /* originator first; `proto` 0: neither TCP, UDP nor ICMP */
	double            ts;
	struct said       said;
	uint32_t          group;
	struct candidate *is; /* the connection found, or NULL */
};

/* All records and connections with one tuple, in either direction. */
struct group {
	connlog_tuple     tuple;            /* the lower endpoint first */
	uint32_t          chain;            /* the next group of the bucket, or 0 */
	size_t            newest_wanted;    /* the most recently added one */
	double            earliest, latest; /* start times of the requested ones */
	struct candidate *candidates;
	struct candidate *newest; /* the one that counted a packet last */
};

struct wanteds {
	struct wanted     *at;
	size_t             n, room;
	struct group      *groups; /* numbered from 1 */
	size_t             n_groups, groups_room;
	uint32_t          *buckets;
	size_t             mask;
	struct siphash_key key;
	size_t             n_candidates;
	bool               icmp_errors; /* also wanted */
};

void wanteds_free(struct wanteds *w);
/* Discards what was found. */
void wanteds_reset(struct wanteds *w);

/* Adds a record. It replaces an earlier one with the same uid, tuple and start, as the last of several interim records
 * does. Returns CONNLOG_OK, CONNLOG_BAD_INPUT if it has no tuple or start, or CONNLOG_NO_MEMORY. */
int wanteds_add(struct wanteds *w, const connlog_record *r);

/* Notes a packet if it belongs to one of the groups. `now` is the engine's time. Returns CONNLOG_OK or
 * CONNLOG_NO_MEMORY. */
int wanteds_counted(struct wanteds *w, const connlog_counted *c, double now);
/* Notes how a connection ended. */
int wanteds_ended(struct wanteds *w, const connlog_record *r, double now);
/* Matches records and connections. Returns CONNLOG_OK or CONNLOG_NO_MEMORY. */
int wanteds_match(struct wanteds *w);

/* Returns whether the record and what was found agree; differences are written to `text`. */
bool wanted_agrees(const struct wanted *w, char *text, size_t size);

#endif
