/* outfit.c - see outfit.h. */
#include "cli/outfit.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/confine.h"
#include "cli/live_page.h"
#include "cli/settings.h"
#include "cli/shipping.h"

/* Determines which user root becomes.  Returns false after a message. */
static bool
find_user(struct outfit *o, const struct settings *s)
{
	char err[MESSAGE_MAX];

	if (geteuid() != 0) {
		if (s->live.user == NULL)
			return true;
		complain("--user %s: only root can become somebody else", s->live.user);
		return false;
	}
	if (o->keeps)
		return true;
	if (guard_find_user(&o->user, s->live.user, s->folder, err, sizeof err)) {
		o->falls = o->user.uid != 0;
		return true;
	}
	complain("%s; --user root stays root", err);
	return false;
}

/* Gives the log's folders to the user if they belong to root and contain nothing else. */
static void
hand_over(const struct outfit *o, const struct settings *s)
{
	const char *name = s->events != 0 ? "events" : "conn", *rotated = s->live.rotation.folder;
	struct stat st;

	if (rotated != NULL && stat(rotated, &st) != 0)
		rotate_make_folder(rotated);
	if (!o->falls)
		return;
	shipping_hand_over(s, &o->user);
	if (s->folder == NULL)
		return;
	if (guard_hand_over(s->folder, name, rotated, &o->user) && s->verbose)
		complain("%s belongs to %s now", s->folder, o->user.name);
	if (rotated != NULL)
		guard_hand_over(rotated, name, NULL, &o->user);
}

/* Called first in the helper for commands: like the sensor it stops being root, but may do what an ordinary user may. */
static bool
prepare_helper(void *arg)
{
	confine_fall(arg); /* if that fails, the sensor reports it or ends */
	return true;
}

/* Returns false after a message. */
static bool
open_servers(struct outfit *o, const struct settings *s, int *code)
{
	char err[MESSAGE_MAX];

	o->statm = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
	if (s->live.metrics == NULL)
		return live_page_open(&o->page, s, code);
	o->serve = serve_open(s->live.metrics, err, sizeof err);
	if (o->serve == NULL)
		*code = complain_usage("--metrics: %s", err);
	return o->serve != NULL && live_page_open(&o->page, s, code);
}

bool
outfit_open(struct outfit *o, const struct settings *s, int *code)
{
	char err[MESSAGE_MAX];

	*o = (struct outfit){ .notify.fd = -1, .statm = -1, .keeps = s->no_sandbox && s->live.user == NULL };
	if (!find_user(o, s))
		return false;
	hand_over(o, s);
	notify_open(&o->notify);
	if (s->live.command != NULL && (o->hook = hook_new(s->live.command, prepare_helper, o, err, sizeof err)) == NULL) {
		complain("%s", err);
		return false;
	}
	if (!shipping_open(&o->ship, s, o)) {
		*code = EXIT_USAGE;
		return false;
	}
	return open_servers(o, s, code);
}

void
outfit_close(struct outfit *o)
{
	hook_free(o->hook);
	ship_free(o->ship);
	serve_free(o->serve);
	live_page_free(o->page);
	if (o->statm >= 0)
		close(o->statm);
	notify_close(&o->notify);
}
