/* writer.c - the writers of connlog.h: options, choice of the format, the buffer. */
#include <stdio.h>
#include <stdlib.h>

#include "record/public.h"
#include "write/format.h"

static const struct format *const formats[] = { &format_zeek, &format_json };
enum { FORMATS = sizeof formats / sizeof formats[0] };

static const char *const json_times[] = {
	[JSON_TIME_EPOCH] = "JSON::TS_EPOCH",
	[JSON_TIME_MILLIS] = "JSON::TS_MILLIS",
	[JSON_TIME_MILLIS_UNSIGNED] = "JSON::TS_MILLIS_UNSIGNED",
	[JSON_TIME_ISO8601] = "JSON::TS_ISO8601",
};
enum { JSON_TIMES = sizeof json_times / sizeof json_times[0] };

/* => Which of them it is, or JSON_TIMES. */
static size_t
find_json_time(const char *name)
{
	size_t i = 0;
	while (i < JSON_TIMES && strcmp(json_times[i], name) != 0)
		i++;
	return i;
}

static const struct format *
find_format(const char *name)
{
	for (size_t i = 0; i < FORMATS; i++)
		if (strcmp(formats[i]->name, name) == 0)
			return formats[i];
	return NULL;
}

char *
put_hex_escape(char *p, unsigned char c)
{
	static const char hex[] = "0123456789abcdef";
	*p++ = '\\';
	*p++ = 'x';
	*p++ = hex[c >> 4];
	*p++ = hex[c & 15];
	return p;
}

static void
make_keys(struct connlog_writer *w)
{
	for (size_t i = 0; i < w->fields.n; i++) {
		struct key *k = &w->keys[i];
		k->n = (unsigned)snprintf(k->text, sizeof k->text, ",\"%s\":", w->fields.at[i]->info.name);
	}
}

/* Applies the options. => false with a text in `err`. */
static bool
configure(struct connlog_writer *w, const connlog_writer_options *o, char *err, size_t err_size)
{
	const char *format = o != NULL && o->format != NULL ? o->format : "zeek";
	const char *time = o != NULL && o->json_timestamps != NULL ? o->json_timestamps : json_times[JSON_TIME_EPOCH];

	w->format = find_format(format);
	if (w->format == NULL) {
		int n = snprintf(err, err_size, "unknown format \"%.80s\": known are", format);
		for (size_t i = 0; i < FORMATS && n >= 0 && (size_t)n < err_size; i++)
			n += snprintf(err + n, err_size - (size_t)n, " %s", formats[i]->name);
		return false;
	}
	size_t t = find_json_time(time);
	if (t == JSON_TIMES) {
		snprintf(err, err_size, "unknown time format \"%.80s\": known are %s %s %s %s", time, json_times[0],
		         json_times[1], json_times[2], json_times[3]);
		return false;
	}
	w->json_time = (enum json_time)t;
	field_set_profile(&w->fields, PROFILE_DEFAULT);
	if (o != NULL && o->fields != NULL) {
		const char *problem = field_set_parse(&w->fields, o->fields, err, err_size);
		if (problem != NULL && problem != err)
			snprintf(err, err_size, "%s", problem);
		if (problem != NULL)
			return false;
	}
	make_keys(w);
	return true;
}

connlog_writer *
connlog_writer_new(const connlog_writer_options *o, char *err, size_t err_size)
{
	struct connlog_writer *w = calloc(1, sizeof *w);
	if (w == NULL) {
		snprintf(err, err_size, "out of memory");
		return NULL;
	}
	if (!configure(w, o, err, err_size)) {
		connlog_writer_free(w);
		return NULL;
	}
	return w;
}

void
connlog_writer_free(connlog_writer *w)
{
	if (w == NULL)
		return;
	outbuf_free(&w->out);
	free(w);
}

bool
connlog_writer_has(const connlog_writer *w, size_t column)
{
	for (size_t i = 0; i < w->fields.n; i++)
		if ((size_t)(w->fields.at[i] - schema) == column)
			return true;
	return false;
}

int
writer_outcome(connlog_writer *w)
{
	bool failed = w->out.failed;
	w->out.failed = false;
	return failed ? CONNLOG_NO_MEMORY : CONNLOG_OK;
}

int
connlog_writer_open(connlog_writer *w, double when)
{
	if (w->format->open != NULL)
		w->format->open(w, when);
	return writer_outcome(w);
}

/* => What the record's line can take at most, in any format. */
static size_t
record_room(const struct connlog_writer *w, const struct record *r)
{
	size_t room = AROUND_VALUE + w->fields.n * (AROUND_VALUE + SCALAR_ROOM);

	for (size_t i = 0; i < w->fields.n; i++) {
		const struct column *c = w->fields.at[i];
		connlog_type         type = c->info.type;
		if (!column_is_set(c, r))
			continue;
		if (type == CONNLOG_STRING || type == CONNLOG_ENUM) {
			room += AROUND_TEXT + BYTE_ROOM * ((const struct text *)column_at(c, r))->n;
		} else if (type == CONNLOG_STRING_SET) {
			const struct text_set *set = column_at(c, r);
			for (size_t k = 0; k < set->n; k++)
				room += AROUND_TEXT + BYTE_ROOM * set->at[k].n;
		}
	}
	return room;
}

int
connlog_writer_record(connlog_writer *w, const connlog_record *record)
{
	const struct record *r = record_of(record);
	char                *p = outbuf_reserve(&w->out, record_room(w, r));
	if (p != NULL)
		outbuf_advance(&w->out, (size_t)(w->format->record(w, p, r) - p));
	return writer_outcome(w);
}

int
connlog_writer_close(connlog_writer *w, double when)
{
	if (w->format->close != NULL)
		w->format->close(w, when);
	return writer_outcome(w);
}

connlog_text
connlog_writer_bytes(const connlog_writer *w)
{
	return (connlog_text){ w->out.p, w->out.n };
}

void
connlog_writer_clear(connlog_writer *w)
{
	w->out.n = 0;
}
