/* event.c - writes an event as a line of JSON: its time, its name, its connection, and the arguments under Zeek's
 * names.
 *
 * Values look as in the JSON log (json_value.c); bytes, for which JSON has no type, are base64.  Unset values are left
 * out.  As for records, the room for the line is computed first and nothing is checked while writing.
 *
 * Events of one connection usually come in a row, so the text that names the connection (half of most lines) is kept,
 * together with everything it depends on.
 */
#include <openssl/evp.h>

#include "event/bus.h"
#include "write/json_value.h"

/* Room around a value: name, quotes, colon and comma; Zeek's longest name has 22 letters (send_timestamp,
 * data_in_flight). */
#define NAME_ROOM 40
#define LINE_ROOM (4 * NAME_ROOM + SCALAR_ROOM + EVENT_ORIGIN_ROOM) /* everything but the arguments */

static char *
put_bytes(char *p, connlog_text t)
{
	*p++ = '"';
	p += EVP_EncodeBlock((unsigned char *)p, (const unsigned char *)t.p, (int)t.n); /* including a final zero byte */
	*p++ = '"';
	return p;
}

static char *
put_address(char *p, const uint8_t address[16])
{
	struct addr a;

	memcpy(a.b, address, sizeof a.b);
	*p++ = '"';
	p += addr_format(&a, p);
	*p++ = '"';
	return p;
}

static char *
put_counts(char *p, const uint64_t *at, size_t n)
{
	*p++ = '[';
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			*p++ = ',';
		p += format_u64(p, at[i]);
	}
	*p++ = ']';
	return p;
}

static char *
put_texts(char *p, const connlog_text *at, size_t n)
{
	*p++ = '[';
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			*p++ = ',';
		p = json_put_text(p, (struct text){ at[i].p, at[i].n });
	}
	*p++ = ']';
	return p;
}

static char *put_value(char *p, const struct connlog_writer *w, const connlog_value *v);

/* Writes ,"NAME":VALUE for each field that is set. */
static char *
put_members(char *p, const struct connlog_writer *w, connlog_fields fields)
{
	for (size_t i = 0; i < fields.n; i++) {
		if (!fields.at[i].value.set)
			continue;
		p = put_word(p, ",\"");
		p = put_word(p, fields.at[i].name);
		p = put_word(p, "\":");
		p = put_value(p, w, &fields.at[i].value);
	}
	return p;
}

static char *
put_record(char *p, const struct connlog_writer *w, connlog_fields fields)
{
	char *start = p;

	p = put_members(p, w, fields);
	if (p == start) /* nothing is set */
		p++;
	*start = '{'; /* in place of the first comma */
	*p++ = '}';
	return p;
}

static char *
put_records(char *p, const struct connlog_writer *w, const connlog_fields *at, size_t n)
{
	*p++ = '[';
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			*p++ = ',';
		p = put_record(p, w, at[i]);
	}
	*p++ = ']';
	return p;
}

static char *
put_value(char *p, const struct connlog_writer *w, const connlog_value *v)
{
	switch (v->type) {
	case CONNLOG_TIME:
		return put_time(p, w->json_time, v->number);
	case CONNLOG_INTERVAL:
	case CONNLOG_DOUBLE:
		return put_double(p, v->number);
	case CONNLOG_STRING:
	case CONNLOG_ENUM:
		return json_put_text(p, (struct text){ v->text.p, v->text.n });
	case CONNLOG_ADDR:
		return put_address(p, v->address);
	case CONNLOG_PORT:
	case CONNLOG_COUNT:
		return p + format_u64(p, v->count);
	case CONNLOG_INT:
		return p + format_i64(p, v->integer);
	case CONNLOG_BOOL:
		return put_word(p, v->boolean ? "true" : "false");
	case CONNLOG_STRING_SET:
		return put_texts(p, v->texts.at, v->texts.n);
	case CONNLOG_BYTES:
		return put_bytes(p, v->text);
	case CONNLOG_COUNTS:
		return put_counts(p, v->counts.at, v->counts.n);
	case CONNLOG_RECORD:
		return put_record(p, w, v->record);
	case CONNLOG_RECORDS:
		return put_records(p, w, v->records.at, v->records.n);
	}
	return p;
}

