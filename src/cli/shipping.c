/* shipping.c - see shipping.h. */
#include "cli/shipping.h"

#include <sys/stat.h>

#include "cli/confine.h"
#include "cli/signals.h"

#define PATIENCE_READING 300.0 /* seconds after which a sink that accepts nothing is given up when captures are read */

enum { MEMORY_READING = 16 << 20 /* bytes */ };

/* Receives a ship's messages. */
static void
on_say(const void *arg, const char *text)
{
	const bool *quiet = arg;
	if (!*quiet)
		complain("warning: %s", text);
}

/* The process that feeds sinks stops being root, as the sensor does. */
static bool
prepare(void *arg)
{
	confine_fall(arg); /* if that fails, the sensor reports it or ends */
	return true;
}

static bool
ship_new_or_complain(struct ship **out, const struct ship_options *o)
{
	char err[MESSAGE_MAX];

	*out = NULL;
	if (o->n == 0)
		return true;
	*out = ship_new(o, err, sizeof err);
	if (*out == NULL)
		complain("--to %s", err);
	return *out != NULL;
}

bool
shipping_open(struct ship **out, const struct settings *s, struct outfit *live)
{
	struct ship_options o = {
		.urls = s->to,
		.n = s->to_n,
		.writer = &s->writer,
		.live = live != NULL,
		.confined = !s->no_sandbox,
		.memory = live != NULL ? s->live.spool : MEMORY_READING,
		.spool = s->live.spool_folder,
		.spool_max = s->live.spool_disk,
		.patience = live != NULL ? s->live.exit_timeout : PATIENCE_READING,
		.say = on_say,
		.say_arg = &s->quiet,
	};

	if (live != NULL) {
		o.prepare = prepare;
		o.prepare_arg = live;
		o.hurry = signals_hurry();
	}
	if (s->live.spool_folder != NULL && s->to_n == 0) {
		complain("--spool DIR,SIZE is for the sinks of --to, and there are none");
		return false;
	}
	return ship_new_or_complain(out, &o);
}

bool
shipping_open_for(struct ship **out, const char *const *urls, size_t n, const connlog_writer_options *writer,
                  bool quiet)
{
	static bool               hush;
	const struct ship_options o = { .urls = urls,
		                            .n = n,
		                            .writer = writer,
		                            .extras = true,
		                            .confined = true,
		                            .memory = MEMORY_READING,
		                            .patience = PATIENCE_READING,
		                            .say = on_say,
		                            .say_arg = &hush };

	hush = quiet;
	return ship_new_or_complain(out, &o);
}

void
shipping_hand_over(const struct settings *s, const struct guard_user *user)
{
	const char *folder = s->live.spool_folder;

	if (folder == NULL)
		return;
	mkdir(folder, 0777);
	if (guard_hand_over(folder, "", NULL, user) && s->verbose)
		complain("%s belongs to %s now", folder, user->name);
}
