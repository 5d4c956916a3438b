/* schema.c - the table of conn.log's columns, and choosing among them. */
#include "record/schema.h"

#include "conn/measure.h"

#include <stdio.h>
#include <string.h>

#define BOTH (PROFILE_DEFAULT | PROFILE_ALL)

/* name, type, name of the type, its number, member, profiles, script, doc */
#define COLUMN(name, type, type_name, id, member, profiles, script, doc)                                               \
	[id] = { { name, type, type_name, doc },                                                                           \
		     offsetof(struct record, member),                                                                          \
		     HAS_WORD(id),                                                                                             \
		     HAS_BIT(id),                                                                                              \
		     profiles,                                                                                                 \
		     script,                                                                                                   \
		     NULL,                                                                                                     \
		     0 }

/* name, type, name of the type, its number, member, group, MEASURE() bits, doc */
#define MEASURED(name, type, type_name, id, member, group, measure, doc)                                               \
	[id] = { { name, type, type_name, doc },                                                                           \
		     offsetof(struct record, member),                                                                          \
		     HAS_WORD(id),                                                                                             \
		     HAS_BIT(id),                                                                                              \
		     PROFILE_OURS,                                                                                             \
		     NULL,                                                                                                     \
		     group,                                                                                                    \
		     measure }

/* name, type, name of the type, its number, member, doc */
#define NETWORK(name, type, type_name, id, member, doc)                                                                \
	[id] = { { name, type, type_name, "--networks: " doc },                                                             \
		     offsetof(struct record, member),                                                                          \
		     HAS_WORD(id),                                                                                             \
		     HAS_BIT(id),                                                                                              \
		     PROFILE_OURS,                                                                                             \
		     NULL,                                                                                                     \
		     "networks",                                                                                               \
		     0 }

