/* live.c - `connlog live`: interfaces. */
#include <unistd.h>

#include "cli/confine.h"
#include "cli/memory.h"
#include "cli/settings.h"
#include "cli/signals.h"

/* Exit statuses as in `read`, so that an interface that cannot be opened differs from a wrong command line. */
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

/* A connlog_say_fn. */
static void
on_say(void *arg, bool warning, const char *text)
{
	const struct settings *s = arg;

	if (warning ? !s->quiet : s->verbose)
		complain("%s%s", warning ? "warning: " : "", text);
}

/* Returns how many rings each interface is to have: one a worker.  A process that has a share of the connections only has no workers,
 * nor has one with scripts that need one thread, or a page. */
static uint32_t
rings(const struct settings *s)
{
	const long     cores = sysconf(_SC_NPROCESSORS_ONLN);
	const uint64_t n = s->workers_n > 0 ? s->workers_n : cores > 0 ? (uint64_t)cores : 1;

	if (!s->workers || s->shard != NULL || (s->lua_n > 0 && !s->parallel) || s->live.web != NULL)
		return 1;
	return n < UINT32_MAX ? (uint32_t)n : UINT32_MAX;
}

static connlog_source *
open_interfaces(struct settings *s, const char *const *names, size_t n)
{
	char                 err[MESSAGE_MAX];
	connlog_live_options o = s->live.capture;

	o.filter = s->filter;
	o.say = on_say;
	o.say_arg = s;
	o.rings = rings(s);
	connlog_source *source = connlog_source_interfaces(names, n, &o, err, sizeof err);
	if (source == NULL)
		complain("%s", err);
	return source;
}

int
live_run(struct settings *s)
{
	struct outfit      outfit;
	const char *const *names = s->interfaces_n > 0 ? s->interfaces : s->inputs;
	const size_t       n = s->interfaces_n > 0 ? s->interfaces_n : s->inputs_n;

	if (s->captures || (s->interfaces_n > 0 && s->inputs_n > 0))
		return complain_usage("interfaces are captured from, and no capture can be read besides");
	if (!filter_compiles(s->filter) || !capture_settings_suit(&s->live.capture, names, n) || !memory_divide(s, n))
		return EXIT_USAGE;
	signals_live();
	int code = EXIT_INCOMPLETE;
	if (!outfit_open(&outfit, s, &code)) {
		outfit_close(&outfit);
		return code;
	}
	connlog_source *source = open_interfaces(s, names, n);
	if (source != NULL && confine_live(s, &outfit)) {
		struct ship *ship = outfit.ship;
		outfit.ship = NULL;
		code = run(s, source, &outfit, ship);
	} else {
		connlog_source_free(source);
	}
	outfit_close(&outfit);
	return code;
}

int
command_live(int argc, char **argv)
{
	return settings_run(&settings_log_spec, live_run, argc, argv);
}
