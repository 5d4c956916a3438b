/* signals.c - see signals.h. */
#include "cli/signals.h"

#include <signal.h>
#include <stddef.h>

static connlog_source *running;
static connlog_reader *reading;

static void
on_signal(int sig)
{
	(void)sig;
	if (running != NULL)
		connlog_source_stop(running);
	if (reading != NULL)
		connlog_reader_stop(reading);
}

void
signals_stop(connlog_source *source, connlog_reader *reader)
{
	struct sigaction stop = { .sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND };
	struct sigaction ignore = { .sa_handler = SIG_IGN };

	running = source;
	reading = reader;
	sigaction(SIGINT, &stop, NULL);
	sigaction(SIGTERM, &stop, NULL);
	sigaction(SIGPIPE, &ignore, NULL);
}
