/* threshold.c - see threshold.h. */
#include "conn/threshold.h"

#include <stdlib.h>

static bool
is_generic(const struct count_set *set, uint64_t packets)
{
	for (unsigned i = 0; i < set->n; i++)
		if (set->at[i] == packets)
			return true;
	return false;
}

static void
crossed(struct conn_store *s, uint32_t handle, connlog_event_id id, connlog_value threshold, int side)
{
	if (conn_wants(s, id))
		conn_raise(s, handle, id, (connlog_value[]){ threshold, event_bool(side == ORIG) });
}

static void
check_set(struct conn_store *s, uint32_t handle, struct conn_thresholds *t, int side)
{
	const struct conn *c = conn_at(s, handle);
	const uint64_t     bytes = t->bytes[side], packets = t->packets[side];
	const double       duration = t->duration;

	/* Cleared before the event, whose handler may set the next one. */
	if (bytes && conn_bytes(s, c, side) >= bytes) {
		t->bytes[side] = 0;
		crossed(s, handle, CONNLOG_EVENT_CONN_BYTES_THRESHOLD_CROSSED, event_count(bytes), side);
	}
	if (packets && conn_pkts(s, c, side) >= packets) {
		t->packets[side] = 0;
		crossed(s, handle, CONNLOG_EVENT_CONN_PACKETS_THRESHOLD_CROSSED, event_count(packets), side);
	}
	if (duration != 0 && s->now - conn_start(s, c) > duration &&
	    conn_wants(s, CONNLOG_EVENT_CONN_DURATION_THRESHOLD_CROSSED)) {
		t->duration = 0;
		crossed(s, handle, CONNLOG_EVENT_CONN_DURATION_THRESHOLD_CROSSED,
		        (connlog_value){ .type = CONNLOG_INTERVAL, .set = true, .number = duration }, side);
	}
}

void
conn_check_thresholds(struct conn_store *s, uint32_t handle, int side)
{
	const struct conn *c = conn_at(s, handle);
	const uint64_t     packets = conn_pkts(s, c, ORIG) + conn_pkts(s, c, RESP);

	if (conn_wants(s, CONNLOG_EVENT_CONN_GENERIC_PACKET_THRESHOLD_CROSSED) &&
	    is_generic(&s->opt->generic_packet_thresholds, packets)) {
		const connlog_value threshold = event_count(packets);
		conn_raise(s, handle, CONNLOG_EVENT_CONN_GENERIC_PACKET_THRESHOLD_CROSSED, &threshold);
	}
	const struct conn_extra *x = conn_extra_at(s, c);
	if (x && x->thresholds)
		check_set(s, handle, x->thresholds, side);
}

void
conn_note_counted(struct conn_store *s, uint32_t handle, int side)
{
	if (s->events.wanted & COUNTED_WANTED)
		s->on_counted(s->on_counted_arg, handle, side);
	if (s->events.wanted & THRESHOLDS_WANTED)
		conn_check_thresholds(s, handle, side);
}

void
conn_carry(struct conn_store *s, uint32_t handle, int side, bool packet)
{
	struct conn_extra *x = conn_extra_need(s, handle);

	if (x)
		(packet ? x->pkts : x->bytes)[side]++;
}

struct conn_thresholds *
conn_thresholds_need(struct conn_store *s, uint32_t handle)
{
	struct conn_extra *x = conn_extra_need(s, handle);

	if (x && !x->thresholds)
		x->thresholds = calloc(1, sizeof *x->thresholds);
	return x ? x->thresholds : NULL;
}
