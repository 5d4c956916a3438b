/* report_line.c - a connection on a line, after Bro's hot-report.
 *
 *     TIME *ORIGINATOR SIZE SYMBOL RESPONDER/SERVICE SIZE DURATION ADDITIONAL
 *     Jul 12 18:18:43  128.32.162.134 7.3kB >] 206.132.179.35/http 39kB 54s %103
 *
 * Follows Bro 1.5.3: aux/scripts/hot-report (the line, the star), doc/misc/conn-logs (the symbols: hot-report has fewer) and
 * aux/cf/cf.c (times).  Beside a service that nobody has recognised stands the port, which hot-report did not have.
 * With -x sizes and durations are those of hot-report -x.
 */
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include <arpa/inet.h>

#include "cli/human.h"
#include "cli/report.h"

static const struct report_state states[] = {
	{ "S0", "}", "asked, no answer", true },
	{ "S1", ">", "established, still open", true },
	{ "SF", ">", "established and closed", false },
	{ "REJ", "[", "rejected", true },
	{ "S2", "}2", "closed by the originator only", false },
	{ "S3", "}3", "closed by the responder only", false },
	{ "RSTO", ">]", "reset by the originator", false },
	{ "RSTR", ">[", "reset by the responder", false },
	{ "RSTOS0", "}]", "asked and reset, no answer", false },
	{ "RSTRH", "<[", "answer and reset, nothing asked", false },
	{ "SH", ">h", "asked and closed, no answer", false },
	{ "SHR", "<h", "answer and end, nothing asked", false },
	{ "OTH", "?>?", "seen from the middle", false },
	{ "", "?>?", "no state", false },
};
enum { STATES = sizeof states / sizeof states[0] };

static bool
is(connlog_text t, const char *word)
{
	return strlen(word) == t.n && memcmp(t.p, word, t.n) == 0;
}

const struct report_state *
report_state_find(connlog_text name)
{
	size_t i = 0;
	while (i < STATES - 1 && !is(name, states[i].name))
		i++;
	return &states[i];
}

enum { TIME_MAX = 256, FIXED_MAX = 330 /* "%f" of any double */ };

enum { TS, DURATION, ORIG_H, RESP_H, ORIG_P, RESP_P, ORIG_BYTES, RESP_BYTES, PROTO, SERVICE, STATE, COLUMNS };
static const char *const columns[COLUMNS] = { "ts",        "duration",  "id.orig_h",  "id.resp_h",
	                                          "id.orig_p", "id.resp_p", "orig_bytes", "resp_bytes",
	                                          "proto",     "service",   "conn_state" };

static connlog_value
get(const connlog_record *r, int column)
{
	static size_t found[COLUMNS]; /* 0: not looked for yet; else the schema's number and 1 */
	if (found[column] == 0)
		found[column] = (size_t)connlog_column_find(columns[column]) + 1;
	return connlog_record_get(r, found[column] - 1);
}

static connlog_text
get_text(const connlog_record *r, int column)
{
	const connlog_value v = get(r, column);
	return v.set ? v.text : (connlog_text){ "", 0 };
}

/* => The additional text that a line of Bro 1 has. */
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
report_row_fill(struct report_row *row, const connlog_record *r)
{
	connlog_value v = get(r, TS);

	row->has_ts = v.set;
	row->ts = v.number;
	v = get(r, DURATION);
	row->has_duration = v.set;
	row->duration = v.number;
	for (int i = 0; i < 2; i++) {
		v = get(r, ORIG_H + i);
		row->has_host[i] = v.set;
		memcpy(row->host[i], v.address, 16);
		v = get(r, ORIG_P + i);
		row->has_port[i] = v.set;
		row->port[i] = v.count;
		v = get(r, ORIG_BYTES + i);
		row->has_bytes[i] = v.set;
		row->bytes[i] = v.count;
	}
	row->proto = get_text(r, PROTO);
	row->service = get_text(r, SERVICE);
	row->state = get_text(r, STATE);
	row->addl = get_addl(r);
}

void
report_text(FILE *f, connlog_text t)
{
	for (size_t i = 0; i < t.n; i++) {
		unsigned char c = (unsigned char)t.p[i];
		if (c >= 0x20 && c < 0x7f)
			putc(c, f);
		else
			fprintf(f, "\\x%02x", c);
	}
}

/* strftime() of a format that the user has chosen, which the compiler does not like. */
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
	int       n = snprintf(number, sizeof number, "%.6f", ts);
	time_t    t = (time_t)ts;
	struct tm tm;

	/* cf -s takes a number of fewer than nine characters for something else than a time. */
	if ((style->strict && n < 9) || !(ts >= 0 && ts < 1e15) ||
	    (style->utc ? gmtime_r(&t, &tm) : localtime_r(&t, &tm)) == NULL || put_time(text, style->time, &tm) == 0)
		snprintf(text, sizeof text, "%.*s", TIME_MAX - 1, number);
	fprintf(f, "%-15s", text);
}

/* What hot-report marks with a star: sessions of a person where something went over, and services that are not everyday's. */
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
	if (is(row->service, "smtp") && (orig == 0 || orig == 6)) /* somebody asks for the version */
		return true;
	for (size_t i = 0; i < sizeof often_refused / sizeof often_refused[0]; i++)
		if (is(row->service, often_refused[i]) && (is(row->state, "REJ") || is(row->state, "S0")))
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

	if (report_state_find(row->state)->quiet)
		return;
	if (!row->has_bytes[side])
		fputs(" ?", f);
	else if (style->exact)
		fprintf(f, " %" PRIu64 "b", row->bytes[side]);
	else
		fprintf(f, " %s", human_bytes(row->bytes[side], text));
}

static void
put_duration(FILE *f, const struct report_style *style, const struct report_row *row)
{
	char text[HUMAN_MAX];

	if (report_state_find(row->state)->quiet)
		return;
	if (!row->has_duration)
		fputs(" ?", f);
	else if (style->exact)
		fprintf(f, " %.1fs", row->duration);
	else
		fprintf(f, " %s", human_seconds(row->duration, text));
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
	fprintf(f, " %s ", report_state_find(row->state)->symbol);
	put_host(f, names, row, 1);
	putc('/', f);
	report_text(f, (connlog_text){ service, report_service(row, service, sizeof service) });
	put_size(f, style, row, 1);
	put_duration(f, style, row);
	if (row->addl.n > 0) {
		putc(' ', f);
		report_text(f, row->addl);
	}
}
