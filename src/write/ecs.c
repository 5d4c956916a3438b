/* ecs.c - JSON with the names of Elastic's Common Schema, as Elastic's Zeek integration produces it from conn.log.
 *
 * Follows elastic/integrations packages/zeek/data_stream/connection, elasticsearch/ingest_pipeline/default.yml, for
 * ECS 8.11: what it renames, computes and adds.  What it drops (payload bytes, tunnel parents, times beyond the
 * millisecond) is kept under zeek.connection, so that the log can be restored.  Fields that need data from outside the
 * record are missing: event.created, geo and as.
 */
#include <math.h>
#include <stdint.h>
#include <time.h>

#include "conn/community_id.h"
#include "decode/ip.h"
#include "record/names.h"
#include "write/json.h"

/* By conn_state: event.type and the message. */
static const struct state {
	const char *name, *types, *message;
} states[] = {
	{ "S0", "\"connection\",\"start\"", "Connection attempt seen, no reply." },
	{ "S1", "\"connection\",\"start\"", "Connection established, not terminated." },
	{ "SF", "\"connection\",\"start\",\"end\"", "Normal establishment and termination." },
	{ "REJ", "\"connection\",\"start\",\"denied\"", "Connection attempt rejected." },
	{ "S2", "\"connection\",\"info\"",
	  "Connection established and close attempt by originator seen (but no reply from responder)." },
	{ "S3", "\"connection\",\"info\"",
	  "Connection established and close attempt by responder seen (but no reply from originator)." },
	{ "RSTO", "\"connection\",\"info\"", "Connection established, originator aborted (sent a RST)." },
	{ "RSTR", "\"connection\",\"info\"", "Responder sent a RST." },
	{ "RSTOS0", "\"connection\",\"info\"",
	  "Originator sent a SYN followed by a RST, we never saw a SYN-ACK from the responder." },
	{ "RSTRH", "\"connection\",\"info\"",
	  "Responder sent a SYN ACK followed by a RST, we never saw a SYN from the (purported) originator." },
	{ "SH", "\"connection\",\"info\"",
	  "Originator sent a SYN followed by a FIN, we never saw a SYN ACK from the responder (hence the connection was "
	  "'half' "
	  "open)." },
	{ "SHR", "\"connection\",\"info\"",
	  "Responder sent a SYN ACK followed by a FIN, we never saw a SYN from the originator." },
	{ "OTH", "\"connection\",\"info\"",
	  "No SYN seen, just midstream traffic (a 'partial connection' that was not later closed)." },
};
enum { STATES = sizeof states / sizeof states[0] };

/* A record being written. */
struct ecs {
	const struct connlog_writer *w;
	const struct record         *r;
	uint64_t                     has; /* those of the first 64 columns that are set and to be written */
	bool                         icmp;
};

static bool
has(const struct ecs *e, uint64_t columns)
{
	return (e->has & columns) == columns;
}

static char *
put_key(char *p, const char *key)
{
	*p++ = ',';
	*p++ = '"';
	p = stpcpy(p, key);
	*p++ = '"';
	*p++ = ':';
	return p;
}

static char *
put_string(char *p, const char *key, const char *value)
{
	return json_put_text(put_key(p, key), (struct text){ value, strlen(value) });
}

static char *
put_column(const struct ecs *e, char *p, const char *key, enum column_id id)
{
	const struct cell c = cell_of(&schema[id]);

	return (id >= 64 ? cell_is_set(&c, e->r) : has(e, HAS(id))) ? json_put_value(put_key(p, key), e->w, &c, e->r) : p;
}

/* Begins an object that ends with close_object(): each member writes a comma first, and close_object() turns the first
 * comma into the brace. */
static char *
open_object(char *p, const char *key)
{
	return put_key(p, key);
}

/* Returns the end of the object that began at `members`, or `start` if it has no members. */
static char *
close_object(char *start, char *members, char *p)
{
	if (p == members)
		return start;
	*members = '{';
	*p++ = '}';
	return p;
}

/* Writes the columns whose ECS names are directly below `object`, a path that ends with a dot. */
static char *
put_members(const struct ecs *e, char *p, const char *object)
{
	size_t n = strlen(object);

	for (size_t i = 0; i < e->w->fields.n; i++) {
		const struct field *f = &e->w->fields.at[i];
		if (f->column == NULL || !column_is_set(f->column, e->r))
			continue;
		const char *name = names_of(NAMES_ECS, f->column);
		if (name == NULL ? strcmp(object, ECS_PREFIX) != 0 : strncmp(name, object, n) != 0)
			continue;
		enum column_id id = (enum column_id)(f->column - schema);
		if ((e->icmp && (id == COL_ORIG_P || id == COL_RESP_P)) || id == COL_DURATION)
			continue; /* they have their own places and units */
		p = put_column(e, p, name != NULL ? name + n : f->name, id);
	}
	return p;
}

