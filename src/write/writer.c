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
		return problem == NULL;
	}
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

/* => What a call that appends answers; a lack of memory is told once. */
static int
outcome(connlog_writer *w)
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
	return outcome(w);
}

int
connlog_writer_record(connlog_writer *w, const connlog_record *r)
{
	size_t before = w->out.n;
	w->format->record(w, record_of(r));
	if (w->out.failed)
		w->out.n = before; /* no half lines */
	return outcome(w);
}

int
connlog_writer_close(connlog_writer *w, double when)
{
	if (w->format->close != NULL)
		w->format->close(w, when);
	return outcome(w);
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