const struct column schema[] = {
	COLUMN("ts", CONNLOG_TIME, "time", COL_TS, ts, BOTH, NULL, "time of the first packet"),
	COLUMN("uid", CONNLOG_STRING, "string", COL_UID, uid, BOTH, NULL, "unique identifier of the connection"),
	COLUMN("id.orig_h", CONNLOG_ADDR, "addr", COL_ORIG_H, orig_h, BOTH, NULL, "originator's address"),
	COLUMN("id.orig_p", CONNLOG_PORT, "port", COL_ORIG_P, orig_p, BOTH, NULL, "originator's port, or ICMP type"),
	COLUMN("id.resp_h", CONNLOG_ADDR, "addr", COL_RESP_H, resp_h, BOTH, NULL, "responder's address"),
	COLUMN("id.resp_p", CONNLOG_PORT, "port", COL_RESP_P, resp_p, BOTH, NULL, "responder's port, or ICMP code"),
	COLUMN("proto", CONNLOG_ENUM, "enum", COL_PROTO, proto, BOTH, NULL, "tcp, udp, icmp or unknown_transport"),
	COLUMN("service", CONNLOG_STRING, "string", COL_SERVICE, service, BOTH, NULL, "application protocols confirmed"),
	COLUMN("duration", CONNLOG_INTERVAL, "interval", COL_DURATION, duration, BOTH, NULL,
	       "first to last packet; for TCP without the final acknowledgements"),
	COLUMN("orig_bytes", CONNLOG_COUNT, "count", COL_ORIG_BYTES, orig_bytes, BOTH, NULL,
	       "payload bytes of the originator; for TCP by sequence numbers"),
	COLUMN("resp_bytes", CONNLOG_COUNT, "count", COL_RESP_BYTES, resp_bytes, BOTH, NULL,
	       "payload bytes of the responder; for TCP by sequence numbers"),
	COLUMN("conn_state", CONNLOG_STRING, "string", COL_CONN_STATE, conn_state, BOTH, NULL,
	       "S0 S1 SF REJ S2 S3 RSTO RSTR RSTOS0 RSTRH SH SHR OTH"),
	COLUMN("local_orig", CONNLOG_BOOL, "bool", COL_LOCAL_ORIG, local_orig, BOTH, NULL,
	       "originator is in the local nets"),
	COLUMN("local_resp", CONNLOG_BOOL, "bool", COL_LOCAL_RESP, local_resp, BOTH, NULL,
	       "responder is in the local nets"),
	COLUMN("missed_bytes", CONNLOG_COUNT, "count", COL_MISSED_BYTES, missed_bytes, BOTH, NULL,
	       "bytes that were acknowledged and never seen"),
	COLUMN("history", CONNLOG_STRING, "string", COL_HISTORY, history, BOTH, NULL,
	       "what happened, a letter each; upper case: by the originator"),
	COLUMN("orig_pkts", CONNLOG_COUNT, "count", COL_ORIG_PKTS, orig_pkts, BOTH, NULL, "packets of the originator"),
	COLUMN("orig_ip_bytes", CONNLOG_COUNT, "count", COL_ORIG_IP_BYTES, orig_ip_bytes, BOTH, NULL,
	       "bytes of the originator by the IP headers' lengths"),
	COLUMN("resp_pkts", CONNLOG_COUNT, "count", COL_RESP_PKTS, resp_pkts, BOTH, NULL, "packets of the responder"),
	COLUMN("resp_ip_bytes", CONNLOG_COUNT, "count", COL_RESP_IP_BYTES, resp_ip_bytes, BOTH, NULL,
	       "bytes of the responder by the IP headers' lengths"),
	COLUMN("tunnel_parents", CONNLOG_STRING_SET, "set[string]", COL_TUNNEL_PARENTS, tunnel_parents, BOTH, NULL,
	       "uids of the tunnels around it"),
	COLUMN("ip_proto", CONNLOG_COUNT, "count", COL_IP_PROTO, ip_proto, BOTH, NULL, "protocol number of the IP header"),
	COLUMN("community_id", CONNLOG_STRING, "string", COL_COMMUNITY_ID, community_id, PROFILE_ALL,
	       "community-id-logging", "Community ID v1 flow hash"),
	COLUMN("orig_l2_addr", CONNLOG_STRING, "string", COL_ORIG_L2_ADDR, orig_l2_addr, PROFILE_ALL, "mac-logging",
	       "originator's link-layer address"),
	COLUMN("resp_l2_addr", CONNLOG_STRING, "string", COL_RESP_L2_ADDR, resp_l2_addr, PROFILE_ALL, "mac-logging",
	       "responder's link-layer address"),
	COLUMN("vlan", CONNLOG_INT, "int", COL_VLAN, vlan, PROFILE_ALL, "vlan-logging", "outer VLAN"),
	COLUMN("inner_vlan", CONNLOG_INT, "int", COL_INNER_VLAN, inner_vlan, PROFILE_ALL, "vlan-logging", "inner VLAN"),
	COLUMN("speculative_service", CONNLOG_STRING, "string", COL_SPECULATIVE_SERVICE, speculative_service, PROFILE_ALL,
	       "speculative-service", "protocols whose signature matched too late to be confirmed"),
	COLUMN("failed_service", CONNLOG_STRING_SET, "set[string]", COL_FAILED_SERVICE, failed_service, PROFILE_ALL,
	       "failed-service-logging", "protocols that were confirmed and then violated"),
	COLUMN("ip_proto_name", CONNLOG_STRING, "string", COL_IP_PROTO_NAME, ip_proto_name, PROFILE_ALL,
	       "ip-proto-name-logging", "name of the protocol number"),
	COLUMN("pppoe_session_id", CONNLOG_COUNT, "count", COL_PPPOE_SESSION_ID, pppoe_session_id, PROFILE_ALL,
	       "pppoe-session-id-logging", "session number of PPPoE"),
	COLUMN("interim", CONNLOG_COUNT, "count", COL_INTERIM, interim, PROFILE_OURS, NULL,
	       "--interim: number of the record, of a connection that is still open"),
	COLUMN("interim_ts", CONNLOG_TIME, "time", COL_INTERIM_TS, interim_ts, PROFILE_OURS, NULL,
	       "--interim: when that record was due"),
	COLUMN("orig_bytes_delta", CONNLOG_INT, "int", COL_ORIG_BYTES_DELTA, deltas[0], PROFILE_OURS, NULL,
	       "orig_bytes since the record before"),
	COLUMN("resp_bytes_delta", CONNLOG_INT, "int", COL_RESP_BYTES_DELTA, deltas[1], PROFILE_OURS, NULL,
	       "resp_bytes since the record before"),
	COLUMN("orig_pkts_delta", CONNLOG_INT, "int", COL_ORIG_PKTS_DELTA, deltas[2], PROFILE_OURS, NULL,
	       "orig_pkts since the record before"),
	COLUMN("resp_pkts_delta", CONNLOG_INT, "int", COL_RESP_PKTS_DELTA, deltas[3], PROFILE_OURS, NULL,
	       "resp_pkts since the record before"),
	COLUMN("orig_ip_bytes_delta", CONNLOG_INT, "int", COL_ORIG_IP_BYTES_DELTA, deltas[4], PROFILE_OURS, NULL,
	       "orig_ip_bytes since the record before"),
	COLUMN("resp_ip_bytes_delta", CONNLOG_INT, "int", COL_RESP_IP_BYTES_DELTA, deltas[5], PROFILE_OURS, NULL,
	       "resp_ip_bytes since the record before"),
	COLUMN("fold.count", CONNLOG_COUNT, "count", COL_FOLD_COUNT, fold_count, PROFILE_OURS, NULL,
	       "--fold: how many records the row stands for"),
	COLUMN("fold.rule", CONNLOG_STRING, "string", COL_FOLD_RULE, fold_rule, PROFILE_OURS, NULL,
	       "--fold: scans, dns, icmp or where1, where2 ..."),
	COLUMN("fold.last", CONNLOG_TIME, "time", COL_FOLD_LAST, fold_last, PROFILE_OURS, NULL,
	       "--fold: time of the last packet of all of them"),
	COLUMN("fold.orig_hosts", CONNLOG_COUNT, "count", COL_FOLD_ORIG_HOSTS, fold_orig_hosts, PROFILE_OURS, NULL,
	       "--fold: how many originators they have"),
	COLUMN("fold.resp_hosts", CONNLOG_COUNT, "count", COL_FOLD_RESP_HOSTS, fold_resp_hosts, PROFILE_OURS, NULL,
	       "--fold: how many responders they have"),
	COLUMN("fold.resp_ports", CONNLOG_COUNT, "count", COL_FOLD_RESP_PORTS, fold_resp_ports, PROFILE_OURS, NULL,
	       "--fold: how many ports of responders they have"),
	COLUMN("fold.orig_samples", CONNLOG_STRING_SET, "set[string]", COL_FOLD_ORIG_SAMPLES, fold_orig_samples,
	       PROFILE_OURS, NULL, "--fold: the first of several originators"),
	COLUMN("fold.resp_samples", CONNLOG_STRING_SET, "set[string]", COL_FOLD_RESP_SAMPLES, fold_resp_samples,
	       PROFILE_OURS, NULL, "--fold: the first of several responders"),
	COLUMN("fold.port_samples", CONNLOG_STRING_SET, "set[string]", COL_FOLD_PORT_SAMPLES, fold_port_samples,
	       PROFILE_OURS, NULL, "--fold: the first of several ports"),
	MEASURED("rtt", CONNLOG_INTERVAL, "interval", COL_RTT, rtt, "quality", MEASURE(MEASURE_RTT),
	         "TCP's handshake, from the SYN to the ACK of the SYN-ACK"),
	MEASURED("orig_rtt", CONNLOG_INTERVAL, "interval", COL_ORIG_RTT, half_rtt[0], "quality", MEASURE(MEASURE_RTT),
	         "the originator's half: from the SYN-ACK to its ACK"),
	MEASURED("resp_rtt", CONNLOG_INTERVAL, "interval", COL_RESP_RTT, half_rtt[1], "quality", MEASURE(MEASURE_RTT),
	         "the responder's half: from the SYN to the SYN-ACK"),
	MEASURED("orig_retrans", CONNLOG_COUNT, "count", COL_ORIG_RETRANS, retrans[0], "quality", MEASURE(MEASURE_STREAM),
	         "segments that the originator sent again"),
	MEASURED("resp_retrans", CONNLOG_COUNT, "count", COL_RESP_RETRANS, retrans[1], "quality", MEASURE(MEASURE_STREAM),
	         "segments that the responder sent again"),
	MEASURED("orig_ooo", CONNLOG_COUNT, "count", COL_ORIG_OOO, ooo[0], "quality", MEASURE(MEASURE_STREAM),
	         "segments of the originator that came out of order"),
	MEASURED("resp_ooo", CONNLOG_COUNT, "count", COL_RESP_OOO, ooo[1], "quality", MEASURE(MEASURE_STREAM),
	         "segments of the responder that came out of order"),
	MEASURED("orig_ttl", CONNLOG_COUNT, "count", COL_ORIG_TTL, ttl[0][0], "stack", MEASURE(MEASURE_HEADER),
	         "TTL or hop limit of the originator's first packet"),
	MEASURED("orig_ttl_min", CONNLOG_COUNT, "count", COL_ORIG_TTL_MIN, ttl[0][1], "stack", MEASURE(MEASURE_HEADER),
	         "the least of the originator's packets"),
	MEASURED("orig_ttl_max", CONNLOG_COUNT, "count", COL_ORIG_TTL_MAX, ttl[0][2], "stack", MEASURE(MEASURE_HEADER),
	         "the most of the originator's packets"),
	MEASURED("resp_ttl", CONNLOG_COUNT, "count", COL_RESP_TTL, ttl[1][0], "stack", MEASURE(MEASURE_HEADER),
	         "TTL or hop limit of the responder's first packet"),
	MEASURED("resp_ttl_min", CONNLOG_COUNT, "count", COL_RESP_TTL_MIN, ttl[1][1], "stack", MEASURE(MEASURE_HEADER),
	         "the least of the responder's packets"),
	MEASURED("resp_ttl_max", CONNLOG_COUNT, "count", COL_RESP_TTL_MAX, ttl[1][2], "stack", MEASURE(MEASURE_HEADER),
	         "the most of the responder's packets"),
	MEASURED("orig_dscp", CONNLOG_COUNT, "count", COL_ORIG_DSCP, dscp[0], "stack", MEASURE(MEASURE_HEADER),
	         "differentiated services code point of the originator's first packet"),
	MEASURED("resp_dscp", CONNLOG_COUNT, "count", COL_RESP_DSCP, dscp[1], "stack", MEASURE(MEASURE_HEADER),
	         "differentiated services code point of the responder's first packet"),
	MEASURED("orig_mss", CONNLOG_COUNT, "count", COL_ORIG_MSS, mss[0], "stack", MEASURE(MEASURE_SYN),
	         "maximum segment size in the originator's SYN"),
	MEASURED("resp_mss", CONNLOG_COUNT, "count", COL_RESP_MSS, mss[1], "stack", MEASURE(MEASURE_SYN),
	         "maximum segment size in the responder's SYN"),
	MEASURED("orig_wscale", CONNLOG_COUNT, "count", COL_ORIG_WSCALE, wscale[0], "stack", MEASURE(MEASURE_SYN),
	         "window scale in the originator's SYN"),
	MEASURED("resp_wscale", CONNLOG_COUNT, "count", COL_RESP_WSCALE, wscale[1], "stack", MEASURE(MEASURE_SYN),
	         "window scale in the responder's SYN"),
	MEASURED("orig_tcp_flags", CONNLOG_STRING, "string", COL_ORIG_TCP_FLAGS, tcp_flags[0], "stack",
	         MEASURE(MEASURE_FLAGS), "packets of the originator with FIN, SYN, RST, PSH, ACK, URG, ECE, CWR"),
	MEASURED("resp_tcp_flags", CONNLOG_STRING, "string", COL_RESP_TCP_FLAGS, tcp_flags[1], "stack",
	         MEASURE(MEASURE_FLAGS), "packets of the responder with FIN, SYN, RST, PSH, ACK, URG, ECE, CWR"),
	MEASURED("orig_first_payload", CONNLOG_STRING, "string", COL_ORIG_FIRST_PAYLOAD, first_payload[0], "shape",
	         MEASURE(MEASURE_PAYLOAD), "first bytes that the originator sent, in hexadecimal"),
	MEASURED("resp_first_payload", CONNLOG_STRING, "string", COL_RESP_FIRST_PAYLOAD, first_payload[1], "shape",
	         MEASURE(MEASURE_PAYLOAD), "first bytes that the responder sent, in hexadecimal"),
	MEASURED("orig_iat_mean", CONNLOG_INTERVAL, "interval", COL_ORIG_IAT_MEAN, iat[0][0], "shape",
	         MEASURE(MEASURE_TIMES), "mean time between the originator's packets"),
	MEASURED("orig_iat_dev", CONNLOG_INTERVAL, "interval", COL_ORIG_IAT_DEV, iat[0][1], "shape", MEASURE(MEASURE_TIMES),
	         "standard deviation of the times between the originator's packets"),
	MEASURED("resp_iat_mean", CONNLOG_INTERVAL, "interval", COL_RESP_IAT_MEAN, iat[1][0], "shape",
	         MEASURE(MEASURE_TIMES), "mean time between the responder's packets"),
	MEASURED("resp_iat_dev", CONNLOG_INTERVAL, "interval", COL_RESP_IAT_DEV, iat[1][1], "shape", MEASURE(MEASURE_TIMES),
	         "standard deviation of the times between the responder's packets"),
	MEASURED("orig_size_entropy", CONNLOG_DOUBLE, "double", COL_ORIG_SIZE_ENTROPY, size_entropy[0], "shape",
	         MEASURE(MEASURE_SIZES), "entropy in bits of the histogram of the originator's packets"),
	MEASURED("resp_size_entropy", CONNLOG_DOUBLE, "double", COL_RESP_SIZE_ENTROPY, size_entropy[1], "shape",
	         MEASURE(MEASURE_SIZES), "entropy in bits of the histogram of the responder's packets"),
	MEASURED("orig_size_hist", CONNLOG_STRING, "string", COL_ORIG_SIZE_HIST, size_hist[0], "shape",
	         MEASURE(MEASURE_SIZES),
	         "the originator's packets by IP length: below 64, 128, 256, 512, 1024, 1280, 1501, above"),
	MEASURED("resp_size_hist", CONNLOG_STRING, "string", COL_RESP_SIZE_HIST, size_hist[1], "shape",
	         MEASURE(MEASURE_SIZES),
	         "the responder's packets by IP length: below 64, 128, 256, 512, 1024, 1280, 1501, above"),
	NETWORK("orig_name", CONNLOG_STRING, "string", COL_ORIG_NAME, host_name[0], "name of the originator"),
	NETWORK("resp_name", CONNLOG_STRING, "string", COL_RESP_NAME, host_name[1], "name of the responder"),
	NETWORK("orig_network", CONNLOG_STRING, "string", COL_ORIG_NETWORK, network[0], "name of the originator's network"),
	NETWORK("resp_network", CONNLOG_STRING, "string", COL_RESP_NETWORK, network[1], "name of the responder's network"),
	NETWORK("orig_site", CONNLOG_STRING, "string", COL_ORIG_SITE, site[0], "site of the originator's network"),
	NETWORK("resp_site", CONNLOG_STRING, "string", COL_RESP_SITE, site[1], "site of the responder's network"),
	NETWORK("orig_tags", CONNLOG_STRING_SET, "set[string]", COL_ORIG_TAGS, tags[0], "tags of the originator's network"),
	NETWORK("resp_tags", CONNLOG_STRING_SET, "set[string]", COL_RESP_TAGS, tags[1], "tags of the responder's network"),
};

