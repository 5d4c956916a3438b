/* interim.h - records of connections that are still open (options interim and long): when they are due, and the values
 * of the last one.
 *
 * They are due at ages of the connection, to the last bit of start + age, and run in order with the other timers. Zeek
 * has no such timers, so they do not count for max_timer_expires. A connection has no state for them before its first.
 */
#ifndef CONNLOG_CONN_INTERIM_H
#define CONNLOG_CONN_INTERIM_H

#include "conn/conn.h"

/* The counters whose differences the record has, for each side. */
enum { INTERIM_BYTES, INTERIM_PKTS, INTERIM_IP_BYTES, INTERIM_COUNTS };

struct conn_interim {
	uint32_t n;                       /* records so far */
	uint32_t longs;                   /* of the option long so far */
	double   at;                      /* when the last was due */
	uint64_t last[INTERIM_COUNTS][2]; /* values of the last record */
};

/* A bit next to those of events.wanted, so that one test covers both. */
#define INTERIM_WANTED (UINT64_C(1) << 63)
_Static_assert(CONNLOG_EVENTS <= 61, "no event has that bit, nor MEASURE_WANTED");

/* Returns when the connection's next record of either option is due; INFINITY for none. */
double interim_due(const struct conn_store *s, const struct conn *c);
/* Passes the connection to the store's on_interim, on_long or both. */
void interim_run(struct conn_store *s, uint32_t handle);
/* Returns the values of the connection's last record, or NULL if there was none. */
struct conn_interim *interim_last(const struct conn_store *s, const struct conn *c);
/* Swaps the endpoints after a flip. */
void interim_flip(struct conn_interim *i);

#endif
