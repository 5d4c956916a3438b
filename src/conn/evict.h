/* evict.h - ends connections early, because there are too many or memory runs short.
 *
 * A flood differs from wanted traffic in what was exchanged: it usually gets one reply or none. Connections in which
 * both sides have sent a few packets are therefore the last to go, however long they have been silent.
 */
#ifndef CONNLOG_CONN_EVICT_H
#define CONNLOG_CONN_EVICT_H

#include "conn/conn.h"

/* Measures against memory shortage; each includes the previous ones. */
enum press {
	PRESS_NONE,
	PRESS_HURRY,   /* connections with packets of one side only end after emergency_timeout */
	PRESS_GIVE_UP, /* inspections and TCP data above holes are given up */
	PRESS_END,     /* the least recently active connections are ended */
	PRESS_COUNT
};

/* Ends the least recently active of a few connections: for max_connections. */
void conn_evict(struct conn_store *s);

/* Does the same when out of memory: ends a connection nearby that has exchanged little, if there is one. */
void conn_make_room(struct conn_store *s);

/* Applies that stage to the next few hundred connections. */
void conn_press(struct conn_store *s, enum press stage);

#endif
