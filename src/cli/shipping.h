/* shipping.h - the sinks of --to. */
#ifndef CONNLOG_CLI_SHIPPING_H
#define CONNLOG_CLI_SHIPPING_H

#include "cli/outfit.h"
#include "cli/settings.h"
#include "ship/ship.h"

/* Opens what --to names, before anything is confined; `live` is NULL for captures. *out is NULL where there is nothing.  Returns false
 * after a message. */
bool shipping_open(struct ship **out, const struct settings *s, struct outfit *live);
/* The same for records that were read from logs. */
bool shipping_open_for(struct ship **out, const char *const *urls, size_t n, const connlog_writer_options *writer,
                       bool quiet);

/* Gives the spool's folder to whom root becomes, as far as nobody else has something in it. */
void shipping_hand_over(const struct settings *s, const struct guard_user *user);

#endif
