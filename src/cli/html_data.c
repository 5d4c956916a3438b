/* html_data.c - see html_data.h.
 *
 * A column is a list of numbers: -1 means unset, and repeated texts are indexes into a list of their own.  The meaning
 * of a history is computed here, once for each history: it becomes a list of indexes of the steps that occur in the
 * log.
 */
#include "cli/html_data.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/html_json.h"
#include "cli/html_story.h"
#include "cli/view.h"

/* The columns of numbers. */
static const struct {
	const char      *name; /* in the page */
	enum view_column column;
} numbers[] = {
	{ "origPort", VIEW_ORIG_P },        { "respPort", VIEW_RESP_P },
	{ "duration", VIEW_DURATION },      { "sent", VIEW_ORIG_BYTES },
	{ "received", VIEW_RESP_BYTES },    { "missed", VIEW_MISSED },
	{ "sentPackets", VIEW_ORIG_PKTS },  { "receivedPackets", VIEW_RESP_PKTS },
	{ "sentWire", VIEW_ORIG_IP_BYTES }, { "receivedWire", VIEW_RESP_IP_BYTES },
};

/* The lists of texts, and the columns that are indexes into them. */
enum { HOSTS, PROTOS, SERVICES, STATES, TUNNELS, LISTS };
static const char *const list_names[LISTS] = { "hosts", "protos", "services", "states", "tunnels" };
static const struct {
	const char      *name;
	enum view_column column;
	int              list;
} texts[] = {
	{ "orig", VIEW_ORIG_H, HOSTS },        { "resp", VIEW_RESP_H, HOSTS },  { "proto", VIEW_PROTO, PROTOS },
	{ "service", VIEW_SERVICE, SERVICES }, { "state", VIEW_STATE, STATES }, { "tunnel", VIEW_TUNNEL_PARENTS, TUNNELS },
};

enum { NUMBERS = sizeof numbers / sizeof numbers[0], TEXTS = sizeof texts / sizeof texts[0] };

/* A JSON list being written to memory. */
struct list {
	FILE  *f;
	char  *text;
	size_t n;
};

/* All lists of the page, so that they are opened and closed alike. */
enum {
	TIME,
	UID,
	HISTORY,
	FINDINGS,
	NUMBER,
	TEXT = NUMBER + NUMBERS,
	WORDS = TEXT + TEXTS,
	HISTORIES = WORDS + LISTS,
	STEPS,
	ALL
};

struct html_data {
	struct view       view;
	uint64_t          most, shown, total;
	int64_t           begin; /* of the first record, in microseconds */
	struct list       lists[ALL];
	struct dictionary words[LISTS], histories, steps;
	const char       *live; /* of html_data_live(), or NULL */
	bool              failed;
};

struct html_data *
html_data_new(uint64_t most)
{
	struct html_data *d = calloc(1, sizeof *d);

	if (d == NULL)
		return NULL;
	d->most = most;
	view_init(&d->view);
	for (int i = 0; i < ALL; i++) {
		d->lists[i].f = open_memstream(&d->lists[i].text, &d->lists[i].n);
		if (d->lists[i].f == NULL) {
			html_data_free(d);
			return NULL;
		}
	}
	return d;
}

void
html_data_free(struct html_data *d)
{
	if (d == NULL)
		return;
	for (int i = 0; i < ALL; i++) {
		if (d->lists[i].f != NULL)
			fclose(d->lists[i].f);
		free(d->lists[i].text);
	}
	for (int i = 0; i < LISTS; i++)
		dictionary_free(&d->words[i]);
	dictionary_free(&d->histories);
	dictionary_free(&d->steps);
	free(d);
}

/* Begins the next element of a list.  Returns its stream. */
static FILE *
next(struct html_data *d, int list, uint64_t at)
{
	if (at > 0)
		fputc(',', d->lists[list].f);
	return d->lists[list].f;
}

/* ---- what a history tells -------------------------------------------------------------------------------------- */

static void
put_text(FILE *f, const char *text)
{
	json_text(f, text, strlen(text));
}