/* Writes a time cut to milliseconds, as dates are in Elasticsearch. */
static char *
put_timestamp(const struct ecs *e, char *start)
{
	const double millis = floor(e->r->ts * 1000);
	struct tm    tm;
	size_t       n = 0;

	if (!has(e, HAS(COL_TS)) || !(fabs(millis) < 1e17))
		return start;
	const int64_t part = (int64_t)millis % 1000, above = part < 0 ? part + 1000 : part;
	const time_t  whole = ((int64_t)millis - above) / 1000;
	char         *p = put_key(start, "@timestamp");
	if (gmtime_r(&whole, &tm) != NULL)
		n = strftime(p, SCALAR_ROOM, "\"%Y-%m-%dT%H:%M:%S.", &tm);
	if (n == 0)
		return start;
	format_digits(p + n, (uint64_t)above, 3);
	return stpcpy(p + n + 3, "Z\"");
}

static const struct state *
state_of(const struct ecs *e)
{
	for (size_t i = 0; has(e, HAS(COL_CONN_STATE)) && i < STATES; i++)
		if (text_is(e->r->conn_state, states[i].name))
			return &states[i];
	return NULL;
}

static char *
put_event(const struct ecs *e, char *p)
{
	const struct state *state = state_of(e);

	p = stpcpy(p, ",\"event\":{\"kind\":\"event\",\"category\":[\"network\"]");
	if (state != NULL)
		p = stpcpy(stpcpy(stpcpy(p, ",\"type\":["), state->types), "]");
	p = put_column(e, p, "id", COL_UID);
	if (has(e, HAS(COL_DURATION)) && fabs(e->r->duration) < 9e9) /* nanoseconds */
		p = put_key(p, "duration"), p += format_i64(p, (int64_t)floor(e->r->duration * 1e9 + 0.5));
	*p++ = '}';
	return p;
}

static char *
put_end(const struct ecs *e, char *start, const char *key, const char *object, enum column_id address)
{
	char *members = open_object(start, key);
	return close_object(start, members, put_column(e, put_members(e, members, object), "ip", address));
}

/* Writes the sum of two columns as a member if both are set. */
static char *
put_sum(const struct ecs *e, char *p, const char *key, enum column_id a, enum column_id b)
{
	if (!has(e, HAS(a) | HAS(b)))
		return p;
	const uint64_t *x = column_at(&schema[a], e->r), *y = column_at(&schema[b], e->r);
	p = put_key(p, key);
	return p + format_u64(p, *x + *y);
}

/* Rebuilds the connection's tuple as the engine has it.  Returns false for protocols without ports. */
static bool
flow_of(const struct ecs *e, struct community_flow *c)
{
	const struct record *r = e->r;
	const bool           v4 = addr_is_v4(&r->orig_h);

	*c = (struct community_flow){ .h = { r->orig_h, r->resp_h }, .p = { r->orig_p, r->resp_p } };
	if (text_is(r->proto, "tcp")) {
		c->transport = TRANSPORT_TCP;
		c->proto = PROTO_TCP;
	} else if (text_is(r->proto, "udp")) {
		c->transport = TRANSPORT_UDP;
		c->proto = PROTO_UDP;
	} else if (e->icmp) {
		c->transport = TRANSPORT_ICMP;
		c->proto = v4 ? PROTO_ICMP : PROTO_ICMPV6;
	}
	return c->transport != TRANSPORT_UNKNOWN;
}

/* Computes and writes the Community ID if the log has none, as the integration does. */
static char *
put_community_id(const struct ecs *e, char *p)
{
	struct community_flow c;
	char                  id[COMMUNITY_ID_MAX];
	size_t                n;

	if (has(e, HAS(COL_COMMUNITY_ID)) ||
	    !has(e, HAS(COL_ORIG_H) | HAS(COL_ORIG_P) | HAS(COL_RESP_H) | HAS(COL_RESP_P) | HAS(COL_PROTO)))
		return p;
	if (!e->icmp && (e->r->orig_p == 0 || e->r->resp_p == 0))
		return p;
	if (!flow_of(e, &c) || (n = community_id(&c, 0, true, id)) == 0)
		return p;
	return json_put_text(put_key(p, "community_id"), (struct text){ id, n });
}

