/* bro1.h - what Bro 1 knew of a connection that conn.log says in other words: services by port, and which durations and
 * sizes it thought worth a number.
 *
 * Follows Bro 1.5.3: policy/port-name.bro (the table of ports), policy/conn.bro (conn_size, determine_service,
 * record_connection); for the oldest line also its manual (doc/ref-manual/analysis.texi, service_name).
 */
#ifndef CONNLOG_RECORD_BRO1_H
#define CONNLOG_RECORD_BRO1_H

#include "record/record.h"

/* The three lines, oldest first. */
enum bro1_kind {
	BRO0,   /* no ports: service, bytes, local and remote address */
	BRO1,   /* local and remote, flags L, U and X */
	BRO1_5, /* originator and responder, flags L or X */
};

/* What stands in a line, separated by blanks.  Behind it come, where there are, the history (BRO1_5) and additional text up
 * to the line's end.  FIRST and SECOND are the local and the remote end, but in BRO1_5, where they are originator and
 * responder. */
enum bro1_part {
	BRO1_START,
	BRO1_DURATION,
	BRO1_SERVICE,
	BRO1_FIRST_H,
	BRO1_SECOND_H,
	BRO1_FIRST_P,
	BRO1_SECOND_P,
	BRO1_PROTO,
	BRO1_ORIG_BYTES,
	BRO1_RESP_BYTES,
	BRO1_STATE,
	BRO1_FLAGS,
	BRO1_PARTS
};

struct bro1_layout {
	size_t         n;
	enum bro1_part at[BRO1_PARTS];
};
extern const struct bro1_layout bro1_layouts[]; /* by bro1_kind */

/* The columns of ours that a line has and Zeek does not know. */
#define BRO1_FLAGS_COLUMN "flags" /* "L", "U" or "LU"; unset for X */
#define BRO1_ADDL_COLUMN  "addl"

/* "icmp-unreach" and a "?" is the longest that is made up. */
#define BRO1_SERVICE_MAX 16

/* Returns Bro 1's name of a port, or no text. `proto` is tcp, udp or icmp. */
struct text bro1_port_name(struct text proto, uint16_t port);

/* What stands for a service: that of the record, or the name of a port, or "other"; in the oldest line, which shows no
 * ports, "priv-N" or "other-N" (UDP: "upriv-N", "uother-N").  With `marked` the name of a port has a "?" behind it, as Bro 1.5
 * has it with dpd_conn_logs.  It may point into `room`. */
struct text bro1_service(const struct record *r, enum bro1_kind kind, bool marked, char room[BRO1_SERVICE_MAX]);

/* Returns whether the service is one of those that bro1_service() makes up where a port has no name; "priv-N" and the like then
 * say the protocol and the responder's port, which are put into the record. */
bool bro1_service_is_other(struct text service, struct record *r);

/* Returns the one protocol in which the table has a port of that name; tcp where there are several or none. */
struct text bro1_service_proto(struct text service);

/* Returns whether the text is one of Bro's thirteen states. */
bool bro1_is_state(struct text name);

/* Whether there is a number to be shown; Bro 1 has "?" for the duration of a TCP connection that nobody has closed, and
 * for no bytes where that may mean that they were not seen. */
bool bro1_shows_duration(const struct record *r);
bool bro1_shows_bytes(const struct record *r, bool orig);

#endif