/* Steps are equal if they have the same letter and the same text. */
static unsigned
step_number(struct html_data *d, const struct story_step *s)
{
	char           key[sizeof s->remark + 3];
	bool           added;
	const unsigned at = d->steps.n;

	memcpy(key, &s->remark, sizeof s->remark);
	key[sizeof s->remark] = s->letter;
	key[sizeof s->remark + 1] = (char)s->side;
	key[sizeof s->remark + 2] = (char)s->odd;
	const unsigned number = dictionary_number(&d->steps, key, sizeof key, &added);
	if (added && number != DICTIONARY_FULL)
		html_story_step(next(d, STEPS, at), s);
	return number;
}

/* [TEXT, OUTLINE, [NUMBERS OF STEPS]] */
static bool
write_history(struct html_data *d, FILE *f, enum story_proto proto, connlog_text history)
{
	char               outline[STORY_OUTLINE_MAX];
	struct story_step *steps = calloc(history.n + 1, sizeof *steps);
	bool               good = true;

	if (steps == NULL)
		return false;
	story_steps(proto, history.p, history.n, steps);
	size_t n = history.n > 0 ? story_outline(proto, steps, history.n, outline, sizeof outline) : 0;
	fputc('[', f);
	json_text(f, history.p, history.n);
	fputc(',', f);
	json_text(f, outline, n);
	fputs(",[", f);
	for (size_t i = 0; i < history.n && good; i++) {
		const unsigned number = step_number(d, &steps[i]);
		good = number != DICTIONARY_FULL;
		fprintf(f, "%s%u", i > 0 ? "," : "", number);
	}
	fputs("]]", f);
	free(steps);
	return good;
}

static void
add_history(struct html_data *d, const connlog_record *r)
{
	char                   room[VIEW_TEXT_MAX];
	const enum story_proto proto = view_proto(&d->view, r);
	const connlog_text     history = view_text(&d->view, r, VIEW_HISTORY, room);
	char                  *key = malloc(history.n + 1);
	bool                   added = false;
	unsigned               at = d->histories.n, number = DICTIONARY_FULL;

	if (key != NULL) {
		key[0] = (char)proto;
		memcpy(key + 1, history.p, history.n);
		number = dictionary_number(&d->histories, key, history.n + 1, &added);
	}
	free(key);
	if (number == DICTIONARY_FULL || (added && !write_history(d, next(d, HISTORIES, at), proto, history)))
		d->failed = true;
	fprintf(next(d, HISTORY, d->shown), "%u", number);
}

/* ---- records ----------------------------------------------------------------------------------------------------- */

static void
add_text(struct html_data *d, const connlog_record *r, int i)
{
	char               room[VIEW_TEXT_MAX];
	bool               added;
	const int          list = texts[i].list;
	const unsigned     at = d->words[list].n;
	const connlog_text t = view_text(&d->view, r, texts[i].column, room);
	const unsigned     number = dictionary_number(&d->words[list], t.p, t.n, &added);

	if (number == DICTIONARY_FULL)
		d->failed = true;
	else if (added)
		json_text(next(d, WORDS + list, at), t.p, t.n);
	fprintf(next(d, TEXT + i, d->shown), "%u", number);
}

static int64_t
microseconds(double seconds)
{
	return seconds > -1e12 && seconds < 1e12 ? llround(seconds * 1e6) : 0;
}

void
html_data_add(struct html_data *d, const connlog_record *r)
{
	char room[VIEW_TEXT_MAX];

	if (d->total++ >= d->most)
		return;
	const int64_t time = microseconds(view_number(&d->view, r, VIEW_TS));
	if (d->shown == 0)
		d->begin = time;
	fprintf(next(d, TIME, d->shown), "%" PRId64, time - d->begin);
	const connlog_text uid = view_text(&d->view, r, VIEW_UID, room);
	json_text(next(d, UID, d->shown), uid.p, uid.n);
	for (int i = 0; i < NUMBERS; i++) {
		const double n = view_number(&d->view, r, numbers[i].column);
		fprintf(next(d, NUMBER + i, d->shown), "%.16g", isfinite(n) ? n : -1);
	}
	for (int i = 0; i < TEXTS; i++)
		add_text(d, r, i);
	add_history(d, r);
	fprintf(next(d, FINDINGS, d->shown), "%u", view_findings(&d->view, r));
	d->shown++;
}

