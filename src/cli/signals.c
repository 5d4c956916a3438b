/* signals.c - see signals.h. */
#include "cli/signals.h"

#include <stdbool.h>
#include <stddef.h>

static connlog_source *volatile running;
static connlog_reader *volatile reading;

/* For an interface: */
static bool                  live;
static volatile sig_atomic_t stopped, hurry, wished[3]; /* HUP, USR1, USR2 */

static void
on_stop(int sig)
{
	if (live && stopped) {
		hurry = 1;
		signal(sig, SIG_DFL); /* as SA_RESETHAND does for the others */
	}
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
	handle(SIGINT, on_stop, (int)SA_RESETHAND);
	handle(SIGTERM, on_stop, (int)SA_RESETHAND);
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
