/* top.c - `connlog top`: shows what a sensor is doing.
 *
 * It queries a `connlog live --metrics` as Prometheus does, and the top talkers, which the sensor counts only while a
 * client asks.
 */
#include <math.h>
#include <stdlib.h>

#include "cli/args.h"
#include "cli/top_page.h"
#include "cli/units.h"
#include "sensor/ask.h"
#include "sensor/endpoint.h"

#define USUAL_ADDRESS "127.0.0.1:9911"
#define PUBLISHED     1.1 /* seconds between a sensor's updates */
#define NO_RATES      INFINITY

enum { TRIES = 20 }; /* allowance for a late sensor */

enum { OPT_ONCE = ARG_LONG };

static const struct option_row rows[] = {
	{ 'd', "delay", "INTERVAL", "between two pages (2sec)" },
	{ 'n', "count", "N", "end after N pages" },
	{ OPT_ONCE, "once", NULL, "one page: the same as -n 1" },
};

struct top {
	const char      *address;
	double           delay; /* seconds */
	unsigned long    count; /* pages; 0: unlimited */
	struct addrinfo *where;
	struct screen    screen;
	struct top_page  page;
	char             err[MESSAGE_MAX];
};

static bool
apply(void *arg, int key, const char *value)
{
	struct top *t = arg;
	char       *end;

	switch (key) {
	case 'd':
		if (units_interval(value, &t->delay) && t->delay >= 1)
			return true;
		complain("--delay %s: an interval like 5sec is expected, 1sec at least", value);
		return false;
	case 'n':
		t->count = strtoul(value, &end, 10);
		if (*end == '\0' && t->count > 0 && value[0] != '-')
			return true;
		complain("--count %s: a number of pages is expected", value);
		return false;
	case OPT_ONCE:
		t->count = 1;
		return true;
	default:
		return args_set_once(&t->address, value, "the address of a sensor");
	}
}

static const struct args_spec spec = {
	.command = "top",
	.about = "Shows what a sensor does: packets, connections, losses, services, and who talks most.",
	.rows = rows,
	.rows_n = sizeof rows / sizeof rows[0],
	.apply = apply,
	.notes =
		"ADDRESS is that of `connlog live --metrics`; without one it is " USUAL_ADDRESS ".  q ends it.  Where standard "
		"output is no terminal,\npages come one below the other.",
};

/* Requests the counters.  Returns false on a fatal error with a message in `err`, which is shown after the terminal is
 * restored. */
static bool
look(struct top *t, struct samples *out)
{
	char                   why[MESSAGE_MAX / 2], *text;
	const enum ask_outcome outcome = ask(t->where, "/metrics", &text, why, sizeof why);

	if (outcome == ASK_FAILED)
		snprintf(t->err, sizeof t->err, "%s: %s (is there a `connlog live --metrics %s`?)", t->address, why,
		         t->address);
	if (outcome == ASK_NOTHING)
		snprintf(t->err, sizeof t->err, "%s: there are no metrics", t->address);
	if (outcome != ASK_OK)
		return false;
	if (samples_read(out, text) && samples_find(out, "uptime_seconds", NULL, NULL) != NULL)
		return true;
	samples_free(out);
	snprintf(t->err, sizeof t->err, "%s: what answers is no sensor of this version", t->address);
	return false;
}

static void
look_at_talkers(struct top *t)
{
	char                   err[MESSAGE_MAX], *text;
	const enum ask_outcome outcome = ask(t->where, "/talkers", &text, err, sizeof err);

	samples_free(&t->page.talkers);
	t->page.has_talkers = outcome == ASK_OK && samples_read(&t->page.talkers, text);
}

/* Takes a new sample.  Returns false after a message. */
static bool
renew(struct top *t)
{
	struct top_page *p = &t->page;
	struct samples   now;

	if (!look(t, &now))
		return false;
	const double passed = samples_get(&now, "uptime_seconds", NULL) - samples_get(&p->now, "uptime_seconds", NULL);
	if (passed == 0) { /* the same sample as before */
		samples_free(&now);
		return true;
	}
	samples_free(&p->then);
	p->then = p->now;
	p->now = now;
	p->seconds = passed > 0 ? passed : NO_RATES; /* otherwise it is another sensor */
	look_at_talkers(t);
	return true;
}

/* Waits until there are two samples to compare.  Returns false if the program should end. */
static bool
await_rates(struct top *t)
{
	double wait = PUBLISHED;

	for (int i = 0; i < TRIES && t->page.seconds == NO_RATES; i++, wait = PUBLISHED / 4)
		if (!screen_wait(&t->screen, wait) || !renew(t))
			return false;
	return true;
}

static bool
show_page(struct top *t)
{
	screen_begin(&t->screen);
	top_page_write(&t->page, &t->screen);
	return screen_end(&t->screen);
}

static void
show(struct top *t)
{
	look_at_talkers(t); /* counting starts now */
	screen_open(&t->screen);
	if (await_rates(t))
		for (unsigned long page = 1; show_page(t) && page != t->count; page++) {
			if (!screen_wait(&t->screen, t->delay) || !renew(t))
				break;
			if (t->screen.height == 0)
				fputc('\n', stdout);
		}
	screen_close(&t->screen);
}

int
command_top(int argc, char **argv)
{
	struct top t = { .delay = 2, .page.seconds = NO_RATES };

	switch (args_walk(&spec, &t, argc, argv)) {
	case ARGS_DONE:
		return EXIT_ALL_READ;
	case ARGS_WRONG:
		return EXIT_USAGE;
	case ARGS_RUN:
		break;
	}
	if (t.address == NULL)
		t.address = USUAL_ADDRESS;
	t.where = endpoint_find(t.address);
	if (t.where == NULL)
		return complain_usage(ENDPOINT_EXPECTED, t.address);
	t.page.address = t.address;
	if (look(&t, &t.page.now))
		show(&t);
	samples_free(&t.page.then);
	samples_free(&t.page.now);
	samples_free(&t.page.talkers);
	endpoint_free(t.where);
	if (t.err[0] == '\0')
		return ferror(stdout) ? EXIT_INCOMPLETE : EXIT_ALL_READ;
	complain("%s", t.err);
	return EXIT_INCOMPLETE;
}
