/* read.c - `connlog read`: captures. */
#include "cli/cli.h"

int
command_read(struct settings *s)
{
	char err[MESSAGE_MAX];

	if (s->interface != NULL)
		return command_live(s);
	connlog_source *source = connlog_source_files(s->inputs, s->inputs_n, s->filter, err, sizeof err);
	if (source == NULL)
		return complain_usage("%s", err);
	return run(s, source, false);
}
