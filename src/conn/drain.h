/* drain.h - the end of the input: every connection is logged and freed, in the order of their ranks. */
#ifndef CONNLOG_CONN_DRAIN_H
#define CONNLOG_CONN_DRAIN_H

#include "conn/conn.h"

struct conn_drain {
	struct ranked *list; /* in order; NULL: the connections are stored in order */
	size_t         n, room;
	bool           more; /* connections that follow those of the list */
	size_t         next; /* index into the list, or a handle */
};

/* Removes all connections from the table and the wheel.  Without memory for sorting they come as stored. */
void conn_drain_begin(struct conn_store *s, struct conn_drain *d);
/* Returns false when no more than `ahead` connections are left; otherwise `*rank` is that of one after at most that many others. */
bool conn_drain_rank(const struct conn_store *s, const struct conn_drain *d, size_t ahead, struct wheel_rank *rank);
/* Ends the connections up to the one with that rank; all of them if it is NULL. */
void conn_drain_until(struct conn_store *s, struct conn_drain *d, const struct wheel_rank *last);
void conn_drain_end(struct conn_store *s, struct conn_drain *d);

/* Does all of that at once. */
void conn_drain(struct conn_store *s);

#endif