const size_t schema_columns = COLUMNS;
_Static_assert(sizeof schema / sizeof schema[0] == COLUMNS, "every column has its row");
_Static_assert(COLUMNS <= 128, "every column has its bit");

const struct column *
schema_find(const char *name, size_t len)
{
	for (size_t i = 0; i < schema_columns; i++)
		if (strlen(schema[i].info.name) == len && memcmp(schema[i].info.name, name, len) == 0)
			return &schema[i];
	return NULL;
}

/* Returns whether the text names the script, by any of the paths that Zeek's @load takes for it:
 * [policy/]protocols/conn/SCRIPT[.zeek]. */
static bool
is_script(const char *text, size_t len, const char *script)
{
	static const char policy[] = "policy/", folder[] = "protocols/conn/", suffix[] = ".zeek";
	size_t            n = strlen(script);

	if (len > sizeof policy - 1 && memcmp(text, policy, sizeof policy - 1) == 0) {
		text += sizeof policy - 1;
		len -= sizeof policy - 1;
	}
	if (len < sizeof folder - 1 || memcmp(text, folder, sizeof folder - 1) != 0)
		return false;
	text += sizeof folder - 1;
	len -= sizeof folder - 1;
	return len >= n && memcmp(text, script, n) == 0 &&
	       (len == n || (len == n + sizeof suffix - 1 && memcmp(text + n, suffix, sizeof suffix - 1) == 0));
}

