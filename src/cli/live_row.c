/* live_row.c - see live_row.h. */
#include "cli/live_row.h"

#include <math.h>
#include <string.h>

#include "cli/html_json.h"

static const struct {
	const char      *name; /* as in the page of a log (html_data.c) */
	enum view_column column;
} numbers[] = {
	{ "origPort", VIEW_ORIG_P },
	{ "respPort", VIEW_RESP_P },
	{ "duration", VIEW_DURATION },
	{ "sent", VIEW_ORIG_BYTES },
	{ "received", VIEW_RESP_BYTES },
	{ "missed", VIEW_MISSED },
	{ "sentPackets", VIEW_ORIG_PKTS },
	{ "receivedPackets", VIEW_RESP_PKTS },
	{ "sentWire", VIEW_ORIG_IP_BYTES },
	{ "receivedWire", VIEW_RESP_IP_BYTES },
}, texts[] = {
	{ "uid", VIEW_UID },         { "orig", VIEW_ORIG_H },   { "resp", VIEW_RESP_H },
	{ "proto", VIEW_PROTO },     { "service", VIEW_SERVICE }, { "state", VIEW_STATE },
	{ "tunnel", VIEW_TUNNEL_PARENTS }, { "history", VIEW_HISTORY },
};

enum { NUMBERS = sizeof numbers / sizeof numbers[0], TEXTS = sizeof texts / sizeof texts[0], HISTORY = TEXTS - 1 };

/* The texts follow, one behind the other. */
struct row {
	double           ts, numbers[NUMBERS]; /* -1 is unset */
	unsigned         findings;
	enum story_proto proto;
	unsigned         sizes[TEXTS];
};
_Static_assert(sizeof(struct row) + TEXTS * VIEW_TEXT_MAX <= LIVE_ROW_MAX, "every row has room");

size_t
live_row_pack(const struct view *v, const connlog_record *r, unsigned char out[LIVE_ROW_MAX])
{
	struct row row = { .ts = view_number(v, r, VIEW_TS), .findings = view_findings(v, r), .proto = view_proto(v, r) };
	size_t     n = sizeof row;

	for (int i = 0; i < NUMBERS; i++)
		row.numbers[i] = view_number(v, r, numbers[i].column);
	for (int i = 0; i < TEXTS; i++) {
		char               room[VIEW_TEXT_MAX];
		const connlog_text t = view_text(v, r, texts[i].column, room);
		row.sizes[i] = t.n < VIEW_TEXT_MAX ? (unsigned)t.n : VIEW_TEXT_MAX;
		memcpy(out + n, t.p, row.sizes[i]);
		n += row.sizes[i];
	}
	memcpy(out, &row, sizeof row);
	return n;
}

static bool
is_odd(enum story_proto proto, const char *history, size_t n)
{
	struct story_step steps[VIEW_TEXT_MAX];
	bool              odd = false;

	story_steps(proto, history, n, steps);
	for (size_t i = 0; i < n; i++)
		odd = odd || steps[i].odd;
	return odd;
}

void
live_row_write(FILE *f, double time, const void *p, size_t n)
{
	const char *text = (const char *)p + sizeof(struct row), *history = text;
	struct row  row;

	(void)n;
	memcpy(&row, p, sizeof row);
	fprintf(f, "[%.3f,%.6f", time, row.ts);
	for (int i = 0; i < NUMBERS; i++)
		fprintf(f, ",%.16g", isfinite(row.numbers[i]) ? row.numbers[i] : -1);
	for (int i = 0; i < TEXTS; i++) {
		fputc(',', f);
		json_text(f, text, row.sizes[i]);
		history = text;
		text += row.sizes[i];
	}
	fprintf(f, ",%u,%d]", row.findings, is_odd(row.proto, history, row.sizes[HISTORY]));
}

void
live_row_names(FILE *f)
{
	fputs("[\"at\",\"time\"", f);
	for (int i = 0; i < NUMBERS; i++)
		fprintf(f, ",\"%s\"", numbers[i].name);
	for (int i = 0; i < TEXTS; i++)
		fprintf(f, ",\"%s\"", texts[i].name);
	fputs(",\"findings\",\"odd\"]", f);
}
