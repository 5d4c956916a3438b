/* record.h - one finished connection: the values of every column that conn.log can have.
 *
 * Plain data, filled when a connection ends (fill.h) or from a line of a log (read/), and read through the schema
 * (schema.h) by every writer.  Text members point into the record itself or at memory that lives until the record has
 * been written.
 */
#ifndef CONNLOG_RECORD_RECORD_H
#define CONNLOG_RECORD_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/addr.h"

struct arena;

struct text {
	const char *p;
	size_t      n;
};

static inline struct text
text_from(const char *word)
{
	return (struct text){ word, strlen(word) };
}

static inline bool
text_is(struct text t, const char *word)
{
	return t.n == strlen(word) && memcmp(t.p, word, t.n) == 0;
}

/* set[string] / vector: n texts, in the order in which they are written. */
struct text_set {
	const struct text *at;
	size_t             n;
};

/* The columns, in the order of the schema's table (schema.c). */
enum column_id {
	COL_TS,
	COL_UID,
	COL_ORIG_H,
	COL_ORIG_P,
	COL_RESP_H,
	COL_RESP_P,
	COL_PROTO,
	COL_SERVICE,
	COL_DURATION,
	COL_ORIG_BYTES,
	COL_RESP_BYTES,
	COL_CONN_STATE,
	COL_LOCAL_ORIG,
	COL_LOCAL_RESP,
	COL_MISSED_BYTES,
	COL_HISTORY,
	COL_ORIG_PKTS,
	COL_ORIG_IP_BYTES,
	COL_RESP_PKTS,
	COL_RESP_IP_BYTES,
	COL_TUNNEL_PARENTS,
	COL_IP_PROTO,
	COL_COMMUNITY_ID,
	COL_ORIG_L2_ADDR,
	COL_RESP_L2_ADDR,
	COL_VLAN,
	COL_INNER_VLAN,
	COL_SPECULATIVE_SERVICE,
	COL_FAILED_SERVICE,
	COL_IP_PROTO_NAME,
	COL_PPPOE_SESSION_ID,
	COL_INTERIM,
	COL_INTERIM_TS,
	COL_ORIG_BYTES_DELTA,
	COL_RESP_BYTES_DELTA,
	COL_ORIG_PKTS_DELTA,
	COL_RESP_PKTS_DELTA,
	COL_ORIG_IP_BYTES_DELTA,
	COL_RESP_IP_BYTES_DELTA,
	COL_FOLD_COUNT,
	COL_FOLD_RULE,
	COL_FOLD_LAST,
	COL_FOLD_ORIG_HOSTS,
	COL_FOLD_RESP_HOSTS,
	COL_FOLD_RESP_PORTS,
	COL_FOLD_ORIG_SAMPLES,
	COL_FOLD_RESP_SAMPLES,
	COL_FOLD_PORT_SAMPLES,
	COL_RTT,
	COL_ORIG_RTT,
	COL_RESP_RTT,
	COL_ORIG_RETRANS,
	COL_RESP_RETRANS,
	COL_ORIG_OOO,
	COL_RESP_OOO,
	COL_ORIG_TTL,
	COL_ORIG_TTL_MIN,
	COL_ORIG_TTL_MAX,
	COL_RESP_TTL,
	COL_RESP_TTL_MIN,
	COL_RESP_TTL_MAX,
	COL_ORIG_DSCP,
	COL_RESP_DSCP,
	COL_ORIG_MSS,
	COL_RESP_MSS,
	COL_ORIG_WSCALE,
	COL_RESP_WSCALE,
	COL_ORIG_TCP_FLAGS,
	COL_RESP_TCP_FLAGS,
	COL_ORIG_FIRST_PAYLOAD,
	COL_RESP_FIRST_PAYLOAD,
	COL_ORIG_IAT_MEAN,
	COL_ORIG_IAT_DEV,
	COL_RESP_IAT_MEAN,
	COL_RESP_IAT_DEV,
	COL_ORIG_SIZE_ENTROPY,
	COL_RESP_SIZE_ENTROPY,
	COL_ORIG_SIZE_HIST,
	COL_RESP_SIZE_HIST,
	COL_ENRICHED_FIRST,
	COL_ORIG_NAME = COL_ENRICHED_FIRST,
	COL_RESP_NAME,
	COL_ORIG_NETWORK,
	COL_RESP_NETWORK,
	COL_ORIG_SITE,
	COL_RESP_SITE,
	COL_ORIG_TAGS,
	COL_RESP_TAGS,
	COL_ENRICHED_LAST = COL_RESP_TAGS,
	COLUMNS
};

/* A column's bit in record.has: whether the record has a value there.  For the first 64 columns, among which all of Zeek's are. */
#define HAS(id) (UINT64_C(1) << (id))

/* The bits of later columns are in has_more.  Code that does not know which column it is given finds the right word by its place in
 * struct record. */
#define HAS_WORD(id) ((id) < 64 ? offsetof(struct record, has) : offsetof(struct record, has_more))
#define HAS_BIT(id)  (UINT64_C(1) << ((id) % 64))

