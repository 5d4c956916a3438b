/* live.c - `connlog live`: an interface. */
#include "cli/confine.h"
#include "cli/settings.h"
#include "cli/signals.h"

/* As `read` has it: an interface that cannot be opened is then another matter than a wrong command line. */
bool
filter_compiles(const char *filter)
{
	char            err[MESSAGE_MAX];
	connlog_source *none = connlog_source_files(NULL, 0, filter, err, sizeof err);

	if (none == NULL)
		complain("%s", err);
	connlog_source_free(none);
	return none != NULL;
}

int
live_run(struct settings *s)
{
	char          err[MESSAGE_MAX];
	struct outfit outfit;
	const char   *interface = s->interface != NULL ? s->interface : s->inputs[0];

	if (s->inputs_n + (s->interface != NULL) > 1 || s->captures)
		return complain_usage("one interface can be captured from at a time, and no capture be read besides");
	if (!filter_compiles(s->filter))
		return EXIT_USAGE;
	signals_live();
	if (!outfit_open(&outfit, s))
		return EXIT_INCOMPLETE;
	int             code = EXIT_INCOMPLETE;
	connlog_source *source = connlog_source_live(interface, s->filter, err, sizeof err);
	if (source == NULL)
		complain("%s", err);
	else if (confine_live(s, &outfit))
		code = run(s, source, &outfit);
	else
		connlog_source_free(source);
	outfit_close(&outfit);
	return code;
}

int
command_live(int argc, char **argv)
{
	return settings_run(&settings_log_spec, live_run, argc, argv);
}
