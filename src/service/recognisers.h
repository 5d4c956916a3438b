/* recognisers.h - all recognisers; each has one line in recognisers.c. */
#ifndef CONNLOG_SERVICE_RECOGNISERS_H
#define CONNLOG_SERVICE_RECOGNISERS_H

#include "dpd/talk.h"

/* By service; NULL for those without a recogniser (tunnels, expected connections). */
extern const struct recogniser *const recognisers[SERVICE_COUNT];

#endif
