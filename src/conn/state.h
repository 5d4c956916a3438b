/* state.h - conn_state: the state of a connection, derived from those of its endpoints. */
#ifndef CONNLOG_CONN_STATE_H
#define CONNLOG_CONN_STATE_H

#include <stddef.h>

#include "conn/conn.h"

/* Returns "S0", "SF" … (scripts/base/protocols/conn/main.zeek, conn_state). */
const char *conn_state(enum transport transport, const struct conn_endpoint *orig, const struct conn_endpoint *resp,
                       const char *history, size_t history_len);

#endif
