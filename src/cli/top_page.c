/* top_page.c - see top_page.h.  A rate is the growth of a counter between two samples, by the sensor's own clock. */
#include "cli/top_page.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/human.h"

enum { SERVICES_MAX = 64, USUAL_TALKERS = 10, LEAST_TALKERS = 3 };

static double
rate(const struct top_page *p, const struct sample *s)
{
	const struct sample *then = samples_find(&p->then, s->name, s->label, s->more);
	const double         grown = s->value - (then != NULL ? then->value : 0);

	return grown > 0 ? grown / p->seconds : 0;
}

static double
rate_of(const struct top_page *p, const char *name)
{
	const double grown = samples_sum(&p->now, name) - samples_sum(&p->then, name);
	return grown > 0 ? grown / p->seconds : 0;
}

/* Prints a number, right-aligned in eleven columns. */
static void
put_number(FILE *f, double n)
{
	char text[HUMAN_MAX];

	human_number(n, text);
	fprintf(f, "%11s", text);
}

static void
put_head(const struct term *t, const char *head)
{
	term_style(t, TERM_DIM);
	fputs(head, t->f);
	term_style(t, TERM_PLAIN);
	fputc('\n', t->f);
}

/* Prints a name, which is text from outside, in 25 columns. */
static void
put_name(const struct term *t, const char *name)
{
	const size_t n = strlen(name);

	term_text(t, (connlog_text){ name, n });
	fprintf(t->f, "%*s", n < 25 ? (int)(25 - n) : 1, "");
}

/* ---- parts ------------------------------------------------------------------------------------------------------- */

static int
put_sensor(const struct top_page *p, const struct term *t)
{
	const struct sample *version = samples_find(&p->now, "build_info", NULL, NULL);
	char                 up[HUMAN_MAX], memory[HUMAN_MAX];
	const double         cpu = rate_of(p, "process_cpu_seconds_total");

	human_span(samples_get(&p->now, "uptime_seconds", NULL), up);
	human_bytes(samples_get(&p->now, "process_resident_memory_bytes", NULL), memory);
	term_style(t, TERM_BOLD);
	fputs("connlog ", t->f);
	if (version != NULL)
		term_text(t, (connlog_text){ version->label, strlen(version->label) });
	term_style(t, TERM_PLAIN);
	fprintf(t->f, " at %s   up %s   %.1f %% of a core   %s\n\n", p->address, up, 100 * cpu, memory);
	return 2;
}

static int
put_interfaces(const struct top_page *p, const struct term *t)
{
	int lines = 1;

	put_head(t, "interface                  packets/s      bit/s     lost/s  lost in all");
	for (size_t i = 0; i < p->now.n; i++) {
		const struct sample *packets = &p->now.at[i];
		if (strcmp(packets->name, "interface_packets_total") != 0)
			continue;
		const char          *name = packets->label;
		const struct sample *bytes = samples_find(&p->now, "interface_bytes_total", name, NULL);
		double               lost = 0, lost_rate = 0;
		for (size_t k = 0; k < p->now.n; k++)
			if (strcmp(p->now.at[k].name, "interface_lost_total") == 0 && strcmp(p->now.at[k].label, name) == 0) {
				lost += p->now.at[k].value;
				lost_rate += rate(p, &p->now.at[k]);
			}
		if (lost_rate > 0)
			term_style(t, TERM_ODD);
		put_name(t, name);
		put_number(t->f, rate(p, packets));
		put_number(t->f, bytes != NULL ? 8 * rate(p, bytes) : 0);
		put_number(t->f, lost_rate);
		put_number(t->f, lost);
		fputs(samples_get(&p->now, "interface_up", name) > 0 ? "\n" : "  down\n", t->f);
		if (lost_rate > 0)
			term_style(t, TERM_PLAIN);
		lines++;
	}
	fputc('\n', t->f);
	return lines + 1;
}

