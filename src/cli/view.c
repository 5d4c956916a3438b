/* view.c - see view.h. */
#include "cli/view.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

static const char *const names[VIEW_COLUMNS] = {
	[VIEW_TS] = "ts",
	[VIEW_UID] = "uid",
	[VIEW_ORIG_H] = "id.orig_h",
	[VIEW_ORIG_P] = "id.orig_p",
	[VIEW_RESP_H] = "id.resp_h",
	[VIEW_RESP_P] = "id.resp_p",
	[VIEW_PROTO] = "proto",
	[VIEW_SERVICE] = "service",
	[VIEW_DURATION] = "duration",
	[VIEW_ORIG_BYTES] = "orig_bytes",
	[VIEW_RESP_BYTES] = "resp_bytes",
	[VIEW_STATE] = "conn_state",
	[VIEW_MISSED] = "missed_bytes",
	[VIEW_HISTORY] = "history",
	[VIEW_ORIG_PKTS] = "orig_pkts",
	[VIEW_ORIG_IP_BYTES] = "orig_ip_bytes",
	[VIEW_RESP_PKTS] = "resp_pkts",
	[VIEW_RESP_IP_BYTES] = "resp_ip_bytes",
	[VIEW_TUNNEL_PARENTS] = "tunnel_parents",
	[VIEW_FOLD_COUNT] = "fold.count",
	[VIEW_FOLD_LAST] = "fold.last",
	[VIEW_FOLD_HOSTS] = "fold.resp_hosts",
	[VIEW_FOLD_PORTS] = "fold.resp_ports",
	[VIEW_FOLD_HOST_SAMPLES] = "fold.resp_samples",
	[VIEW_FOLD_PORT_SAMPLES] = "fold.port_samples",
};

void
view_init(struct view *v)
{
	for (size_t i = 0; i < VIEW_COLUMNS; i++)
		v->at[i] = connlog_column_find(names[i]);
}

static connlog_value
get(const struct view *v, const connlog_record *r, enum view_column column)
{
	return connlog_record_get(r, (size_t)v->at[column]);
}

double
view_number(const struct view *v, const connlog_record *r, enum view_column column)
{
	const connlog_value value = get(v, r, column);

	if (!value.set)
		return -1;
	return value.type == CONNLOG_TIME || value.type == CONNLOG_INTERVAL ? value.number : (double)value.count;
}

static connlog_text
address_text(const uint8_t address[16], char room[VIEW_TEXT_MAX])
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	const bool           v4 = memcmp(address, mapped, sizeof mapped) == 0;

	if (inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? address + 12 : address, room, VIEW_TEXT_MAX) == NULL)
		return (connlog_text){ "", 0 };
	return (connlog_text){ room, strlen(room) };
}

static connlog_text
set_text(const connlog_text *at, size_t n, char room[VIEW_TEXT_MAX])
{
	size_t length = 0;

	for (size_t i = 0; i < n; i++) {
		const size_t comma = i > 0 ? 1 : 0;
		if (at[i].n + comma > VIEW_TEXT_MAX - length)
			break;
		memcpy(room + length, ",", comma);
		memcpy(room + length + comma, at[i].p, at[i].n);
		length += comma + at[i].n;
	}
	return (connlog_text){ room, length };
}

connlog_text
view_text(const struct view *v, const connlog_record *r, enum view_column column, char room[VIEW_TEXT_MAX])
{
	const connlog_value value = get(v, r, column);

	if (!value.set)
		return (connlog_text){ "", 0 };
	switch (value.type) {
	case CONNLOG_STRING:
	case CONNLOG_ENUM:
		return value.text;
	case CONNLOG_ADDR:
		return address_text(value.address, room);
	case CONNLOG_STRING_SET:
		return set_text(value.texts.at, value.texts.n, room);
	default: /* no other column used here is a text */
		return (connlog_text){ "", 0 };
	}
}

enum story_proto
view_proto(const struct view *v, const connlog_record *r)
{
	char               room[VIEW_TEXT_MAX];
	const connlog_text proto = view_text(v, r, VIEW_PROTO, room);

	return story_proto_named(proto.p, proto.n);
}

unsigned
view_findings(const struct view *v, const connlog_record *r)
{
	char                       room[VIEW_TEXT_MAX];
	const struct story_numbers n = {
		.duration = view_number(v, r, VIEW_DURATION),
		.bytes = { view_number(v, r, VIEW_ORIG_BYTES), view_number(v, r, VIEW_RESP_BYTES) },
		.packets = { view_number(v, r, VIEW_ORIG_PKTS), view_number(v, r, VIEW_RESP_PKTS) },
		.ip_bytes = { view_number(v, r, VIEW_ORIG_IP_BYTES), view_number(v, r, VIEW_RESP_IP_BYTES) },
		.missed = view_number(v, r, VIEW_MISSED),
		.service = view_text(v, r, VIEW_SERVICE, room).n > 0,
		.tunnelled = view_text(v, r, VIEW_TUNNEL_PARENTS, room).n > 0,
	};

	return story_find(view_proto(v, r), &n);
}
