/* track.h - what the engine calls once a packet's connection is known.
 *
 * Trackers change the connection and count; they never free it.
 */
#ifndef CONNLOG_TRACK_TRACK_H
#define CONNLOG_TRACK_TRACK_H

#include "conn/conn.h"

/* TCP's functions for the connection store. */
extern const struct conn_tracker tcp_tracker;

/* WantConnection: returns whether `p` may begin a connection; sets *flip if its ports say that its sender is the responder. */
bool track_wants(const struct conn_options *opt, const struct pkt *p, bool *flip);

/* IsReuse: returns whether `p` begins a new connection although one with its tuple is open. */
bool track_is_reuse(const struct conn_store *s, const struct conn *c, const struct pkt *p);

/* Handles the first packet of a connection: sets its timers.  Returns false when out of memory. */
bool track_begin(struct conn_store *s, uint32_t handle, const struct pkt *p);

/* Handles every packet; `c` is the connection of that handle. */
void track_packet(struct conn_store *s, uint32_t handle, struct conn *c, const struct pkt *p, bool is_orig);

/* Counts a good UDP packet after its payload was inspected: Zeek's ConnSize analyzer comes after those of the port, so a packet
 * that flips the roles does so before it is counted, as one of its old side. */
void track_count(struct conn_store *s, uint32_t handle, struct conn *c, const struct pkt *p, bool is_orig);

/* The trackers by transport. */
void tcp_packet(struct conn_store *s, uint32_t handle, struct conn *c, const struct pkt *p, bool is_orig);
bool tcp_is_reuse(const struct conn_store *s, const struct conn *c, const struct pkt *p);
bool tcp_begin(struct conn_store *s, uint32_t handle, const struct pkt *p);

#endif
