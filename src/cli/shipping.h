/* shipping.h - the sinks of --to. */
#ifndef CONNLOG_CLI_SHIPPING_H
#define CONNLOG_CLI_SHIPPING_H

#include "cli/outfit.h"
#include "cli/settings.h"
#include "ship/ship.h"

/* Opens the sinks of --to, before anything is confined; `live` is NULL for captures.  *out is NULL if there are
 * none.  Returns false after a message. */
bool shipping_open(struct ship **out, const struct settings *s, struct outfit *live);
/* The same for records read from logs. */
bool shipping_open_for(struct ship **out, const char *const *urls, size_t n, const connlog_writer_options *writer,
                       bool quiet);

/* Gives the spool's folder to the user that root becomes, unless it contains files of others. */
void shipping_hand_over(const struct settings *s, const struct guard_user *user);

#endif