/* The columns that every connection of the engine's has, those of one that lasted, those that need local networks. */
#define HAS_ALWAYS                                                                                                     \
	(HAS(COL_TS) | HAS(COL_UID) | HAS(COL_ORIG_H) | HAS(COL_ORIG_P) | HAS(COL_RESP_H) | HAS(COL_RESP_P) |              \
	 HAS(COL_PROTO) | HAS(COL_CONN_STATE) | HAS(COL_MISSED_BYTES) | HAS(COL_ORIG_PKTS) | HAS(COL_ORIG_IP_BYTES) |      \
	 HAS(COL_RESP_PKTS) | HAS(COL_RESP_IP_BYTES) | HAS(COL_IP_PROTO))
#define HAS_LASTED (HAS(COL_DURATION) | HAS(COL_ORIG_BYTES) | HAS(COL_RESP_BYTES))
#define HAS_LOCAL  (HAS(COL_LOCAL_ORIG) | HAS(COL_LOCAL_RESP))

/* What stands in a column that the schema does not know, by its type. */
enum extra_kind {
	EXTRA_TEXT,   /* string, enum, addr, subnet …: text */
	EXTRA_NUMBER, /* count, int, double, time, interval, port: the number as it stood, in text */
	EXTRA_BOOL,   /* text: "T" or "F" */
	EXTRA_LIST,   /* set[…], vector[…]: list */
};

/* A column that the schema does not know; name and type are those of the log's header. */
struct extra {
	struct text     name, type;    /* Zeek's type: "string", "set[string]", … */
	enum extra_kind kind, element; /* `element`: of a list's elements */
	bool            set;
	struct text     text; /* without any escapes */
	struct text_set list;
};

/* What has grown since the record before, of both sides. */
#define INTERIM_DELTAS (COL_RESP_IP_BYTES_DELTA - COL_ORIG_BYTES_DELTA + 1)
#define HAS_DELTAS     (((UINT64_C(1) << INTERIM_DELTAS) - 1) << COL_ORIG_BYTES_DELTA)

_Static_assert(COL_RESP_OOO < 64, "these have their bits in the first word");

/* Bytes of a plain text at most. */
#define PLAIN_MAX 32

struct record {
	uint64_t has; /* HAS() bits */
	/* HAS() bits of texts that are known to be plain: 1 to PLAIN_MAX letters, digits, _ and ^, among which nothing has to be
	 * looked for that a format would escape.  Those of the engine's own mostly are. */
	uint64_t        plain;
	uint64_t        has_more; /* HAS_BIT() of the columns from 64 on, whose texts are never known to be plain */
	double          ts;       /* seconds since the epoch */
	struct text     uid;
	struct addr     orig_h, resp_h;
	uint16_t        orig_p, resp_p;
	struct text     proto; /* tcp udp icmp unknown_transport */
	struct text     service;
	double          duration; /* seconds */
	uint64_t        orig_bytes, resp_bytes;
	struct text     conn_state;
	uint8_t         state; /* the same as enum conn_state, of a connection that is tracked here */
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
	uint64_t        interim;
	double          interim_ts;
	int64_t         deltas[INTERIM_DELTAS]; /* in the order of their columns */
	/* Of a row that stands for several records (fold/). */
	uint64_t        fold_count;
	struct text     fold_rule;
	double          fold_last;
	uint64_t        fold_orig_hosts, fold_resp_hosts, fold_resp_ports;
	struct text_set fold_orig_samples, fold_resp_samples, fold_port_samples;
	/* Measured (conn/measure.h), [ORIG] and [RESP]. */
	double      rtt, half_rtt[2];
	uint64_t    retrans[2], ooo[2];
	uint64_t    ttl[2][3]; /* the first, the least, the most */
	uint64_t    dscp[2], mss[2], wscale[2];
	struct text tcp_flags[2], first_payload[2], size_hist[2];
	double      iat[2][2]; /* mean, deviation */
	double      size_entropy[2];
	/* What is known of the addresses (enrich/), [ORIG] and [RESP]. */
	struct text     host_name[2], network[2], site[2];
	struct text_set tags[2];

	bool anonymized; /* the addresses are not those of the network: nobody can tell by them what is local */

	struct arena *arena; /* for what the record is given later (connlog_record_set()); the record's owner resets it */

	/* Of a record that was read from a log only. */
	const struct extra *extras;
	size_t              extras_n;
	/* By column, of ts, duration and the addresses: the text in which the log had it, digits with or without a fraction or
	 * an address, which says it more exactly, and faster, than the value written anew.  Empty: none.  NULL: no column has. */
	struct text *literals;
};

/* Returns whether the record has the column with that word and bit; 0 is no column's bit. */
static inline bool
record_has(const struct record *r, size_t word, uint64_t bit)
{
	return (*(const uint64_t *)((const char *)r + word) & bit) != 0;
}

/* Sets the column's bit, or clears it. */
static inline void
record_mark(struct record *r, size_t word, uint64_t bit, bool set)
{
	uint64_t *at = (uint64_t *)((char *)r + word);

	*at = set ? *at | bit : *at & ~bit;
}

#endif
