/* report_table.c - see report_table.h.
 *
 * A row of counts is NAME CONNECTIONS SENT RECEIVED BAR. Columns that do not fit a narrow terminal are omitted from the
 * right; the bar yields to the names, which are then truncated.
 */
#include "cli/report_table.h"

#include <string.h>

#include "cli/human.h"

enum {
	NUMBERS = 9 + 2 + 7 + 2 + 8, /* the three columns of numbers and the space between them */
	BAR_MIN = 4,
	BAR_MAX = 24,
	NAME_MIN = 12,
	SHORT_BAR = 6,
};

/* Prints a bar in eighths of a block if the terminal can show them; anything above zero is visible. Returns the number
 * of cells. */
static unsigned
put_bar(const struct term *t, double part, unsigned cells)
{
	static const char *const eighths[] = { "", "▏", "▎", "▍", "▌", "▋", "▊", "▉" };
	const unsigned           steps = t->utf8 ? 8 : 1;
	unsigned                 n = (unsigned)(part * cells * steps + 0.5);

	if (n == 0 && part > 0)
		n = 1;
	for (unsigned i = 0; i < n / steps; i++)
		fputs(t->utf8 ? "█" : "#", t->f);
	fputs(eighths[n % steps], t->f);
	return (n + steps - 1) / steps;
}

static unsigned
at_most(unsigned n, unsigned max)
{
	return n < max ? n : max;
}

/* Prints the name in `width` columns; if it is truncated, the last column shows it. */
static void
put_name(const struct term *t, const char *name, unsigned width)
{
	const size_t n = strlen(name);

	if (n <= width)
		fprintf(t->f, "%-*s", (int)width, name);
	else
		fprintf(t->f, "%.*s%s", (int)width - 1, name, t->utf8 ? "…" : "~");
}

void
table_title(const struct term *t, const char *title)
{
	fprintf(t->f, "\n%.*s\n", t->width, title);
}

void
table_counts(const struct term *t, const char *title, const struct table_row *rows, size_t n)
{
	unsigned longest = (unsigned)strlen(title), name, bar;
	double   max = 0;
	char     connections[HUMAN_MAX], sent[HUMAN_MAX], received[HUMAN_MAX], numbers[4 * HUMAN_MAX];

	for (size_t i = 0; i < n; i++) {
		const unsigned len = (unsigned)strlen(rows[i].name);
		longest = len > longest ? len : longest;
		max = rows[i].value > max ? rows[i].value : max;
	}
	const unsigned width = (unsigned)t->width;
	/* The name gets the width that it needs, as far as there is room besides the numbers and a bar. */
	name = at_most(longest, width > NUMBERS + 4 + BAR_MIN + NAME_MIN ? width - NUMBERS - 4 - BAR_MIN : NAME_MIN);
	bar = width > name + NUMBERS + 4 ? at_most(width - name - NUMBERS - 4, BAR_MAX) : 0;
	const unsigned room = width > name + 2 ? width - name - 2 : 0;

	putc('\n', t->f);
	put_name(t, title, at_most(name, width));
	snprintf(numbers, sizeof numbers, "%9s  %7s  %8s", "conns", "sent", "received");
	fprintf(t->f, "  %.*s\n", (int)room, numbers);
	for (size_t i = 0; i < n; i++) {
		const struct tally_entry *e = rows[i].counts;
		human_count(e->connections, connections);
		human_bytes((double)e->sent, sent);
		human_bytes((double)e->received, received);
		snprintf(numbers, sizeof numbers, "%9s  %7s  %8s", connections, human_join(sent), human_join(received));
		put_name(t, rows[i].name, at_most(name, width));
		fprintf(t->f, "  %.*s", (int)room, numbers);
		if (bar > 0 && rows[i].value > 0) {
			fputs("  ", t->f);
			put_bar(t, rows[i].value / max, bar);
		}
		putc('\n', t->f);
	}
}

void
table_line(const struct term *t, const char *value, double part, const char *line)
{
	const unsigned before = 7 + 2 + SHORT_BAR + 2;
	const unsigned room = (unsigned)t->width - before; /* even the narrowest terminal has room for it */
	const size_t   n = strlen(line);

	fprintf(t->f, "%7s  ", value);
	for (unsigned used = put_bar(t, part, SHORT_BAR); used < SHORT_BAR + 2; used++)
		putc(' ', t->f);
	put_name(t, line, n < room ? (unsigned)n : room);
	putc('\n', t->f);
}
