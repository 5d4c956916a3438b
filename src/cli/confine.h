/* confine.h - gives up privileges before a run looks at its first packet (guard/guard.h). */
#ifndef CONNLOG_CLI_CONFINE_H
#define CONNLOG_CLI_CONFINE_H

#include "cli/outfit.h"

struct settings;

/* Gives up root, if configured, and all capabilities.  Returns 0 or errno. */
int confine_fall(const struct outfit *o);

/* Confines a run on an interface, which must be open already.  Returns false after a message if the log's folder would
 * be out of reach. */
bool confine_live(const struct settings *s, const struct outfit *o);
/* Confines a run that reads captures, which are opened later. */
void confine_read(const struct settings *s);
/* The same of what reads logs, too, and writes captures. */
void confine_extract(const struct settings *s);

/* The same of what reads captures and writes beside them. */
void confine_index(const char *const *paths, size_t n, bool quiet);

#endif
