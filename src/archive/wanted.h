/* wanted.h - the connections whose packets are asked for, and what a run of the engine finds of them.
 *
 * A record is found again by its tuple and its start.  What the log says of it is held against what the engine says, so that packets
 * of another connection with the same tuple are noticed.
 */
#ifndef CONNLOG_ARCHIVE_WANTED_H
#define CONNLOG_ARCHIVE_WANTED_H

#include "base/siphash.h"
#include "connlog_packets.h"

enum { SAID_DURATION, SAID_ORIG_PKTS, SAID_RESP_PKTS, SAID_ORIG_BYTES, SAID_RESP_BYTES, SAID_COUNT };

/* What a record says of its packets. */
struct said {
	double   duration;
	uint64_t counts[SAID_COUNT]; /* all but the duration */
	unsigned has;                /* bits 1 << SAID_... */
};

enum packet_part { PART_PACKET, PART_FRAGMENT, PART_ICMP_ERROR, PART_COUNT };

struct found_packet {
	uint64_t number;
	uint32_t part; /* enum packet_part */
};

/* A connection that the engine has seen and that can be one of those asked for. */
struct candidate {
	struct candidate    *next; /* of the group */
	uint32_t             group;
	char                 uid[CONNLOG_UID_SIZE]; /* the engine's */
	double               ts, ended;             /* INFINITY: it is open */
	bool                 taken;                 /* it is one of those asked for */
	struct said          said;
	struct found_packet *packets;
	size_t               n, room;
};

struct wanted {
	char              uid[CONNLOG_UID_SIZE]; /* as the log has it; perhaps "" */
	connlog_tuple     tuple;                 /* originator first; `proto` 0: neither TCP, UDP nor ICMP */
	double            ts;
	struct said       said;
	uint32_t          group;
	struct candidate *is; /* found, or NULL */
};

/* All with one tuple, in either direction. */
struct group {
	connlog_tuple     tuple;            /* with the lower end first */
	uint32_t          chain;            /* the next group of the bucket, or 0 */
	size_t            newest_wanted;    /* the one added last */
	double            earliest, latest; /* starts of those asked for */
	struct candidate *candidates;
	struct candidate *newest; /* the one that has counted last, unless it was another connection */
};

struct wanteds {
	struct wanted     *at;
	size_t             n, room;
	struct group      *groups; /* from 1 on */
	size_t             n_groups, groups_room;
	uint32_t          *buckets;
	size_t             mask;
	struct siphash_key key;
	size_t             n_candidates;
	bool               icmp_errors; /* are asked for, too */
};

void wanteds_free(struct wanteds *w);
/* Forgets what was found. */
void wanteds_reset(struct wanteds *w);

/* Adds a record; one with the same uid, tuple and start takes the place of the earlier, as the last of interim records does.
 * Returns CONNLOG_OK, CONNLOG_BAD_INPUT if it has no tuple or start, or CONNLOG_NO_MEMORY. */
int wanteds_add(struct wanteds *w, const connlog_record *r);

/* Notes a packet, if it is of one of them.  `now` is the engine's time.  Returns CONNLOG_OK or CONNLOG_NO_MEMORY. */
int wanteds_counted(struct wanteds *w, const connlog_counted *c, double now);
/* Notes how a connection ended. */
int wanteds_ended(struct wanteds *w, const connlog_record *r, double now);
/* Decides which connection is which.  Returns CONNLOG_OK or CONNLOG_NO_MEMORY. */
int wanteds_match(struct wanteds *w);

/* Returns whether the record and what was found agree; what does not is written to `text`. */
bool wanted_agrees(const struct wanted *w, char *text, size_t size);

#endif
