/* bus.h - the listeners for events, records and log policies, and calling them.
 *
 * Handlers are called the moment an event is raised.  Zeek queues events until the packet has been processed; the only visible
 * difference is the connection that a handler sees: here it is as it was at the event.
 */
#ifndef CONNLOG_EVENT_BUS_H
#define CONNLOG_EVENT_BUS_H

#include "conn/conn.h"
#include "event/contents.h"

/* Functions with their arguments, in order of registration. */
struct listeners {
	struct listener {
		void (*fn)(void); /* of the type that the list is for */
		void *arg;
	} * at;
	size_t n;
};

/* Returns false when out of memory. */
bool listeners_add(struct listeners *l, void (*fn)(void), void *arg);

struct event_bus {
	struct conn_store *s;
	struct listeners   events[CONNLOG_EVENTS], policies, records, longs;
	struct contents    contents;
	unsigned           following; /* the current event and those that its handlers have raised */
	int               *status;    /* the engine's: anything but CONNLOG_OK from a callback stops everything */
	/* Returns the connection's record as it is now, valid until the next call. */
	const connlog_record *(*record)(void *arg, uint32_t handle);
	void *record_arg;
};

void bus_init(struct event_bus *b, struct conn_store *s, int *status);
void bus_free(struct event_bus *b);

/* Returns false when out of memory. */
bool bus_on_event(struct event_bus *b, connlog_event_id id, connlog_event_fn fn, void *arg);

/* Return the store and the connection of the event, for callers that need less than a record. */
const struct conn_store *event_store(const connlog_event *event);
uint32_t                 event_handle(const connlog_event *event);

/* Returns whether all policies accept the record. */
bool bus_policy(const struct event_bus *b, connlog_record *r);
/* Passes the record to its listeners. */
void bus_record(const struct event_bus *b, const connlog_record *r);
/* The same for those of connlog_on_long(). */
void bus_long(const struct event_bus *b, const connlog_record *r);

#endif