static int
put_connections(const struct top_page *p, const struct term *t)
{
	static const char *const rows[][2] = {
		{ "tcp", "TCP" }, { "udp", "UDP" }, { "icmp", "ICMP" }, { "unknown_transport", "others" }
	};

	put_head(t, "connections                    open      new/s");
	for (size_t i = 0; i < 4; i++) {
		const struct sample *created = samples_find(&p->now, "connections_created_total", rows[i][0], NULL);
		put_name(t, rows[i][1]);
		put_number(t->f, samples_get(&p->now, "connections_open", rows[i][0]));
		put_number(t->f, created != NULL ? rate(p, created) : 0);
		fputc('\n', t->f);
	}
	put_name(t, "records");
	put_number(t->f, rate_of(p, "records_total"));
	fputs(" /s", t->f);
	if (samples_get(&p->now, "spool_records", NULL) > 0 || samples_get(&p->now, "records_lost_total", NULL) > 0) {
		term_style(t, TERM_ODD);
		fprintf(t->f, "   %.0f wait, %.0f lost", samples_get(&p->now, "spool_records", NULL),
		        samples_get(&p->now, "records_lost_total", NULL));
		term_style(t, TERM_PLAIN);
	}
	fputs("\n\n", t->f);
	return 7;
}

struct found {
	const char *name;
	double      rate, all;
};

/* Sorts in descending order. */
static int
compare(const void *a, const void *b)
{
	const struct found *x = a, *y = b;

	if (x->rate != y->rate)
		return x->rate < y->rate ? 1 : -1;
	return x->all < y->all ? 1 : x->all > y->all ? -1 : strcmp(x->name, y->name);
}

/* Prints as many as fit on the line. */
static int
put_services(const struct top_page *p, const struct term *t)
{
	struct found found[SERVICES_MAX];
	size_t       n = 0;
	int          at = 0;

	for (size_t i = 0; i < p->now.n && n < SERVICES_MAX; i++) {
		const struct sample *s = &p->now.at[i];
		if (strcmp(s->name, "service_connections_total") == 0 && s->value > 0)
			found[n++] = (struct found){ s->label, rate(p, s), s->value };
	}
	qsort(found, n, sizeof *found, compare);
	put_head(t, "services, new/s");
	for (size_t i = 0; i < n; i++) {
		char      text[2 * HUMAN_MAX], number[HUMAN_MAX];
		const int length =
			snprintf(text, sizeof text, "%s %s", found[i].name, (human_number(found[i].rate, number), number));
		if (at > 0 && at + 3 + length > t->width)
			break;
		fputs(at > 0 ? "   " : "", t->f);
		term_text(t, (connlog_text){ text, strlen(text) });
		at += 3 + length;
	}
	fputs(n > 0 ? "\n\n" : "none yet\n\n", t->f);
	return 3;
}

static void
put_talkers(const struct top_page *p, const struct term *t, int most)
{
	put_head(t, "address                   sent bit/s  recv bit/s packets/s");
	if (!p->has_talkers) {
		fputs("being counted\n", t->f);
		return;
	}
	for (size_t i = 0; i < p->talkers.n && most > 0; i++) {
		const struct sample *s = &p->talkers.at[i];
		if (strcmp(s->name, "talker_sent_bytes_per_second") != 0)
			continue;
		put_name(t, s->label);
		put_number(t->f, 8 * s->value);
		put_number(t->f, 8 * samples_get(&p->talkers, "talker_received_bytes_per_second", s->label));
		put_number(t->f, samples_get(&p->talkers, "talker_packets_per_second", s->label));
		fputc('\n', t->f);
		most--;
	}
}

void
top_page_write(const struct top_page *p, struct screen *screen)
{
	const struct term *t = &screen->term;
	int                lines = put_sensor(p, t) + put_interfaces(p, t) + put_connections(p, t) + put_services(p, t);
	const int          room = screen->height - lines - 2; /* the heading, and the line below the last row */

	put_talkers(p, t, screen->height == 0 ? USUAL_TALKERS : room > LEAST_TALKERS ? room : LEAST_TALKERS);
}
