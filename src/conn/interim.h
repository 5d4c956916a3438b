/* interim.h - records of connections that are still open (options interim and long): when they are due, and the values of the last one.
 *
 * They are due at ages of the connection, to the last bit of start + age, and run among the other timers at the moment when they are
 * due; but Zeek has none such, so they do not count for max_timer_expires.  Nothing is kept for a connection before its first.
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
	uint64_t last[INTERIM_COUNTS][2]; /* what it said */
};

/* Stands among the bits of events.wanted, so that it is tested together with one of them. */
#define INTERIM_WANTED (UINT64_C(1) << 63)
_Static_assert(CONNLOG_EVENTS <= 61, "no event has that bit, nor MEASURE_WANTED");

/* Returns when the connection's next one of either option is due; INFINITY for none. */
double interim_due(const struct conn_store *s, const struct conn *c);
/* Hands it to the store's on_interim, on_long or both. */
void interim_run(struct conn_store *s, uint32_t handle);
/* Returns what the connection's last one said, NULL if there was none. */
struct conn_interim *interim_last(const struct conn_store *s, const struct conn *c);
/* Swaps the endpoints after a flip. */
void interim_flip(struct conn_interim *i);

#endif