/* Writes how the lines name the connection. */
static size_t
format_connection(const struct connlog_writer *w, const struct conn_store *s, const struct conn *c, char *p)
{
	const struct uid  uid = conn_uid(s, c);
	const struct addr orig = conn_host(s, c, ORIG), resp = conn_host(s, c, RESP);
	char             *start = p;

	p = put_word(p, ",\"uid\":\"");
	p += uid_format(&uid, p);
	p = put_address(put_word(p, "\",\"id.orig_h\":"), orig.b);
	p = put_word(p, ",\"id.orig_p\":");
	p += format_u64(p, c->p[ORIG]);
	p = put_address(put_word(p, ",\"id.resp_h\":"), resp.b);
	p = put_word(p, ",\"id.resp_p\":");
	p += format_u64(p, c->p[RESP]);
	p = put_time(put_word(p, ",\"start_time\":"), w->json_time, conn_start(s, c) + s->shift);
	return (size_t)(p - start);
}

static char *
put_connection(char *p, struct connlog_writer *w, const connlog_event *event)
{
	const struct conn_store *s = event_store(event);
	const struct conn       *c = conn_at(s, event_handle(event));
	const struct addr        h[2] = { conn_host(s, c, ORIG), conn_host(s, c, RESP) };
	struct event_origin     *o = &w->origin;
	const double             start = conn_start(s, c) + s->shift;

	if (o->n == 0 || o->start_time != start || o->uid_salt != conn_salt(s, c) || o->proto != c->proto ||
	    memcmp(o->p, c->p, sizeof o->p) != 0 || memcmp(o->h, h, sizeof o->h) != 0 ||
	    memcmp(&o->uid_key, &s->uid_key, sizeof o->uid_key) != 0) {
		o->start_time = start;
		o->uid_salt = conn_salt(s, c);
		o->proto = c->proto;
		memcpy(o->p, c->p, sizeof o->p);
		memcpy(o->h, h, sizeof o->h);
		o->uid_key = s->uid_key;
		o->n = format_connection(w, s, c, o->text);
	}
	memcpy(p, o->text, o->n);
	return p + o->n;
}

static size_t value_room(const connlog_value *v);

static size_t
members_room(connlog_fields fields)
{
	size_t room = SCALAR_ROOM;

	for (size_t i = 0; i < fields.n; i++)
		room += fields.at[i].value.set ? NAME_ROOM + value_room(&fields.at[i].value) : 0;
	return room;
}

/* Returns the most bytes that the value can take. */
static size_t
value_room(const connlog_value *v)
{
	size_t room = SCALAR_ROOM;

	switch (v->type) {
	case CONNLOG_STRING:
	case CONNLOG_ENUM:
		return AROUND_TEXT + BYTE_ROOM * v->text.n;
	case CONNLOG_BYTES:
		return AROUND_TEXT + v->text.n / 3 * 4 + 4;
	case CONNLOG_COUNTS:
		return AROUND_TEXT + v->counts.n * (U64_TEXT_MAX + 1);
	case CONNLOG_STRING_SET:
		for (size_t i = 0; i < v->texts.n; i++)
			room += AROUND_TEXT + BYTE_ROOM * v->texts.at[i].n;
		return room;
	case CONNLOG_RECORD:
		return members_room(v->record);
	case CONNLOG_RECORDS:
		for (size_t i = 0; i < v->records.n; i++)
			room += members_room(v->records.at[i]);
		return room;
	default:
		return room;
	}
}

/* Stores the event's arguments in `out`.  Returns their number. */
static size_t
collect(const connlog_event *event, const connlog_event_info *info, connlog_field out[CONNLOG_ARGUMENTS_MAX])
{
	size_t n = 0;

	for (; info->arguments[n].name != NULL; n++)
		out[n] = (connlog_field){ info->arguments[n].name, connlog_event_argument(event, n) };
	return n;
}

int
connlog_writer_event(connlog_writer *w, const connlog_event *event)
{
	const connlog_event_info *info = connlog_event_at(connlog_event_which(event));
	connlog_field             at[CONNLOG_ARGUMENTS_MAX];
	const connlog_fields      arguments = { at, collect(event, info, at) };
	char *const               start = outbuf_reserve(&w->out, LINE_ROOM + members_room(arguments));
	char                     *p = start;

	if (start == NULL)
		return writer_outcome(w);
	p = put_time(put_word(p, "{\"ts\":"), w->json_time, connlog_event_time(event));
	p = put_word(put_word(put_word(p, ",\"event\":\""), info->name), "\"");
	p = put_connection(p, w, event);
	p = put_members(p, w, arguments);
	p = put_word(p, "}\n");
	outbuf_advance(&w->out, (size_t)(p - start));
	return writer_outcome(w);
}
