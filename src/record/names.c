/* names.c - see names.h. */
#include "record/names.h"

#include <string.h>

const struct column_names column_names[COLUMNS] = {
	[COL_TS] = { "@timestamp", NULL }, /* ECS has @timestamp, too, which is cut to milliseconds */
	[COL_UID] = { "event_uid", "zeek.session_id" },
	[COL_ORIG_H] = { "src_ip_addr", "source.address" },
	[COL_ORIG_P] = { "src_port", "source.port" },
	[COL_RESP_H] = { "dst_ip_addr", "destination.address" },
	[COL_RESP_P] = { "dst_port", "destination.port" },
	[COL_PROTO] = { "network_protocol", "network.transport" },
	[COL_SERVICE] = { "network_application", "network.protocol" },
	[COL_DURATION] = { "event_duration", "event.duration" },
	[COL_ORIG_BYTES] = { "src_bytes", NULL },
	[COL_RESP_BYTES] = { "dst_bytes", NULL },
	[COL_CONN_STATE] = { "network_connection_state", "zeek.connection.state" },
	[COL_LOCAL_ORIG] = { "zeek_connection_local_src", NULL },
	[COL_LOCAL_RESP] = { "zeek_connection_local_dst", NULL },
	[COL_MISSED_BYTES] = { "network_missed_bytes", NULL },
	[COL_HISTORY] = { "network_connection_history", NULL },
	[COL_ORIG_PKTS] = { "src_packets", "source.packets" },
	[COL_ORIG_IP_BYTES] = { "src_ip_bytes", "source.bytes" },
	[COL_RESP_PKTS] = { "dst_packets", "destination.packets" },
	[COL_RESP_IP_BYTES] = { "dst_ip_bytes", "destination.bytes" },
	[COL_TUNNEL_PARENTS] = { "zeek_connection_tunnel_parents", NULL },
	[COL_COMMUNITY_ID] = { NULL, "network.community_id" },
	[COL_ORIG_L2_ADDR] = { "src_mac", "source.mac" },
	[COL_RESP_L2_ADDR] = { "dst_mac", "destination.mac" },
	[COL_VLAN] = { "network_outer_vlan_id", NULL },
	[COL_INNER_VLAN] = { "network_inner_vlan_id", NULL },
};

const char *
names_prefix(enum names_schema schema_id)
{
	return schema_id == NAMES_OSSEM ? OSSEM_PREFIX : ECS_PREFIX;
}

const char *
names_of(enum names_schema schema_id, const struct column *c)
{
	const struct column_names *n = &column_names[c - schema];
	return schema_id == NAMES_OSSEM ? n->ossem : n->ecs;
}

struct text
names_to_zeek(enum names_schema schema_id, struct text name, size_t *due)
{
	const char *prefix = names_prefix(schema_id);
	size_t      n = strlen(prefix);

	for (size_t k = 0; k < COLUMNS; k++) {
		size_t      i = (*due + k) % COLUMNS;
		const char *known = names_of(schema_id, &schema[i]);
		if (known != NULL && strlen(known) == name.n && memcmp(known, name.p, name.n) == 0) {
			*due = i + 1;
			return (struct text){ schema[i].info.name, strlen(schema[i].info.name) };
		}
	}
	if (name.n > n && memcmp(name.p, prefix, n) == 0)
		return (struct text){ name.p + n, name.n - n };
	return name;
}