static char *
put_network(const struct ecs *e, char *start)
{
	static const char *const directions[2][2] = { { "external", "inbound" }, { "outbound", "internal" } };
	char                    *members = open_object(start, "network");
	char                    *p = put_members(e, members, "network.");

	p = put_community_id(e, p);
	p = put_sum(e, p, "bytes", COL_ORIG_IP_BYTES, COL_RESP_IP_BYTES);
	p = put_sum(e, p, "packets", COL_ORIG_PKTS, COL_RESP_PKTS);
	if (has(e, HAS_LOCAL))
		p = put_string(p, "direction", directions[e->r->local_orig][e->r->local_resp]);
	return close_object(start, members, p);
}

/* Writes lists of the values that are set: each element with a comma in front, of which the first becomes the bracket. */
static char *
close_list(char *start, char *elements, char *p)
{
	if (p == elements)
		return start;
	*elements = '[';
	*p++ = ']';
	return p;
}

static char *
put_related(const struct ecs *e, char *start)
{
	char *elements = stpcpy(start, ",\"related\":{\"ip\":"), *p = elements;
	bool  same = has(e, HAS(COL_ORIG_H) | HAS(COL_RESP_H)) && addr_cmp(&e->r->orig_h, &e->r->resp_h) == 0;

	for (enum column_id id = COL_ORIG_H; id <= COL_RESP_H; id += COL_RESP_H - COL_ORIG_H) {
		if (!has(e, HAS(id)) || (id == COL_RESP_H && same))
			continue;
		const struct cell c = cell_of(&schema[id]);
		*p++ = ',';
		p = json_put_value(p, e->w, &c, e->r);
	}
	if (p == elements)
		return start;
	p = close_list(start, elements, p);
	*p++ = '}';
	return p;
}

/* The integration adds these tags whenever the columns are set, whatever their values. */
static char *
put_tags(const struct ecs *e, char *start)
{
	char *elements = put_key(start, "tags"), *p = elements;

	if (has(e, HAS(COL_LOCAL_ORIG)))
		p = stpcpy(p, ",\"local_orig\"");
	if (has(e, HAS(COL_LOCAL_RESP)))
		p = stpcpy(p, ",\"local_resp\"");
	return close_list(start, elements, p);
}

static char *
put_icmp(const struct ecs *e, char *start)
{
	char *members = open_object(start, "icmp"), *p = members;

	if (!e->icmp)
		return start;
	p = put_column(e, p, "type", COL_ORIG_P);
	p = put_column(e, p, "code", COL_RESP_P);
	return close_object(start, members, p);
}

/* Writes what only Zeek has, including unknown columns. */
static char *
put_zeek(const struct ecs *e, char *start)
{
	const struct state *state = state_of(e);
	char               *members = open_object(start, "zeek"), *p = put_column(e, members, "session_id", COL_UID);
	char               *connection = p, *inner = open_object(p, "connection");

	p = put_members(e, inner, ECS_PREFIX);
	if (state != NULL)
		p = put_string(p, "state_message", state->message);
	p = put_icmp(e, p);
	for (size_t i = 0; i < e->w->fields.n; i++) {
		const struct field *f = &e->w->fields.at[i];
		const struct extra *x = f->column == NULL ? field_extra(f, e->r) : NULL;
		if (x != NULL)
			p = json_put_extra(p, "", x);
	}
	return close_object(start, members, close_object(connection, inner, p));
}

static char *
ecs_record(const struct connlog_writer *w, char *p, const struct record *r)
{
	struct ecs e = { .w = w, .r = r };
	char      *start = p;

	for (size_t i = 0; i < w->fields.n; i++)
		if (w->fields.at[i].column != NULL && w->fields.at[i].column->word == HAS_WORD(0))
			e.has |= r->has & w->fields.at[i].column->has;
	e.icmp = has(&e, HAS(COL_PROTO)) && text_is(r->proto, "icmp");
	p = put_timestamp(&e, p);
	p = stpcpy(p, ",\"ecs\":{\"version\":\"8.11.0\"}");
	p = put_event(&e, p);
	p = put_end(&e, p, "source", "source.", COL_ORIG_H);
	p = put_end(&e, p, "destination", "destination.", COL_RESP_H);
	p = put_network(&e, p);
	p = put_related(&e, p);
	p = put_tags(&e, p);
	p = put_zeek(&e, p);
	*start = '{';
	return stpcpy(p, "}\n");
}

const struct format format_ecs = {
	.info = { "ecs", "JSON in the names of Elastic's Common Schema, as Elastic's Zeek integration has them",
	          "of times and durations what is finer than a nanosecond" },
	.extras = true,
	.copies = 2, /* the uid */
	.room = 2048,
	.record = ecs_record,
};
