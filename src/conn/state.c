/* state.c - see state.h.
 *
 *   originator \ responder   INACTIVE/PARTIAL  ESTABLISHED  CLOSED  RESET
 *   INACTIVE, PARTIAL        OTH               OTH          SHR     RSTRH
 *   SYN_SENT                 S0                OTH          S3      REJ
 *   SYN_ACK_SENT             OTH               OTH          S3      REJ
 *   ESTABLISHED              OTH               S1           S3      RSTR
 *   CLOSED                   SH                S2           SF      RSTR
 *   RESET                    RSTOS0 or OTH     RSTO         RSTO    RSTR, REJ without data
 */
#include "conn/state.h"

#include <string.h>

/* Zeek's numbers; the tracker uses the same (track/tcp.h). */
enum { INACTIVE, SYN_SENT, SYN_ACK_SENT, PARTIAL, ESTABLISHED, CLOSED, RESET };
enum { UDP_ACTIVE = 1 };

/* The whole history matches ^?S[^HAFGIQ]*R.* */
static bool
reset_after_syn(const char *h, size_t n)
{
	size_t i = 0;

	if (i < n && h[i] == '^')
		i++;
	if (i == n || h[i] != 'S')
		return false;
	for (i++; i < n; i++) {
		if (h[i] == 'R')
			return true;
		if (memchr("HAFGIQ", h[i], 6))
			return false;
	}
	return false;
}

static enum conn_state
tcp_conn_state(const struct conn_endpoint *o, const struct conn_endpoint *r, const char *history, size_t n)
{
	const bool o_silent = o->state == INACTIVE || o->state == PARTIAL;
	const bool r_silent = r->state == INACTIVE || r->state == PARTIAL;

	if (r->state == RESET) {
		if (o->state == SYN_SENT || o->state == SYN_ACK_SENT || (o->state == RESET && o->size == 0 && r->size == 0))
			return CONN_STATE_REJ;
		return o_silent ? CONN_STATE_RSTRH : CONN_STATE_RSTR;
	}
	if (o->state == RESET) {
		if (r_silent)
			return reset_after_syn(history, n) ? CONN_STATE_RSTOS0 : CONN_STATE_OTH;
		return CONN_STATE_RSTO;
	}
	if (r->state == CLOSED && o->state == CLOSED)
		return CONN_STATE_SF;
	if (o->state == CLOSED)
		return r_silent ? CONN_STATE_SH : CONN_STATE_S2;
	if (r->state == CLOSED)
		return o_silent ? CONN_STATE_SHR : CONN_STATE_S3;
	if (o->state == SYN_SENT && r->state == INACTIVE)
		return CONN_STATE_S0;
	return o->state == ESTABLISHED && r->state == ESTABLISHED ? CONN_STATE_S1 : CONN_STATE_OTH;
}

enum conn_state
conn_state(enum transport transport, const struct conn_endpoint *orig, const struct conn_endpoint *resp,
           const char *history, size_t history_len)
{
	if (transport == TRANSPORT_TCP)
		return tcp_conn_state(orig, resp, history, history_len);
	if (transport == TRANSPORT_UDP) {
		const bool r = resp->state == UDP_ACTIVE;
		if (orig->state == UDP_ACTIVE)
			return r ? CONN_STATE_SF : CONN_STATE_S0;
		return r ? CONN_STATE_SHR : CONN_STATE_OTH;
	}
	return CONN_STATE_OTH;
}

const char *
conn_state_name(enum conn_state state)
{
	static const char *const names[] = {
#define NAME(name) #name,
		CONN_STATES(NAME)
#undef NAME
	};

	return names[state];
}
