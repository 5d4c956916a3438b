/* bus.h - who listens to events, to records and to what may be logged, and handing things to them.
 *
 * Events are handed on the moment they are raised.  Zeek queues them until the packet has been processed, which shows
 * in nothing but the connection that a handler sees: here it is that of the event.
 */
#ifndef CONNLOG_EVENT_BUS_H
#define CONNLOG_EVENT_BUS_H

#include "conn/conn.h"
#include "event/contents.h"

/* Functions with their arguments, in the order in which they were given. */
struct listeners {
	struct listener {
		void (*fn)(void); /* of the type that the list is for */
		void *arg;
	} * at;
	size_t n;
};

/* => False where there is no memory. */
bool listeners_add(struct listeners *l, void (*fn)(void), void *arg);

struct event_bus {
	struct conn_store *s;
	struct listeners   events[CONNLOG_EVENTS], policies, records;
	struct contents    contents;
	unsigned           following; /* the event that is being handed out and those that its handlers have raised */
	int               *status;    /* the engine's: what a callback returned that is not CONNLOG_OK stops everything */
	/* => The connection's record as it stands, valid until the next call. */
	const connlog_record *(*record)(void *arg, uint32_t handle);
	void *record_arg;
};

void bus_init(struct event_bus *b, struct conn_store *s, int *status);
void bus_free(struct event_bus *b);

/* => False where there is no memory. */
bool bus_on_event(struct event_bus *b, connlog_event_id id, connlog_event_fn fn, void *arg);

/* Where the event's connection is, for who needs less of it than a record. */
const struct conn_store *event_store(const connlog_event *event);
uint32_t                 event_handle(const connlog_event *event);

/* => Whether all policies let the record be logged. */
bool bus_policy(const struct event_bus *b, connlog_record *r);
/* Hands the record to who logs. */
void bus_record(const struct event_bus *b, const connlog_record *r);

#endif
