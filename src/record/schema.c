/* schema.c - the table of conn.log's columns, and choosing among them. */
#include "record/schema.h"

#include <stdio.h>
#include <string.h>

#define BOTH (PROFILE_DEFAULT | PROFILE_ALL)

/* { name, type, name of the type, doc }, member, presence, profiles, script */
#define COLUMN(name, type, type_name, member, has, profiles, script, doc)                                              \
	{                                                                                                                  \
		{ name, type, type_name, doc }, offsetof(struct record, member), has, profiles, script                         \
	}

const struct column schema[] = {
	COLUMN("ts", CONNLOG_TIME, "time", ts, HAS_ALWAYS, BOTH, NULL, "time of the first packet"),
	COLUMN("uid", CONNLOG_STRING, "string", uid, HAS_ALWAYS, BOTH, NULL, "unique identifier of the connection"),
	COLUMN("id.orig_h", CONNLOG_ADDR, "addr", orig_h, HAS_ALWAYS, BOTH, NULL, "originator's address"),
	COLUMN("id.orig_p", CONNLOG_PORT, "port", orig_p, HAS_ALWAYS, BOTH, NULL, "originator's port, or ICMP type"),
	COLUMN("id.resp_h", CONNLOG_ADDR, "addr", resp_h, HAS_ALWAYS, BOTH, NULL, "responder's address"),
	COLUMN("id.resp_p", CONNLOG_PORT, "port", resp_p, HAS_ALWAYS, BOTH, NULL, "responder's port, or ICMP code"),
	COLUMN("proto", CONNLOG_ENUM, "enum", proto, HAS_ALWAYS, BOTH, NULL, "tcp, udp, icmp or unknown_transport"),
	COLUMN("service", CONNLOG_STRING, "string", service, HAS_SERVICE, BOTH, NULL, "application protocols confirmed"),
	COLUMN("duration", CONNLOG_INTERVAL, "interval", duration, HAS_DURATION, BOTH, NULL,
	       "first to last packet; for TCP without the final acknowledgements"),
	COLUMN("orig_bytes", CONNLOG_COUNT, "count", orig_bytes, HAS_DURATION, BOTH, NULL,
	       "payload bytes of the originator; for TCP by sequence numbers"),
	COLUMN("resp_bytes", CONNLOG_COUNT, "count", resp_bytes, HAS_DURATION, BOTH, NULL,
	       "payload bytes of the responder; for TCP by sequence numbers"),
	COLUMN("conn_state", CONNLOG_STRING, "string", conn_state, HAS_CONN_STATE, BOTH, NULL,
	       "S0 S1 SF REJ S2 S3 RSTO RSTR RSTOS0 RSTRH SH SHR OTH"),
	COLUMN("local_orig", CONNLOG_BOOL, "bool", local_orig, HAS_LOCAL, BOTH, NULL, "originator is in the local nets"),
	COLUMN("local_resp", CONNLOG_BOOL, "bool", local_resp, HAS_LOCAL, BOTH, NULL, "responder is in the local nets"),
	COLUMN("missed_bytes", CONNLOG_COUNT, "count", missed_bytes, HAS_ALWAYS, BOTH, NULL,
	       "bytes that were acknowledged and never seen"),
	COLUMN("history", CONNLOG_STRING, "string", history, HAS_HISTORY, BOTH, NULL,
	       "what happened, a letter each; upper case: by the originator"),
	COLUMN("orig_pkts", CONNLOG_COUNT, "count", orig_pkts, HAS_ALWAYS, BOTH, NULL, "packets of the originator"),
	COLUMN("orig_ip_bytes", CONNLOG_COUNT, "count", orig_ip_bytes, HAS_ALWAYS, BOTH, NULL,
	       "bytes of the originator by the IP headers' lengths"),
	COLUMN("resp_pkts", CONNLOG_COUNT, "count", resp_pkts, HAS_ALWAYS, BOTH, NULL, "packets of the responder"),
	COLUMN("resp_ip_bytes", CONNLOG_COUNT, "count", resp_ip_bytes, HAS_ALWAYS, BOTH, NULL,
	       "bytes of the responder by the IP headers' lengths"),
	COLUMN("tunnel_parents", CONNLOG_STRING_SET, "set[string]", tunnel_parents, HAS_TUNNEL_PARENTS, BOTH, NULL,
	       "uids of the tunnels around it"),
	COLUMN("ip_proto", CONNLOG_COUNT, "count", ip_proto, HAS_IP_PROTO, BOTH, NULL, "protocol number of the IP header"),
	COLUMN("community_id", CONNLOG_STRING, "string", community_id, HAS_COMMUNITY_ID, PROFILE_ALL,
	       "community-id-logging", "Community ID v1 flow hash"),
	COLUMN("orig_l2_addr", CONNLOG_STRING, "string", orig_l2_addr, HAS_ORIG_L2, PROFILE_ALL, "mac-logging",
	       "originator's link-layer address"),
	COLUMN("resp_l2_addr", CONNLOG_STRING, "string", resp_l2_addr, HAS_RESP_L2, PROFILE_ALL, "mac-logging",
	       "responder's link-layer address"),
	COLUMN("vlan", CONNLOG_INT, "int", vlan, HAS_VLAN, PROFILE_ALL, "vlan-logging", "outer VLAN"),
	COLUMN("inner_vlan", CONNLOG_INT, "int", inner_vlan, HAS_INNER_VLAN, PROFILE_ALL, "vlan-logging", "inner VLAN"),
	COLUMN("speculative_service", CONNLOG_STRING, "string", speculative_service, HAS_SPECULATIVE_SERVICE, PROFILE_ALL,
	       "speculative-service", "protocols whose signature matched too late to be confirmed"),
	COLUMN("failed_service", CONNLOG_STRING_SET, "set[string]", failed_service, HAS_FAILED_SERVICE, PROFILE_ALL,
	       "failed-service-logging", "protocols that were confirmed and then violated"),
	COLUMN("ip_proto_name", CONNLOG_STRING, "string", ip_proto_name, HAS_IP_PROTO_NAME, PROFILE_ALL,
	       "ip-proto-name-logging", "name of the protocol number"),
	COLUMN("pppoe_session_id", CONNLOG_COUNT, "count", pppoe_session_id, HAS_PPPOE_SESSION, PROFILE_ALL,
	       "pppoe-session-id-logging", "session number of PPPoE"),
};

