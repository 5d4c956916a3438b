/* ahead.h - prefetches the memory of connections that are needed soon. */
#ifndef CONNLOG_CONN_AHEAD_H
#define CONNLOG_CONN_AHEAD_H

#include "base/fetch.h"
#include "conn/history.h"

/* Returns the connection that `hash` leads to first, or NULL. */
static inline const struct conn *
conn_fetch(const struct conn_store *s, uint32_t hash)
{
	uint32_t       at = hash & s->table.mask;
	const uint32_t handle = table_probe(&s->table, hash, &at);

	if (!handle)
		return NULL;
	fetch_all(conn_at(s, handle), sizeof(struct conn));
	return conn_at(s, handle);
}

/* Returns whether the history has only the letters of plain sending; others are rare. */
static inline bool
conn_has_spoken(const struct conn *c)
{
	const uint32_t side = HIST_DATA | HIST_ACK;
	const uint32_t all =
		c->transport == TRANSPORT_TCP ? side | side << HIST_RESP : HIST_UDP_ORIG_DATA | HIST_UDP_RESP_DATA;
	return (c->hist_seen & all) == all;
}

/* Prefetches the connection's parts, and its history if a letter may be added. */
static inline void
conn_fetch_state(const struct conn_store *s, const struct conn *c)
{
	if (c->flags & CONN_EMBRYO)
		return;
	if (c->transport != TRANSPORT_TCP)
		fetch(conn_sizes_at(s, c));
	else if (c->tcp)
		fetch(slab_at_sized(&s->tcps, c->tcp, FETCH_LINE)); /* it is one line: see tcp.h */
	if (!conn_has_spoken(c))
		fetch(&conn_cold_at(s, c)->history_len);
}

#endif