struct field
field_of(const struct column *c)
{
	return (struct field){ .column = c, .extra = NO_EXTRA, .name = c->info.name, .type_name = c->info.type_name };
}

static bool
same_field(const struct field *a, const struct field *b)
{
	return a->column == b->column && (a->column != NULL || strcmp(a->name, b->name) == 0);
}

bool
field_set_add(struct field_set *set, const struct field *f)
{
	for (size_t i = 0; i < set->n; i++)
		if (same_field(&set->at[i], f))
			return true;
	if (set->n == FIELDS_MAX)
		return false;
	set->at[set->n++] = *f;
	return true;
}

static void
drop_field(struct field_set *set, const struct field *f)
{
	size_t kept = 0;
	for (size_t i = 0; i < set->n; i++)
		if (!same_field(&set->at[i], f))
			set->at[kept++] = set->at[i];
	set->n = kept;
}

void
field_set_profile(struct field_set *set, unsigned profile)
{
	set->n = 0;
	for (size_t i = 0; i < schema_columns; i++)
		if (schema[i].profiles & profile)
			set->at[set->n++] = field_of(&schema[i]);
}

bool
schema_means(const char *item, size_t len, const struct column *c)
{
	if (len == 3 && memcmp(item, "all", 3) == 0)
		return (c->profiles & PROFILE_ALL) != 0;
	return (strlen(c->info.name) == len && memcmp(c->info.name, item, len) == 0) ||
	       (c->group != NULL && strlen(c->group) == len && memcmp(c->group, item, len) == 0) ||
	       (c->script != NULL && is_script(item, len, c->script));
}

