/* read.c - `connlog read`: captures. */
#include "cli/confine.h"
#include "cli/memory.h"
#include "cli/settings.h"
#include "cli/shipping.h"

int
read_run(struct settings *s)
{
	char         err[MESSAGE_MAX];
	struct ship *ship;

	if (s->interfaces_n > 0)
		return live_run(s);
	if (s->live.given != NULL)
		return complain_usage("%s is about interfaces, and captures are read", s->live.given);
	if (!memory_divide(s, 0) || !shipping_open(&ship, s, NULL))
		return EXIT_USAGE;
	connlog_source *source = connlog_source_files(s->inputs, s->inputs_n, s->filter, err, sizeof err);
	if (source == NULL) {
		ship_free(ship);
		return complain_usage("%s", err);
	}
	confine_read(s);
	return run(s, source, NULL, ship);
}

int
command_read(int argc, char **argv)
{
	return settings_run(&settings_log_spec, read_run, argc, argv);
}
