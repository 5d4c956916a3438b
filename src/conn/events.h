/* events.h - raising events, for the store and the trackers.
 *
 * Code that can raise an event calls conn_wants() first, a test of one bit, and computes the arguments only then.
 * The arguments are those of event/table.c, in its order; they must stay valid until conn_raise() returns.
 */
#ifndef CONNLOG_CONN_EVENTS_H
#define CONNLOG_CONN_EVENTS_H

#include "conn/conn.h"

static inline bool
conn_wants(const struct conn_store *s, connlog_event_id id)
{
	return s->events.wanted >> id & 1;
}

static inline void
conn_raise(const struct conn_store *s, uint32_t handle, connlog_event_id id, const connlog_value *arguments)
{
	s->events.raise(s->events.arg, handle, id, arguments);
}

/* Raises an event without arguments. */
static inline void
conn_event(const struct conn_store *s, uint32_t handle, connlog_event_id id)
{
	if (conn_wants(s, id))
		conn_raise(s, handle, id, NULL);
}

static inline connlog_value
event_bool(bool b)
{
	return (connlog_value){ .type = CONNLOG_BOOL, .set = true, .boolean = b };
}

static inline connlog_value
event_count(uint64_t n)
{
	return (connlog_value){ .type = CONNLOG_COUNT, .set = true, .count = n };
}

static inline connlog_value
event_text(const char *p, size_t n)
{
	return (connlog_value){ .type = CONNLOG_STRING, .set = true, .text = { p, n } };
}

static inline connlog_value
event_bytes(const void *p, size_t n)
{
	return (connlog_value){ .type = CONNLOG_BYTES, .set = true, .text = { p, n } };
}

/* Raises the event of a counter that has reached 10, 100, …; `threshold` is the result of history_scaled(): 0 and 1
 * raise none (Session::HistoryThresholdEvent). */
static inline void
conn_event_multiple(const struct conn_store *s, uint32_t handle, connlog_event_id id, bool is_orig, uint32_t threshold)
{
	if (threshold > 1 && conn_wants(s, id))
		conn_raise(s, handle, id, (connlog_value[]){ event_bool(is_orig), event_count(threshold) });
}

#endif
