/* explain_record.c - one record as a story: who, when, what, how long, how much, how it ended, what is odd. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/explain.h"
#include "cli/human.h"

enum { LABEL = 18 };

static void
label(const struct term *t, const char *name)
{
	term_style(t, TERM_DIM);
	fprintf(t->f, "%-*s", LABEL, name);
	term_style(t, TERM_PLAIN);
}

static void
print_endpoint(const struct term *t, const struct view *v, const connlog_record *r, enum view_column host,
               enum view_column port)
{
	char               room[VIEW_TEXT_MAX];
	const connlog_text address = view_text(v, r, host, room);
	const double       number = view_number(v, r, port);
	const bool         v6 = memchr(address.p, ':', address.n) != NULL;
	const bool         with_port = number >= 0 && view_proto(v, r) != STORY_OTHER;

	fputs(with_port && v6 ? "[" : "", t->f);
	term_text(t, address);
	fputs(with_port && v6 ? "]" : "", t->f);
	if (with_port)
		fprintf(t->f, ":%.0f", number);
}

static void
print_title(const struct term *t, const struct view *v, const connlog_record *r)
{
	term_style(t, TERM_BOLD);
	print_endpoint(t, v, r, VIEW_ORIG_H, VIEW_ORIG_P);
	fputs(t->utf8 ? " \u2192 " : " -> ", t->f);
	print_endpoint(t, v, r, VIEW_RESP_H, VIEW_RESP_P);
	term_style(t, TERM_PLAIN);
	fputs("\n\n", t->f);
}

/* UTC, to the microsecond. */
static void
print_time(const struct term *t, double when)
{
	const double    micro = round(when * 1e6);
	const time_t    seconds = (time_t)floor(micro / 1e6);
	struct tm       parts;
	char            text[64];
	const long long rest = (long long)(micro - (double)seconds * 1e6);

	if (!(fabs(when) < 1e11) || gmtime_r(&seconds, &parts) == NULL) {
		fprintf(t->f, "%.6f", when);
		return;
	}
	strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &parts);
	fprintf(t->f, "%s.%06lld UTC", text, rest);
}

static void
print_when(const struct term *t, const struct view *v, const connlog_record *r)
{
	const double ts = view_number(v, r, VIEW_TS), duration = view_number(v, r, VIEW_DURATION);
	char         span[HUMAN_MAX];

	label(t, "began");
	print_time(t, ts);
	fputc('\n', t->f);
	label(t, "lasted");
	if (duration >= 0) {
		human_span(duration, span);
		fprintf(t->f, "%s (%.6f s), until ", span, duration);
		print_time(t, ts + duration);
		fputc('\n', t->f);
	} else {
		term_wrap(t, LABEL, t->width, LABEL, "not known: no time passed between the packets that count");
		fputc('\n', t->f);
	}
}

static void
print_service(const struct term *t, const struct view *v, const connlog_record *r)
{
	char               room[VIEW_TEXT_MAX];
	const connlog_text service = view_text(v, r, VIEW_SERVICE, room);

	label(t, "service");
	if (service.n > 0)
		term_text(t, service);
	else
		fputs("not recognised", t->f);
	const connlog_text proto = view_text(v, r, VIEW_PROTO, room);
	fputs(" over ", t->f);
	term_text(t, proto.n > 0 ? proto : (connlog_text){ "an unknown protocol", 19 });
	if (view_proto(v, r) == STORY_OTHER && view_number(v, r, VIEW_ORIG_P) >= 0)
		fprintf(t->f, ", type %.0f, code %.0f", view_number(v, r, VIEW_ORIG_P), view_number(v, r, VIEW_RESP_P));
	fputc('\n', t->f);
}

/* "7.32 kB (7320), 12 packets, 7.95 kB with headers" */
static void
print_volume(const struct term *t, const struct view *v, const connlog_record *r, const char *name,
             enum view_column data, enum view_column packets, enum view_column wire)
{
	const double n = view_number(v, r, data), p = view_number(v, r, packets), w = view_number(v, r, wire);
	char         text[HUMAN_MAX];

	label(t, name);
	human_bytes(n, text);
	fputs(n >= 0 ? text : "bytes not known", t->f);
	if (n >= 1000)
		fprintf(t->f, " (%.0f)", n);
	if (p >= 0)
		fprintf(t->f, ", %.0f packet%s", p, p == 1 ? "" : "s");
	if (w >= 0) {
		human_bytes(w, text);
		fprintf(t->f, ", %s with headers", text);
	}
	fputc('\n', t->f);
}

static void
print_text(const struct term *t, const struct view *v, const connlog_record *r, const char *name,
           enum view_column column)
{
	char               room[VIEW_TEXT_MAX];
	const connlog_text text = view_text(v, r, column, room);

	if (text.n == 0)
		return;
	label(t, name);
	term_text(t, text);
	fputc('\n', t->f);
}

static void
print_state(const struct term *t, const struct view *v, const connlog_record *r)
{
	char                      room[VIEW_TEXT_MAX], said[512];
	const connlog_text        name = view_text(v, r, VIEW_STATE, room);
	const struct story_state *s = story_state_find(name.p, name.n);

	label(t, "ended");
	if (s != NULL) {
		const char *meaning = view_proto(v, r) == STORY_UDP && s->udp != NULL ? s->udp : s->meaning;
		snprintf(said, sizeof said, "%s (%s): %s %s", s->name, s->brief, meaning, s->usual);
		term_wrap(t, LABEL, t->width, LABEL, said);
	} else if (name.n > 0) {
		term_text(t, name);
		fputs(", which is no state of Zeek's", t->f);
	} else {
		fputs("the log has no state of it", t->f);
	}
	fputc('\n', t->f);
}

static void
print_findings(const struct term *t, const struct view *v, const connlog_record *r)
{
	const unsigned found = view_findings(v, r);

	for (unsigned i = 0; story_findings[i] != NULL; i++) {
		if ((found & 1u << i) == 0)
			continue;
		term_style(t, TERM_ODD);
		fputs("! ", t->f);
		term_wrap(t, 2, t->width, 2, story_findings[i]);
		term_style(t, TERM_PLAIN);
		fputc('\n', t->f);
	}
	if (found != 0)
		fputc('\n', t->f);
}

bool
explain_record(const struct term *t, const struct view *v, const connlog_record *r)
{
	char room[VIEW_TEXT_MAX], size[HUMAN_MAX];

	print_title(t, v, r);
	print_when(t, v, r);
	print_service(t, v, r);
	print_volume(t, v, r, "originator sent", VIEW_ORIG_BYTES, VIEW_ORIG_PKTS, VIEW_ORIG_IP_BYTES);
	print_volume(t, v, r, "responder sent", VIEW_RESP_BYTES, VIEW_RESP_PKTS, VIEW_RESP_IP_BYTES);
	if (view_number(v, r, VIEW_MISSED) > 0) {
		human_bytes(view_number(v, r, VIEW_MISSED), size);
		label(t, "lost by capture");
		fprintf(t->f, "%s\n", size);
	}
	print_state(t, v, r);
	print_text(t, v, r, "inside of tunnel", VIEW_TUNNEL_PARENTS);
	print_text(t, v, r, "uid", VIEW_UID);
	fputc('\n', t->f);
	print_findings(t, v, r);
	const connlog_text history = view_text(v, r, VIEW_HISTORY, room);
	return history.n == 0 || explain_steps(t, view_proto(v, r), history);
}
