/* outfit.h - what a run on an interface has opened before anything of it is confined. */
#ifndef CONNLOG_CLI_OUTFIT_H
#define CONNLOG_CLI_OUTFIT_H

#include "guard/user.h"
#include "sensor/hook.h"
#include "sensor/notify.h"
#include "sensor/serve.h"
#include "ship/ship.h"

struct outfit {
	struct notify     notify; /* the service manager */
	struct hook      *hook;   /* of --rotate-exec, or NULL */
	struct serve     *serve;  /* of --metrics, or NULL */
	struct ship      *ship;   /* of --to, or NULL; becomes the run's */
	int               statm;  /* /proc/self/statm, or -1 */
	bool              keeps;  /* --no-sandbox, and nobody to become: all rights are kept */
	bool              falls;  /* root is to be given up: it becomes */
	struct guard_user user;
};

struct settings;

/* Opens all that, and sees to it that the log's folder can be written to later on.  Returns false after a message; *code is then the
 * exit_code. */
bool outfit_open(struct outfit *o, const struct settings *s, int *code);
void outfit_close(struct outfit *o);

#endif
