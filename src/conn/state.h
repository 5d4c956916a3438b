/* state.h - conn_state: the state of a connection, derived from those of its endpoints. */
#ifndef CONNLOG_CONN_STATE_H
#define CONNLOG_CONN_STATE_H

#include <stddef.h>

#include "conn/conn.h"

#define CONN_STATES(X) X(S0) X(S1) X(S2) X(S3) X(SF) X(SH) X(SHR) X(REJ) X(RSTO) X(RSTR) X(RSTOS0) X(RSTRH) X(OTH)

enum conn_state {
#define STATE(name) CONN_STATE_##name,
	CONN_STATES(STATE)
#undef STATE
		CONN_STATE_COUNT
};

/* Determines the state as scripts/base/protocols/conn/main.zeek does (conn_state). */
enum conn_state conn_state(enum transport transport, const struct conn_endpoint *orig, const struct conn_endpoint *resp,
                           const char *history, size_t history_len);
/* Returns "S0", "SF" … */
const char *conn_state_name(enum conn_state state);

#endif
