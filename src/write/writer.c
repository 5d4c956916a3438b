/* writer.c - the writers of connlog.h: their options, format and buffer. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "connlog_long.h"
#include "record/public.h"
#include "write/zeek.h"

static const char *const json_times[] = {
	[JSON_TIME_EPOCH] = "JSON::TS_EPOCH",
	[JSON_TIME_MILLIS] = "JSON::TS_MILLIS",
	[JSON_TIME_MILLIS_UNSIGNED] = "JSON::TS_MILLIS_UNSIGNED",
	[JSON_TIME_ISO8601] = "JSON::TS_ISO8601",
};
enum { JSON_TIMES = sizeof json_times / sizeof json_times[0] };

/* Returns the index of the name, or JSON_TIMES if it is unknown. */
static size_t
find_json_time(const char *name)
{
	size_t i = 0;
	while (i < JSON_TIMES && strcmp(json_times[i], name) != 0)
		i++;
	return i;
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

static bool
is_text(connlog_type type)
{
	return type == CONNLOG_STRING || type == CONNLOG_ENUM || type == CONNLOG_STRING_SET;
}

static void
make_key(const struct format *f, const struct column *c, struct key *k)
{
	const char *own = f->name != NULL ? f->name(c) : NULL;

	k->n = (unsigned)snprintf(k->text, sizeof k->text, ",\"%s%s\":", own == NULL && f->prefix != NULL ? f->prefix : "",
	                          own != NULL ? own : c->info.name);
}

/* Derives from the fields, once, what every record would otherwise have to look up. */
static void
make_cells(struct connlog_writer *w)
{
	w->room = w->format->room + AROUND_VALUE + w->fields.n * (AROUND_VALUE + SCALAR_ROOM);
	w->texts[0] = w->texts[1] = 0;
	w->unknown = w->wide = false;
	for (size_t i = 0; i < w->fields.n; i++) {
		const struct column *c = w->fields.at[i].column;
		w->cells[i] = (struct cell){ 0 };
		if (c == NULL) {
			w->unknown = true;
			continue;
		}
		w->cells[i] = cell_of(c);
		w->wide = w->wide || c->word != HAS_WORD(0);
		if (is_text(c->info.type))
			w->texts[c->word != HAS_WORD(0)] |= c->has;
		make_key(w->format, c, &w->keys[i]);
	}
	w->straight = zeek_is_straight(w);
}

/* Chooses the columns of a format that has its own: those in `list`, including ones in `known` that are not in the
 * schema. */
static void
set_columns(struct field_set *set, const char *list, const struct field_set *known)
{
	set->n = 0;
	for (const char *p = list;; p++) {
		const size_t         n = strcspn(p, ",");
		const struct column *c = schema_find(p, n);
		struct field         f = { .extra = NO_EXTRA, .name = "", .type_name = "string" };
		if (c != NULL)
			f = field_of(c);
		for (size_t i = 0; c == NULL && i < known->n; i++)
			if (strlen(known->at[i].name) == n && memcmp(known->at[i].name, p, n) == 0)
				f = known->at[i];
		if (c != NULL || f.extra != NO_EXTRA)
			field_set_add(set, &f);
		p += n;
		if (*p == '\0')
			break;
	}
}

/* Returns whether the writer can write a column that a log has. */
static bool
has_place(const struct format *format, const struct field_set *fields, const struct field *f)
{
	if (f->column == NULL && !format->extras && format->columns == NULL)
		return false;
	for (size_t i = 0; i < fields->n; i++)
		if (f->column != NULL ? fields->at[i].column == f->column : strcmp(fields->at[i].name, f->name) == 0)
			return true;
	return false;
}

/* Chooses the fields from those of the records.  Returns NULL, or what is wrong with --fields. */
static const char *
choose_fields(struct connlog_writer *w, const struct field_set *known, char *err, size_t err_size)
{
	const char *problem = NULL, *more = w->format->history_columns;
	size_t      kept = 0;

	if (w->format->columns != NULL)
		set_columns(&w->fields, w->state_history && more != NULL ? more : w->format->columns, known);
	else
		w->fields = *known;
	if (w->wanted != NULL)
		problem = field_set_parse(&w->fields, known, w->wanted, err, err_size);
	for (size_t i = 0; i < w->fields.n; i++)
		if (w->fields.at[i].column != NULL || w->format->extras || w->format->columns != NULL)
			w->fields.at[kept++] = w->fields.at[i];
	w->fields.n = kept;
	make_cells(w);
	return problem;
}

/* Notes the names of the columns that the format lacks; columns that --fields leaves out do not count as lost. */
static void
note_dropped(struct connlog_writer *w, const struct field_set *known)
{
	w->dropped.n = 0;
	for (size_t i = 0; i < known->n; i++) {
		const struct field *f = &known->at[i];
		if (has_place(w->format, &w->fields, f) || (w->wanted != NULL && (f->column != NULL || w->format->extras)))
			continue;
		if (w->dropped.n > 0)
			outbuf_char(&w->dropped, ',');
		outbuf_text(&w->dropped, f->name);
	}
	outbuf_char(&w->dropped, '\0');
}

static bool
set_nets(struct net_set *set, const char *name, const char *text, char *err, size_t err_size)
{
	if (text == NULL || net_set_parse(set, text))
		return true;
	snprintf(err, err_size, "%s: \"%.80s\" is no list of subnets like 10.0.0.0/8,fd00::/8", name, text);
	return false;
}

/* Applies the options.  Returns false and writes a message to `err` on failure. */
static bool
configure(struct connlog_writer *w, const connlog_writer_options *o, char *err, size_t err_size)
{
	const char *format = o->format != NULL ? o->format : "zeek";
	const char *time = o->json_timestamps != NULL ? o->json_timestamps : json_times[JSON_TIME_EPOCH];

	w->format = format_find(format);
	if (w->format == NULL) {
		int n = snprintf(err, err_size, "unknown format \"%.80s\": known are", format);
		for (size_t i = 0; connlog_format_at(i) != NULL && n >= 0 && (size_t)n < err_size; i++)
			n += snprintf(err + n, err_size - (size_t)n, " %s", connlog_format_at(i)->name);
		return false;
	}
	size_t t = find_json_time(time);
	if (t == JSON_TIMES) {
		snprintf(err, err_size, "unknown time format \"%.80s\": known are %s %s %s %s", time, json_times[0],
		         json_times[1], json_times[2], json_times[3]);
		return false;
	}
	w->json_time = (enum json_time)t;
	if (o->parquet != NULL)
		w->parquet_options = *o->parquet;
	w->json_streaming = o->json_streaming;
	w->json_unset = o->json_unset;
	const char *wrong = zeek_style_set(&w->style, o);
	if (wrong != NULL) {
		snprintf(err, err_size, "%s", wrong);
		return false;
	}
	w->state_history = o->record_state_history;
	w->dpd_services = o->dpd_conn_logs;
	if (!set_nets(&w->local_nets, "local_nets", o->local_nets, err, err_size) ||
	    !set_nets(&w->neighbor_nets, "neighbor_nets", o->neighbor_nets, err, err_size))
		return false;
	if (o->fields != NULL && w->format->columns != NULL) {
		snprintf(err, err_size, "the format %s has columns of its own: --fields cannot change them", format);
		return false;
	}
	if (o->fields != NULL && (w->wanted = strdup(o->fields)) == NULL) {
		snprintf(err, err_size, "out of memory");
		return false;
	}
	return true;
}

/* Chooses the fields from the log's columns, or from those of the engine's records.  Returns what choose_fields()
 * returns. */
static const char *
first_fields(struct connlog_writer *w, const connlog_columns *columns, char *err, size_t err_size)
{
	struct field_set profile;

	if (columns == NULL || columns_of(columns)->n == 0) { /* an empty log has no columns */
		field_set_profile(&profile, PROFILE_DEFAULT);
		columns = NULL;
	}
	const struct field_set *known = columns != NULL ? columns_of(columns) : &profile;
	const char             *problem = choose_fields(w, known, err, err_size);
	if (problem == NULL && columns != NULL)
		note_dropped(w, known);
	return problem;
}

void
connlog_writer_path(connlog_writer *w, const char *path)
{
	size_t n = 0;

	for (; *path != '\0' && n + 1 < sizeof w->path; path++)
		if (isalnum((unsigned char)*path) || *path == '_')
			w->path[n++] = *path;
	w->path[n] = '\0';
}

connlog_writer *
connlog_writer_new(const connlog_writer_options *o, char *err, size_t err_size)
{
	static const connlog_writer_options none;
	struct connlog_writer              *w = calloc(1, sizeof *w);
	const char                         *problem = NULL;

	if (w == NULL) {
		snprintf(err, err_size, "out of memory");
		return NULL;
	}
	connlog_writer_path(w, "conn");
	if (!configure(w, o != NULL ? o : &none, err, err_size)) {
		connlog_writer_free(w);
		return NULL;
	}
	problem = first_fields(w, o != NULL ? o->columns : NULL, err, err_size);
	if (problem != NULL) {
		if (problem != err)
			snprintf(err, err_size, "%s", problem);
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
	if (w->format != NULL && w->format->free != NULL)
		w->format->free(w);
	outbuf_free(&w->out);
	outbuf_free(&w->dropped);
	net_set_free(&w->local_nets);
	net_set_free(&w->neighbor_nets);
	free(w->wanted);
	free(w);
}

bool
connlog_writer_has(const connlog_writer *w, size_t column)
{
	for (size_t i = 0; i < w->fields.n; i++)
		if (w->fields.at[i].column != NULL && (size_t)(w->fields.at[i].column - schema) == column)
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
	w->opened = true;
	if (w->format->open != NULL)
		w->format->open(w, when);
	return writer_outcome(w);
}

int
connlog_writer_close(connlog_writer *w, double when)
{
	if (w->format->close != NULL)
		w->format->close(w, when);
	return writer_outcome(w);
}

bool
same_fields(const struct field_set *a, const struct field_set *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (a->at[i].column != b->at[i].column || a->at[i].extra != b->at[i].extra ||
		    strcmp(a->at[i].name, b->at[i].name) != 0 || strcmp(a->at[i].type_name, b->at[i].type_name) != 0)
			return false;
	return true;
}

/* If the header stays, so do the columns: each is looked up by name among those that the records have now. */
static void
keep_fields(struct field_set *fields, const struct field_set *known)
{
	for (size_t i = 0; i < fields->n; i++) {
		struct field *f = &fields->at[i];
		if (f->column != NULL)
			continue;
		f->extra = NO_EXTRA;
		for (size_t k = 0; k < known->n; k++)
			if (known->at[k].column == NULL && strcmp(known->at[k].name, f->name) == 0)
				f->extra = known->at[k].extra;
	}
}

int
connlog_writer_columns(connlog_writer *w, const connlog_columns *columns, double when, char *err, size_t err_size)
{
	const struct field_set *known = columns_of(columns), before = w->fields;

	if (w->opened && w->format->one_header) {
		keep_fields(&w->fields, known);
		note_dropped(w, known);
		return writer_outcome(w);
	}
	const char *problem = choose_fields(w, known, err, err_size);
	if (problem != NULL) {
		if (problem != err)
			snprintf(err, err_size, "%s", problem);
		return CONNLOG_BAD_OPTION;
	}
	note_dropped(w, known);
	if (w->opened && !same_fields(&before, &w->fields)) {
		connlog_writer_close(w, when);
		connlog_writer_open(w, when);
	}
	return writer_outcome(w);
}

const char *
connlog_writer_dropped(const connlog_writer *w)
{
	return w->dropped.n > 0 ? w->dropped.p : "";
}

void
connlog_writer_clock(connlog_writer *w, double now)
{
	w->clock = now;
}

static size_t
text_room(struct text t)
{
	return AROUND_TEXT + BYTE_ROOM * t.n;
}

static size_t
texts_room(const struct text_set *set)
{
	size_t room = 0;
	for (size_t k = 0; k < set->n; k++)
		room += text_room(set->at[k]);
	return room;
}

static size_t
extra_room(const struct extra *x)
{
	return text_room(x->name) + (x->kind == EXTRA_LIST ? texts_room(&x->list) : text_room(x->text));
}

/* Returns the most bytes that these texts and sets, as far as they are set, can take; `first` is the column of bit 0. */
static size_t
columns_room(uint64_t columns, const struct column *first, const struct record *r)
{
	size_t room = 0;

	for (; columns != 0; columns &= columns - 1) {
		const struct column *c = &first[__builtin_ctzll(columns)];
		const void          *at = column_at(c, r);
		room += c->info.type == CONNLOG_STRING_SET ? texts_room(at) : text_room(*(const struct text *)at);
	}
	return room;
}

/* Returns the room for what comes from a log that was read: columns that are not in the schema, and values in their
 * original text. */
static size_t
read_room(const struct connlog_writer *w, const struct record *r)
{
	size_t room = 0;

	for (size_t i = 0; i < w->fields.n; i++) {
		const struct cell  *c = &w->cells[i];
		const struct extra *x = c->has == 0 ? field_extra(&w->fields.at[i], r) : NULL;
		if (x != NULL)
			room += extra_room(x);
		if (r->literals != NULL && c->has != 0)
			room += r->literals[c->id].n;
	}
	return room;
}

/* Returns the most bytes that the record's line can take in any format. */
static inline size_t
record_room(const struct connlog_writer *w, const struct record *r)
{
	size_t room = w->room + columns_room(r->has & ~r->plain & w->texts[0], schema, r);

	if (w->texts[1] != 0)
		room += columns_room(r->has_more & w->texts[1], schema + 64, r);
	if (w->unknown || r->literals != NULL)
		room += read_room(w, r);
	if (w->format->copies > 0 && column_is_set(&schema[COL_UID], r))
		room += w->format->copies * text_room(r->uid);
	return room;
}

int
connlog_writer_record(connlog_writer *w, const connlog_record *record)
{
	const struct record *r = record_of(record);
	if (w->format->take != NULL) {
		w->format->take(w, r);
		return writer_outcome(w);
	}
	char *p = outbuf_reserve(&w->out, record_room(w, r));
	if (p != NULL)
		outbuf_advance(&w->out, (size_t)(w->format->record(w, p, r) - p));
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
