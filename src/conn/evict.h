/* evict.h - connections that are ended before their time, because there are too many or memory runs short.
 *
 * A flood is told from what is wanted by what was exchanged: who floods mostly gets no answer, or one.  So connections of which
 * both sides have sent a few packets go last, however long they have been silent.
 */
#ifndef CONNLOG_CONN_EVICT_H
#define CONNLOG_CONN_EVICT_H

#include "conn/conn.h"

/* What is done about memory, each with what stands before it. */
enum press {
	PRESS_NONE,
	PRESS_HURRY,   /* a connection with one side only ends after emergency_timeout */
	PRESS_GIVE_UP, /* what looks into payload is given up, and what TCP holds above holes */
	PRESS_END,     /* the least recently active end */
	PRESS_COUNT
};

/* Ends the least recently active of a few connections: for max_connections. */
void conn_evict(struct conn_store *s);

/* The same for lack of memory: one that has exchanged little, if there is one near. */
void conn_make_room(struct conn_store *s);

/* Looks at the next few hundred connections, and does to them what that stage asks for. */
void conn_press(struct conn_store *s, enum press stage);

#endif