const size_t schema_columns = sizeof schema / sizeof schema[0];
_Static_assert(sizeof schema / sizeof schema[0] <= FIELDS_MAX, "a field set can hold every column");

const struct column *
schema_find(const char *name, size_t len)
{
	for (size_t i = 0; i < schema_columns; i++)
		if (strlen(schema[i].info.name) == len && memcmp(schema[i].info.name, name, len) == 0)
			return &schema[i];
	return NULL;
}

/* => Whether the text names the script, by any of the paths that Zeek's @load takes for it:
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

static void
add_column(struct field_set *set, const struct column *c)
{
	for (size_t i = 0; i < set->n; i++)
		if (set->at[i] == c)
			return;
	set->at[set->n++] = c; /* each column at most once, so there is room */
}

static void
drop_column(struct field_set *set, const struct column *c)
{
	size_t kept = 0;
	for (size_t i = 0; i < set->n; i++)
		if (set->at[i] != c)
			set->at[kept++] = set->at[i];
	set->n = kept;
}

void
field_set_profile(struct field_set *set, unsigned profile)
{
	set->n = 0;
	for (size_t i = 0; i < schema_columns; i++)
		if (schema[i].profiles & profile)
			add_column(set, &schema[i]);
}

/* => Whether an item ("all", a column's name, a script's) means the column. */
static bool
item_means(const char *item, size_t len, const struct column *c)
{
	if (len == 3 && memcmp(item, "all", 3) == 0)
		return (c->profiles & PROFILE_ALL) != 0;
	return (strlen(c->info.name) == len && memcmp(c->info.name, item, len) == 0) ||
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

const char *
field_set_parse(struct field_set *set, const char *list, char *err, size_t err_size)
{
	bool replaced = false;

	for (const char *p = list;;) {
		size_t len = strcspn(p, ",");
		char   sign = len > 0 && (*p == '+' || *p == '-') ? *p : ' ';
		size_t skip = sign != ' ';
		bool   known = false;

		if (sign == ' ' && !replaced) {
			set->n = 0;
			replaced = true;
		}
		for (size_t i = 0; i < schema_columns; i++) {
			if (!item_means(p + skip, len - skip, &schema[i]))
				continue;
			known = true;
			if (sign == '-')
				drop_column(set, &schema[i]);
			else
				add_column(set, &schema[i]);
		}
		if (!known)
			return unknown_field(p + skip, len - skip, err, err_size);
		p += len;
		if (*p == '\0')
			break;
		p++;
	}
	return set->n > 0 ? NULL : "the list of fields leaves no column";
}