/* ---- the whole ----------------------------------------------------------------------------------------------------- */

static void
write_legend(FILE *f, const struct list *steps)
{
	fputs("\"legend\":{\"groups\":[", f);
	for (int i = 0; i < STORY_GROUPS; i++) {
		fputs(i > 0 ? "," : "", f);
		put_text(f, story_group_names[i]);
	}
	fputs("],\"findings\":[", f);
	for (int i = 0; story_findings[i] != NULL; i++) {
		fputs(i > 0 ? "," : "", f);
		put_text(f, story_findings[i]);
	}
	fputs("],\"states\":[", f);
	for (const struct story_state *s = story_states; s->name != NULL; s++) {
		const char *const fields[][2] = {
			{ "name", s->name },       { "symbol", s->symbol },         { "brief", s->brief },
			{ "meaning", s->meaning }, { "udp", s->udp ? s->udp : "" }, { "usual", s->usual }
		};
		fprintf(f, "%s{\"group\":%d", s > story_states ? "," : "", (int)s->group);
		for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
			fprintf(f, ",\"%s\":", fields[i][0]);
			put_text(f, fields[i][1]);
		}
		fputc('}', f);
	}
	fprintf(f, "],\"steps\":[%s]},\n", steps->text);
}

static void
write_list(FILE *f, const char *name, const struct list *l)
{
	fprintf(f, "\"%s\":[", name);
	fwrite(l->text, 1, l->n, f);
	fputs("]", f);
}

static void
write_all(FILE *f, const struct html_data *d, const char *source)
{
	fputs("{\"program\":", f);
	put_text(f, "connlog " CONNLOG_VERSION);
	fputs(",\"source\":", f);
	put_text(f, source);
	fprintf(f, ",\"shown\":%" PRIu64 ",\"total\":%" PRIu64 ",\"begin\":%" PRId64 ",\n", d->shown, d->total, d->begin);
	if (d->live != NULL)
		fprintf(f, "\"live\":%s,\n", d->live);
	write_legend(f, &d->lists[STEPS]);
	for (int i = 0; i < LISTS; i++) {
		write_list(f, list_names[i], &d->lists[WORDS + i]);
		fputs(",\n", f);
	}
	write_list(f, "histories", &d->lists[HISTORIES]);
	fputs(",\n\"columns\":{", f);
	write_list(f, "time", &d->lists[TIME]);
	for (int i = 0; i < NUMBERS; i++) {
		fputs(",\n", f);
		write_list(f, numbers[i].name, &d->lists[NUMBER + i]);
	}
	for (int i = 0; i < TEXTS; i++) {
		fputs(",\n", f);
		write_list(f, texts[i].name, &d->lists[TEXT + i]);
	}
	fputs(",\n", f);
	write_list(f, "history", &d->lists[HISTORY]);
	fputs(",\n", f);
	write_list(f, "findings", &d->lists[FINDINGS]);
	fputs(",\n", f);
	write_list(f, "uid", &d->lists[UID]);
	fputs("}}", f);
}

void
html_data_live(struct html_data *d, const char *json)
{
	d->live = json;
}

char *
html_data_finish(struct html_data *d, const char *source, size_t *n)
{
	char *text = NULL;

	for (int i = 0; i < ALL; i++) {
		if (ferror(d->lists[i].f) || fclose(d->lists[i].f) != 0)
			d->failed = true;
		d->lists[i].f = NULL;
	}
	FILE *f = d->failed ? NULL : open_memstream(&text, n);
	if (f == NULL)
		return NULL;
	write_all(f, d, source);
	const bool good = !ferror(f);
	if (fclose(f) == 0 && good)
		return text;
	free(text);
	return NULL;
}
