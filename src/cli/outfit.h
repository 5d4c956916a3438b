/* outfit.h - what a run on an interface opens before it is confined. */
#ifndef CONNLOG_CLI_OUTFIT_H
#define CONNLOG_CLI_OUTFIT_H

#include "guard/user.h"
#include "sensor/hook.h"
#include "sensor/notify.h"
#include "sensor/serve.h"
#include "ship/ship.h"

struct live_page;

struct outfit {
	struct notify     notify; /* the service manager */
	struct hook      *hook;   /* of --rotate-exec, or NULL */
	struct serve     *serve;  /* of --metrics, or NULL */
	struct live_page *page;   /* of --web, or NULL */
	struct ship      *ship;   /* of --to, or NULL; becomes the run's */
	int               statm;  /* /proc/self/statm, or -1 */
	bool              keeps;  /* --no-sandbox, and no user to become: all rights are kept */
	bool              falls;  /* root is given up, and becomes */
	struct guard_user user;
};

struct settings;

/* Opens all of that and makes sure that the log's folder can be written to later.  Returns false after a message, with
 * the exit_code in *code. */
bool outfit_open(struct outfit *o, const struct settings *s, int *code);
void outfit_close(struct outfit *o);

#endif
