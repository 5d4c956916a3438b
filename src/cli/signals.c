/* signals.c - see signals.h. */
#include "cli/signals.h"

#include <stdbool.h>
#include <stddef.h>

#include "sensor/clock.h"

static connlog_source *volatile running;
static connlog_reader *volatile reading;

/* For an interface: */
static bool                  live;
static volatile sig_atomic_t stopped, hurry, wished[3]; /* HUP, USR1, USR2 */

/* A signal that comes again within this time is the same one: timeout(1) sends it to its child and then to the whole group. */
#define SAME_WITHIN 0.2 /* seconds */

static void
on_stop(int sig)
{
	static double first;
	const double  now = clock_steady();

	if (stopped && now < first + SAME_WITHIN)
		return;
	if (stopped) {
		hurry = 1;
		signal(sig, SIG_DFL);
		if (!live)
			raise(sig);
		return;
	}
	first = now;
	stopped = 1;
	if (running != NULL)
		connlog_source_stop(running);
	if (reading != NULL)
		connlog_reader_stop(reading);
}

static void
on_wish(int sig)
{
	wished[sig == SIGHUP ? 0 : sig == SIGUSR1 ? 1 : 2] = 1;
}

static void
handle(int sig, void (*handler)(int), int flags)
{
	const struct sigaction action = { .sa_handler = handler, .sa_flags = flags };
	sigaction(sig, &action, NULL);
}

void
signals_stop(connlog_source *source, connlog_reader *reader)
{
	running = source;
	reading = reader;
	if (live) {
		if (stopped && source != NULL) /* the signal came before there was something to stop */
			connlog_source_stop(source);
		return;
	}
	handle(SIGINT, on_stop, 0);
	handle(SIGTERM, on_stop, 0);
	handle(SIGPIPE, SIG_IGN, 0);
}

void
signals_live(void)
{
	live = true;
	handle(SIGINT, on_stop, 0);
	handle(SIGTERM, on_stop, 0);
	handle(SIGHUP, on_wish, 0);
	handle(SIGUSR1, on_wish, 0);
	handle(SIGUSR2, on_wish, 0);
	handle(SIGPIPE, SIG_IGN, 0);
}

unsigned
signals_wishes(void)
{
	unsigned wishes = 0;

	for (unsigned i = 0; i < 3; i++) {
		if (!wished[i])
			continue;
		wished[i] = 0;
		wishes |= 1u << i;
	}
	return wishes;
}

const volatile sig_atomic_t *
signals_hurry(void)
{
	return &hurry;
}
