/* history.h - the letters of conn.log's `history` (Session.h, TCP_Endpoint.cc, UDP.cc). */
#ifndef CONNLOG_CONN_HISTORY_H
#define CONNLOG_CONN_HISTORY_H

#include "conn/conn.h"

/* Letters recorded once; shifted by HIST_RESP for the responder of a TCP connection. UDP has bits of its own;
 * HIST_UNKNOWN is the session's (X). */
enum history_bit {
	HIST_SYN = 0x1,
	HIST_FIN = 0x2,
	HIST_RST = 0x4,
	HIST_FIN_RST = 0x8,
	HIST_DATA = 0x10,
	HIST_ACK = 0x20,
	HIST_MULTI_FLAG = 0x40,
	HIST_UNKNOWN = 0x80,

	HIST_UDP_ORIG_DATA = 0x1,
	HIST_UDP_RESP_DATA = 0x2,
};
#define HIST_RESP 8

void history_add(struct conn_store *s, uint32_t handle, char letter);

/* Adds the letter if none of `bits` was set. Returns true if one was set, in which case nothing is added. */
bool history_once(struct conn_store *s, uint32_t handle, uint32_t bits, char letter);

/* Counts, and adds the letter at 1, 10, 100 …. Returns the threshold that was reached, or 0. */
uint32_t history_scaled(struct conn_store *s, uint32_t handle, struct scaled *n, char letter);

/* Replaces the whole text. */
void history_set(struct conn_store *s, uint32_t handle, const char *text);

/* Returns the text, not terminated; valid until the history changes.  An embryo's follows from its bits. */
const char *history_text(const struct conn_store *s, uint32_t handle, size_t *len);

#endif
