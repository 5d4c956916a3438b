/* community_id.h - Community ID v1: a hash of the tuple that other tools compute the same way
 * (https://github.com/corelight/community-id-spec; Zeek: src/communityid.bif). */
#ifndef CONNLOG_CONN_COMMUNITY_ID_H
#define CONNLOG_CONN_COMMUNITY_ID_H

#include <stdbool.h>
#include <stddef.h>

#include "conn/conn.h"

#define COMMUNITY_ID_MAX 48 /* "1:" and 28 base-64 or 40 hexadecimal digits */

struct community_flow {
	struct addr h[2]; /* ORIG, RESP */
	uint16_t    p[2];
	uint8_t     proto, transport;
};

/* Returns the length of the text in `out`, without a NUL; 0 if libcrypto failed. */
size_t community_id(const struct community_flow *c, uint16_t seed, bool base64, char out[COMMUNITY_ID_MAX]);

#endif
