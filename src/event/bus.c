/* bus.c - see bus.h. */
#include "event/bus.h"

#include <stdlib.h>

#include "conn/threshold.h"

struct connlog_event {
	struct event_bus    *bus;
	connlog_event_id     id;
	uint32_t             handle;
	const connlog_value *arguments;
};

bool
listeners_add(struct listeners *l, void (*fn)(void), void *arg)
{
	struct listener *at = realloc(l->at, (l->n + 1) * sizeof *at);

	if (!at)
		return false;
	l->at = at;
	l->at[l->n++] = (struct listener){ fn, arg };
	return true;
}

/* Handlers can raise events (a threshold that is already crossed, a file that cannot be written), even their own again and
 * again.  Zeek's queue would never drain then; here one event leads to at most this many. */
#define FOLLOWING_MAX 64

static void
raise_event(void *arg, uint32_t handle, connlog_event_id id, const connlog_value *arguments)
{
	struct event_bus          *b = arg;
	const struct listeners    *l = &b->events[id];
	const struct connlog_event event = { b, id, handle, arguments };

	const bool first = b->following == 0;
	if (b->following > FOLLOWING_MAX || conn_at(b->s, handle)->flags & CONN_REPLICA)
		return;
	b->following++;
	for (size_t i = 0; i < l->n && *b->status == CONNLOG_OK; i++)
		*b->status = ((connlog_event_fn)l->at[i].fn)(l->at[i].arg, &event);
	if (first)
		b->following = 0;
	if (id == CONNLOG_EVENT_CONNECTION_ESTABLISHED)
		contents_established(&b->contents, handle);
}

void
bus_init(struct event_bus *b, struct conn_store *s, int *status)
{
	*b = (struct event_bus){ .s = s, .status = status };
	s->events.arg = b;
	s->events.raise = raise_event;
}

void
bus_free(struct event_bus *b)
{
	for (size_t id = 0; id < CONNLOG_EVENTS; id++)
		free(b->events[id].at);
	contents_free(&b->contents);
	free(b->policies.at);
	free(b->records.at);
	free(b->longs.at);
}

bool
bus_on_event(struct event_bus *b, connlog_event_id id, connlog_event_fn fn, void *arg)
{
	if (!listeners_add(&b->events[id], (void (*)(void))fn, arg))
		return false;
	b->s->events.wanted |= UINT64_C(1) << id;
	return true;
}

const struct conn_store *
event_store(const connlog_event *event)
{
	return event->bus->s;
}

uint32_t
event_handle(const connlog_event *event)
{
	return event->handle;
}

bool
bus_policy(const struct event_bus *b, connlog_record *r)
{
	for (size_t i = 0; i < b->policies.n; i++)
		if (!((connlog_policy_fn)b->policies.at[i].fn)(b->policies.at[i].arg, r))
			return false;
	return true;
}

static void
tell(const struct event_bus *b, const struct listeners *l, const connlog_record *r)
{
	for (size_t i = 0; i < l->n && *b->status == CONNLOG_OK; i++)
		*b->status = ((connlog_record_fn)l->at[i].fn)(l->at[i].arg, r);
}

void
bus_record(const struct event_bus *b, const connlog_record *r)
{
	tell(b, &b->records, r);
}

void
bus_long(const struct event_bus *b, const connlog_record *r)
{
	tell(b, &b->longs, r);
}

connlog_event_id
connlog_event_which(const connlog_event *event)
{
	return event->id;
}

double
connlog_event_time(const connlog_event *event)
{
	return event->bus->s->now + event->bus->s->shift;
}

connlog_value
connlog_event_argument(const connlog_event *event, size_t i)
{
	const connlog_event_info *info = connlog_event_at(event->id);

	for (size_t k = 0; k <= i; k++)
		if (info->arguments[k].name == NULL)
			return (connlog_value){ .set = false };
	return event->arguments[i];
}

const connlog_record *
connlog_event_record(const connlog_event *event)
{
	return event->bus->record(event->bus->record_arg, event->handle);
}

int
connlog_event_set_threshold(const connlog_event *event, connlog_threshold which, double value, bool is_orig)
{
	struct conn_store *s = event->bus->s;
	const int          side = is_orig ? ORIG : RESP;

	if (!(value >= 0 && value < 9e18) || (unsigned)which > CONNLOG_THRESHOLD_DURATION)
		return CONNLOG_BAD_OPTION;
	struct conn_thresholds *t = conn_thresholds_need(s, event->handle);
	if (!t)
		return CONNLOG_NO_MEMORY;
	if (which == CONNLOG_THRESHOLD_BYTES)
		t->bytes[side] = (uint64_t)value;
	else if (which == CONNLOG_THRESHOLD_PACKETS)
		t->packets[side] = (uint64_t)value;
	else
		t->duration = value;
	if (s->events.wanted & THRESHOLDS_WANTED)
		conn_check_thresholds(s, event->handle, which == CONNLOG_THRESHOLD_DURATION ? ORIG : side);
	return CONNLOG_OK;
}

int
connlog_event_extract(const connlog_event *event, bool orig, bool resp)
{
	return contents_extract(&event->bus->contents, event->handle, orig, resp) ? CONNLOG_OK : CONNLOG_BAD_OPTION;
}
