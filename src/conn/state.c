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

static const char *
tcp_conn_state(const struct conn_endpoint *o, const struct conn_endpoint *r, const char *history, size_t n)
{
	const bool o_silent = o->state == INACTIVE || o->state == PARTIAL;
	const bool r_silent = r->state == INACTIVE || r->state == PARTIAL;

	if (r->state == RESET) {
		if (o->state == SYN_SENT || o->state == SYN_ACK_SENT || (o->state == RESET && o->size == 0 && r->size == 0))
			return "REJ";
		return o_silent ? "RSTRH" : "RSTR";
	}
	if (o->state == RESET) {
		if (r_silent)
			return reset_after_syn(history, n) ? "RSTOS0" : "OTH";
		return "RSTO";
	}
	if (r->state == CLOSED && o->state == CLOSED)
		return "SF";
	if (o->state == CLOSED)
		return r_silent ? "SH" : "S2";
	if (r->state == CLOSED)
		return o_silent ? "SHR" : "S3";
	if (o->state == SYN_SENT && r->state == INACTIVE)
		return "S0";
	return o->state == ESTABLISHED && r->state == ESTABLISHED ? "S1" : "OTH";
}

const char *
conn_state(enum transport transport, const struct conn_endpoint *orig, const struct conn_endpoint *resp,
           const char *history, size_t history_len)
{
	if (transport == TRANSPORT_TCP)
		return tcp_conn_state(orig, resp, history, history_len);
	if (transport == TRANSPORT_UDP) {
		const bool r = resp->state == UDP_ACTIVE;
		if (orig->state == UDP_ACTIVE)
			return r ? "SF" : "S0";
		return r ? "SHR" : "OTH";
	}
	return "OTH";
}
