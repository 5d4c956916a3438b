/* record.h - one finished connection: the values of every column that conn.log can have.
 *
 * Plain data, filled by conn/ when a connection ends and read through the schema (schema.h) by every writer.
 * Text members point into the record itself or at memory that lives until the record has been written.
 */
#ifndef CONNLOG_RECORD_RECORD_H
#define CONNLOG_RECORD_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"

struct arena;

struct text {
	const char *p;
	size_t      n;
};

/* set[string] / vector: n texts, in the order in which they are written. */
struct text_set {
	const struct text *at;
	size_t             n;
};

/* Presence of the optional columns; the others are always there. */
enum record_has {
	HAS_SERVICE = 1u << 0,
	HAS_DURATION = 1u << 1, /* duration, orig_bytes and resp_bytes come together */
	HAS_LOCAL = 1u << 2,    /* local_orig and local_resp */
	HAS_HISTORY = 1u << 3,
	HAS_TUNNEL_PARENTS = 1u << 4,
	HAS_IP_PROTO = 1u << 5,
	HAS_COMMUNITY_ID = 1u << 6,
	HAS_ORIG_L2 = 1u << 7,
	HAS_RESP_L2 = 1u << 8,
	HAS_VLAN = 1u << 9,
	HAS_INNER_VLAN = 1u << 10,
	HAS_SPECULATIVE_SERVICE = 1u << 11,
	HAS_FAILED_SERVICE = 1u << 12,
	HAS_IP_PROTO_NAME = 1u << 13,
	HAS_PPPOE_SESSION = 1u << 14,
	HAS_CONN_STATE = 1u << 15,
	HAS_ALWAYS = 1u << 31, /* set in every record: presence of the columns that are always there */
};

struct record {
	uint32_t        has; /* record_has bits */
	double          ts;  /* seconds since the epoch */
	struct text     uid;
	struct addr     orig_h, resp_h;
	uint16_t        orig_p, resp_p;
	struct text     proto; /* tcp udp icmp unknown_transport */
	struct text     service;
	double          duration; /* seconds */
	uint64_t        orig_bytes, resp_bytes;
	struct text     conn_state;
	bool            local_orig, local_resp;
	uint64_t        missed_bytes;
	struct text     history;
	uint64_t        orig_pkts, orig_ip_bytes, resp_pkts, resp_ip_bytes;
	struct text_set tunnel_parents;
	uint64_t        ip_proto;
	struct text     community_id;
	struct text     orig_l2_addr, resp_l2_addr;
	int64_t         vlan, inner_vlan;
	struct text     speculative_service;
	struct text_set failed_service;
	struct text     ip_proto_name;
	uint64_t        pppoe_session_id;

	struct arena *arena; /* for what the record is given later (connlog_record_set()); the record's owner resets it */
};

#endif
