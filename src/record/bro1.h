/* bro1.h - what Bro 1's summaries express differently from conn.log: services by port, and when a duration or size is
 * shown as a number.
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

/* The fields of a line, separated by blanks.  They are followed by the history (BRO1_5), if present, and additional
 * text up to the end of the line.  FIRST and SECOND are the local and the remote end, or originator and responder in
 * BRO1_5. */
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

/* Our own columns for fields of a line that Zeek does not have. */
#define BRO1_FLAGS_COLUMN "flags" /* "L", "U" or "LU"; unset for X */
#define BRO1_ADDL_COLUMN  "addl"

/* "icmp-unreach" with a "?" is the longest name that is made up. */
#define BRO1_SERVICE_MAX 16

/* Returns Bro 1's name of a port, or an empty text.  `proto` is tcp, udp or icmp. */
struct text bro1_port_name(struct text proto, uint16_t port);

/* Returns the service to show: that of the record, the name of a port, or "other"; in the oldest line, which shows no
 * ports, "priv-N" or "other-N" (UDP: "upriv-N", "uother-N").  With `marked`, a port's name is followed by "?", as in
 * Bro 1.5 with dpd_conn_logs.  The result may point into `room`. */
struct text bro1_service(const struct record *r, enum bro1_kind kind, bool marked, char room[BRO1_SERVICE_MAX]);

/* Returns whether the service is one that bro1_service() makes up for a port without a name; "priv-N" and the like
 * then give the protocol and the responder's port, which are stored in the record. */
bool bro1_service_is_other(struct text service, struct record *r);

/* Returns the only protocol for which the table has a port of that name, or tcp if there are several or none. */
struct text bro1_service_proto(struct text service);

/* Returns whether the text is one of Bro's thirteen states. */
bool bro1_is_state(struct text name);

/* Return whether a number is shown; Bro 1 writes "?" for the duration of a TCP connection that was not closed, and for
 * zero bytes if they may just not have been seen. */
bool bro1_shows_duration(const struct record *r);
bool bro1_shows_bytes(const struct record *r, bool orig);

#endif
