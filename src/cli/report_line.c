/* report_line.c - a connection on one line, after Bro's hot-report.
 *
 *     TIME *ORIGINATOR SIZE SYMBOL RESPONDER/SERVICE SIZE DURATION ADDITIONAL
 *     Jul 12 18:18:43  128.32.162.134 7.32kB >] 206.132.179.35/http 38.9kB 54.4s %103
 *
 * Follows Bro 1.5.3: aux/scripts/hot-report (the line, the star), doc/misc/conn-logs (the symbols, story.h: hot-report
 * has fewer) and aux/cf/cf.c (times). A service that was not recognised is followed by the port, unlike in hot-report.
 * With -x sizes and durations are those of hot-report -x.
 */
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "cli/human.h"
#include "cli/report.h"
#include "cli/term.h"

enum { TIME_MAX = 256, FIXED_MAX = 330 /* "%f" of any double */ };

static bool
is(connlog_text t, const char *word)
{
	return strlen(word) == t.n && memcmp(t.p, word, t.n) == 0;
}

static connlog_value
get(const struct view *v, const connlog_record *r, enum view_column column)
{
	return connlog_record_get(r, (size_t)v->at[column]);
}

static connlog_text
get_text(const struct view *v, const connlog_record *r, enum view_column column)
{
	const connlog_value value = get(v, r, column);
	return value.set ? value.text : (connlog_text){ "", 0 };
}

/* Returns the additional text of a line of Bro 1. */
static connlog_text
get_addl(const connlog_record *r)
{
	connlog_extra x;
	for (size_t i = 0; connlog_record_extra(r, i, &x); i++)
		if (x.name.n == 4 && memcmp(x.name.p, "addl", 4) == 0 && x.set && !x.list)
			return x.text;
	return (connlog_text){ "", 0 };
}

void
report_row_fill(struct report_row *row, const struct view *view, const connlog_record *r)
{
	static const enum view_column hosts[] = { VIEW_ORIG_H, VIEW_RESP_H }, ports[] = { VIEW_ORIG_P, VIEW_RESP_P };
	static const enum view_column bytes[] = { VIEW_ORIG_BYTES, VIEW_RESP_BYTES };
	static const enum view_column targets[] = { VIEW_FOLD_HOSTS, VIEW_FOLD_PORTS };
	static const enum view_column samples[] = { VIEW_FOLD_HOST_SAMPLES, VIEW_FOLD_PORT_SAMPLES };
	connlog_value                 v = get(view, r, VIEW_TS);

	row->has_ts = v.set;
	row->ts = v.number;
	v = get(view, r, VIEW_DURATION);
	row->has_duration = v.set;
	row->duration = v.number;
	for (int i = 0; i < 2; i++) {
		v = get(view, r, hosts[i]);
		row->has_host[i] = v.set;
		memcpy(row->host[i], v.address, 16);
		v = get(view, r, ports[i]);
		row->has_port[i] = v.set;
		row->port[i] = v.count;
		v = get(view, r, bytes[i]);
		row->has_bytes[i] = v.set;
		row->bytes[i] = v.count;
	}
	row->proto = get_text(view, r, VIEW_PROTO);
	row->service = get_text(view, r, VIEW_SERVICE);
	row->addl = get_addl(r);
	v = get(view, r, VIEW_FOLD_COUNT);
	row->count = v.set && v.count > 0 ? v.count : 1;
	for (int i = 0; i < 2; i++) {
		v = get(view, r, targets[i]);
		row->targets[i] = v.set ? v.count : 1;
		v = get(view, r, samples[i]);
		row->samples[i] = v.set ? v.texts : (connlog_texts){ NULL, 0 };
	}
	v = get(view, r, VIEW_FOLD_LAST);
	row->last = v.set ? v.number : row->ts;
	v = get(view, r, VIEW_STATE);
	row->state = v.set ? story_state_find(v.text.p, v.text.n) : NULL;
}

void
report_text(FILE *f, connlog_text text)
{
	term_text(&(struct term){ .f = f }, text);
}

/* The compiler warns about strftime() with a format chosen by the user. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
static size_t
put_time(char out[TIME_MAX], const char *format, const struct tm *tm)
{
	return strftime(out, TIME_MAX, format, tm);
}
#pragma GCC diagnostic pop

void
report_time(FILE *f, const struct report_style *style, double ts)
{
	char      number[FIXED_MAX], text[TIME_MAX];
	struct tm tm;
	bool      good = ts >= 0 && ts < 1e15;
	time_t    t = good ? (time_t)ts : 0;

	/* cf -s does not treat a number of fewer than nine characters as a time. */
	if (snprintf(number, sizeof number, "%.6f", ts) < 9 && style->strict)
		good = false;
	good = good && (style->utc ? gmtime_r(&t, &tm) : localtime_r(&t, &tm)) != NULL;
	if (!good || put_time(text, style->time, &tm) == 0)
		snprintf(text, sizeof text, "%.*s", TIME_MAX - 1, number);
	fprintf(f, "%-15s", text);
}

