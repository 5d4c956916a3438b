/* track.h - what the engine calls for a packet whose connection is known.
 *
 * Trackers change the connection and count; they never free it.
 */
#ifndef CONNLOG_TRACK_TRACK_H
#define CONNLOG_TRACK_TRACK_H

#include "conn/conn.h"

/* What the connection store needs of TCP. */
extern const struct conn_tracker tcp_tracker;

/* WantConnection: may `p` begin a connection, and do its ports say that its sender is the responder? */
bool track_wants(const struct conn_options *opt, const struct pkt *p, bool *flip);

/* IsReuse: does `p` begin a new connection although one with its tuple is open? */
bool track_is_reuse(const struct conn_store *s, const struct conn *c, const struct pkt *p);

/* The first packet of a connection: sets its timers. => False where there is no memory. */
bool track_begin(struct conn_store *s, uint32_t handle, const struct pkt *p);

/* Every packet; `c` is the connection of that handle. */
void track_packet(struct conn_store *s, uint32_t handle, struct conn *c, const struct pkt *p, bool is_orig);

/* Counts a good UDP packet, after its payload was looked at: Zeek's ConnSize stands behind the recognisers of the port there,
 * so one that changes the roles does so before its own packet is counted, as of its old side. */
void track_count(struct conn_store *s, uint32_t handle, struct conn *c, const struct pkt *p, bool is_orig);

/* The trackers by transport. */
void tcp_packet(struct conn_store *s, uint32_t handle, struct conn *c, const struct pkt *p, bool is_orig);
bool tcp_is_reuse(const struct conn_store *s, const struct conn *c, const struct pkt *p);
bool tcp_begin(struct conn_store *s, uint32_t handle, const struct pkt *p);

#endif