static const char *
unknown_field(const char *item, size_t len, char *err, size_t err_size)
{
	int n = snprintf(err, err_size, "unknown field \"%.*s\": known are all", len < 80 ? (int)len : 80, item);
	for (size_t i = 0; i < schema_columns && n >= 0 && (size_t)n < err_size; i++)
		n += snprintf(err + n, err_size - (size_t)n, " %s", schema[i].info.name);
	return err;
}

/* Adds or drops the fields that an item means.  Returns whether it means any. */
static bool
apply_item(struct field_set *set, const struct field_set *known, const char *item, size_t len, bool drop)
{
	const size_t known_n = known != NULL ? known->n : 0;
	bool         found = false;

	for (size_t i = 0; i < schema_columns + known_n; i++) {
		const bool         ours = i < schema_columns;
		const struct field f = ours ? field_of(&schema[i]) : known->at[i - schema_columns];
		if (ours ? !schema_means(item, len, &schema[i]) : strlen(f.name) != len || memcmp(f.name, item, len) != 0)
			continue;
		found = true;
		if (drop)
			drop_field(set, &f);
		else
			field_set_add(set, &f);
	}
	return found;
}

const char *
field_set_parse(struct field_set *set, const struct field_set *known, const char *list, char *err, size_t err_size)
{
	bool replaced = false;

	for (const char *p = list;;) {
		size_t len = strcspn(p, ",");
		char   sign = len > 0 && (*p == '+' || *p == '-') ? *p : ' ';
		size_t skip = sign != ' ';

		if (sign == ' ' && !replaced) {
			set->n = 0;
			replaced = true;
		}
		if (!apply_item(set, known, p + skip, len - skip, sign == '-'))
			return unknown_field(p + skip, len - skip, err, err_size);
		p += len;
		if (*p == '\0')
			break;
		p++;
	}
	return set->n > 0 ? NULL : "the list of fields leaves no column";
}