static bool
is_state(const struct report_row *row, const char *name)
{
	return row->state != NULL && strcmp(row->state->name, name) == 0;
}

/* Returns whether the line has sizes: failed and open connections have none, which distinguishes S1 from SF. */
static bool
has_numbers(const struct report_row *row)
{
	return !is_state(row, "S0") && !is_state(row, "S1") && !is_state(row, "REJ");
}

/* Returns whether hot-report marks the line with a star: interactive sessions that transferred data, and unusual
 * services. */
static bool
is_remarkable(const struct report_row *row)
{
	static const char *const interactive[] = { "telnet", "login", "klogin" };
	static const char *const everyday[] = { "www", "gopher", "smtp", "http", "https", "ssl", "quic" };
	static const char *const often_refused[] = { "finger", "time", "daytime", "nntp", "auth" };
	const uint64_t           orig = row->has_bytes[0] ? row->bytes[0] : 0, resp = row->has_bytes[1] ? row->bytes[1] : 0;

	for (size_t i = 0; i < sizeof interactive / sizeof interactive[0]; i++)
		if (is(row->service, interactive[i]))
			return orig > 200 || resp > 1000 || (row->has_duration && row->duration > 300);
	if (is(row->service, "smtp") && (orig == 0 || orig == 6)) /* requests for the version */
		return true;
	for (size_t i = 0; i < sizeof often_refused / sizeof often_refused[0]; i++)
		if (is(row->service, often_refused[i]) && (is_state(row, "REJ") || is_state(row, "S0")))
			return false;
	if (row->service.n >= 8 && memcmp(row->service.p, "ftp-data", 8) == 0)
		return false;
	for (size_t i = 0; i < sizeof everyday / sizeof everyday[0]; i++)
		if (is(row->service, everyday[i]))
			return false;
	return true;
}

static void
put_host(FILE *f, struct report_names *names, const struct report_row *row, int side)
{
	char text[REPORT_HOST_MAX];
	fputs(row->has_host[side] ? report_host(names, row->host[side], text) : "?", f);
}

size_t
report_service(const struct report_row *row, char *out, size_t room)
{
	connlog_text t = row->service.n > 0 ? row->service : row->proto;
	size_t       n = 0;

	if (row->service.n == 0 && row->has_port[1] && !is(row->proto, "icmp"))
		n = (size_t)snprintf(out, room, "%" PRIu64 "/", row->port[1]);
	if (t.n == 0)
		t = (connlog_text){ "other", 5 };
	if (t.n > room - n)
		t.n = room - n;
	memcpy(out + n, t.p, t.n);
	return n + t.n;
}

static void
put_size(FILE *f, const struct report_style *style, const struct report_row *row, int side)
{
	char text[HUMAN_MAX];

	if (!has_numbers(row))
		return;
	if (!row->has_bytes[side])
		fputs(" ?", f);
	if (row->has_bytes[side] && style->exact)
		fprintf(f, " %" PRIu64 "b", row->bytes[side]);
	if (row->has_bytes[side] && !style->exact) {
		human_bytes((double)row->bytes[side], text);
		fprintf(f, " %s", human_join(text));
	}
}

static void
put_duration(FILE *f, const struct report_style *style, const struct report_row *row)
{
	char text[HUMAN_MAX];

	if (!has_numbers(row))
		return;
	if (!row->has_duration)
		fputs(" ?", f);
	if (row->has_duration && style->exact)
		fprintf(f, " %.1fs", row->duration);
	if (row->has_duration && !style->exact) {
		human_span(row->duration, text);
		fprintf(f, " %s", human_join(text));
	}
}

void
report_line(FILE *f, const struct report_style *style, struct report_names *names, const struct report_row *row)
{
	char service[REPORT_SERVICE_MAX];

	if (row->has_ts)
		report_time(f, style, row->ts);
	else
		fprintf(f, "%-15s", "?");
	fputs(is_remarkable(row) ? " *" : "  ", f);
	put_host(f, names, row, 0);
	put_size(f, style, row, 0);
	fprintf(f, " %s ", row->state != NULL ? row->state->symbol : "?>?");
	put_host(f, names, row, 1);
	putc('/', f);
	report_text(f, (connlog_text){ service, report_service(row, service, sizeof service) });
	put_size(f, style, row, 1);
	put_duration(f, style, row);
	if (row->addl.n > 0) {
		putc(' ', f);
		report_text(f, row->addl);
	}
	if (row->count > 1) {
		char text[HUMAN_MAX];
		human_count(row->count, text);
		fprintf(f, " (%s connections)", text);
	}
}
