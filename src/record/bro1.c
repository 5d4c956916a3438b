/* bro1.c - see bro1.h. */
#include "record/bro1.h"

#include <string.h>

#include "base/number.h"

const struct bro1_layout bro1_layouts[] = {
	[BRO0] = { 9,
	           { BRO1_START, BRO1_DURATION, BRO1_SERVICE, BRO1_ORIG_BYTES, BRO1_RESP_BYTES, BRO1_FIRST_H, BRO1_SECOND_H,
	             BRO1_STATE, BRO1_FLAGS } },
	[BRO1] = { 12,
	           { BRO1_START, BRO1_DURATION, BRO1_FIRST_H, BRO1_SECOND_H, BRO1_SERVICE, BRO1_FIRST_P, BRO1_SECOND_P,
	             BRO1_PROTO, BRO1_ORIG_BYTES, BRO1_RESP_BYTES, BRO1_STATE, BRO1_FLAGS } },
	[BRO1_5] = { 12,
	             { BRO1_START, BRO1_DURATION, BRO1_FIRST_H, BRO1_SECOND_H, BRO1_SERVICE, BRO1_FIRST_P, BRO1_SECOND_P,
	               BRO1_PROTO, BRO1_ORIG_BYTES, BRO1_RESP_BYTES, BRO1_STATE, BRO1_FLAGS } },
};

/* policy/port-name.bro */
static const struct port_name {
	const char *proto;
	uint16_t    port;
	const char *name;
} port_names[] = {
	{ "icmp", 0, "icmp-echo" },    { "icmp", 3, "icmp-unreach" }, { "icmp", 8, "icmp-echo" },
	{ "tcp", 7, "echo" },          { "tcp", 9, "discard" },       { "tcp", 20, "ftp-data" },
	{ "tcp", 21, "ftp" },          { "tcp", 22, "ssh" },          { "tcp", 23, "telnet" },
	{ "tcp", 25, "smtp" },         { "tcp", 37, "time" },         { "tcp", 43, "whois" },
	{ "tcp", 53, "dns" },          { "tcp", 79, "finger" },       { "tcp", 80, "http" },
	{ "tcp", 109, "pop-2" },       { "tcp", 110, "pop-3" },       { "tcp", 111, "portmap" },
	{ "tcp", 113, "ident" },       { "tcp", 119, "nntp" },        { "tcp", 135, "epmapper" },
	{ "tcp", 139, "netbios-ssn" }, { "tcp", 143, "imap4" },       { "tcp", 179, "bgp" },
	{ "tcp", 389, "ldap" },        { "tcp", 443, "https" },       { "tcp", 445, "smb" },
	{ "tcp", 512, "exec" },        { "tcp", 513, "rlogin" },      { "tcp", 514, "shell" },
	{ "tcp", 515, "printer" },     { "tcp", 524, "ncp" },         { "tcp", 543, "klogin" },
	{ "tcp", 544, "kshell" },      { "tcp", 631, "ipp" },         { "tcp", 993, "simap" },
	{ "tcp", 995, "spop" },        { "tcp", 1521, "oracle-sql" }, { "tcp", 2049, "nfs" },
	{ "tcp", 6000, "X11" },        { "tcp", 6001, "X11" },        { "tcp", 6667, "IRC" },
	{ "udp", 53, "dns" },          { "udp", 69, "tftp" },         { "udp", 111, "portmap" },
	{ "udp", 123, "ntp" },         { "udp", 137, "netbios-ns" },  { "udp", 138, "netbios-dgm" },
	{ "udp", 161, "snmp" },        { "udp", 2049, "nfs" },
};
enum { PORT_NAMES = sizeof port_names / sizeof port_names[0] };

/* The oldest Bro's name for a port without a name. */
static const struct unnamed {
	const char *prefix, *proto;
	bool        privileged; /* below 1024 */
} unnamed[] = {
	{ "priv-", "tcp", true },
	{ "other-", "tcp", false },
	{ "upriv-", "udp", true },
	{ "uother-", "udp", false },
};
enum { UNNAMED = sizeof unnamed / sizeof unnamed[0], PRIVILEGED = 1024 };

/* By conn_state, whether each end had closed with a FIN (policy/conn.bro, conn_state, read backwards).  An end that
 * sends a RST is not what Bro calls closed; for the other end of such a connection the history tells, not the state. */
enum closed { NO, YES, BY_HISTORY };
static const struct state {
	const char *name;
	bool        ended; /* at least one end has closed or reset the connection */
	enum closed orig, resp;
} states[] = {
	{ "S0", false, NO, NO },          { "S1", false, NO, NO },          { "SF", true, YES, YES },
	{ "REJ", true, NO, NO },          { "S2", true, YES, NO },          { "S3", true, NO, YES },
	{ "RSTO", true, NO, BY_HISTORY }, { "RSTR", true, BY_HISTORY, NO }, { "RSTOS0", true, NO, NO },
	{ "RSTRH", true, NO, NO },        { "SH", true, YES, NO },          { "SHR", true, NO, YES },
	{ "OTH", false, NO, NO },
};
enum { STATES = sizeof states / sizeof states[0] };

static struct text
column_text(const struct record *r, uint64_t has, struct text t)
{
	return (r->has & has) != 0 ? t : (struct text){ "", 0 };
}

static struct text
proto_of(const struct record *r)
{
	return column_text(r, HAS(COL_PROTO), r->proto);
}

static const struct state *
find_state(struct text name)
{
	for (size_t i = 0; i < STATES; i++)
		if (text_is(name, states[i].name))
			return &states[i];
	return NULL;
}

bool
bro1_is_state(struct text name)
{
	return find_state(name) != NULL;
}

/* Returns the row for the record's conn_state, or NULL if it has none or an unknown one. */
static const struct state *
state_of(const struct record *r)
{
	return find_state(column_text(r, HAS(COL_CONN_STATE), r->conn_state));
}

struct text
bro1_port_name(struct text proto, uint16_t port)
{
	for (size_t i = 0; i < PORT_NAMES; i++)
		if (port_names[i].port == port && text_is(proto, port_names[i].proto))
			return text_from(port_names[i].name);
	return (struct text){ "", 0 };
}

/* Returns whether nothing came from the originator. */
static bool
orig_is_silent(const struct record *r)
{
	const struct text history = column_text(r, HAS(COL_HISTORY), r->history);
	const struct text state = column_text(r, HAS(COL_CONN_STATE), r->conn_state);

	if (history.n == 0)
		return text_is(state, "SHR") || text_is(state, "RSTRH");
	for (size_t i = 0; i < history.n; i++)
		if (history.p[i] >= 'A' && history.p[i] <= 'Z')
			return false;
	return true;
}

/* Writes "priv-22", "uother-33434" and the like; "other" for protocols without ports. */
static struct text
unnamed_port(const struct record *r, char room[BRO1_SERVICE_MAX])
{
	for (size_t i = 0; i < UNNAMED; i++) {
		const struct unnamed *u = &unnamed[i];
		size_t                n = strlen(u->prefix);
		if (!text_is(proto_of(r), u->proto) || (r->resp_p < PRIVILEGED) != u->privileged)
			continue;
		memcpy(room, u->prefix, n);
		return (struct text){ room, n + format_u64(room + n, r->resp_p) };
	}
	return text_from("other");
}

struct text
bro1_service(const struct record *r, enum bro1_kind kind, bool marked, char room[BRO1_SERVICE_MAX])
{
	const struct text own = column_text(r, HAS(COL_SERVICE), r->service);
	struct text       name = { "", 0 };

	if (own.n > 0)
		return own;
	if (r->has & HAS(COL_RESP_P))
		name = bro1_port_name(proto_of(r), r->resp_p);
	/* The roles of a half-seen connection may be the wrong way round. */
	if (name.n == 0 && (r->has & HAS(COL_ORIG_P)) && orig_is_silent(r))
		name = bro1_port_name(proto_of(r), r->orig_p);
	if (name.n > 0 && marked) {
		memcpy(room, name.p, name.n);
		room[name.n++] = '?';
		name.p = room;
	}
	if (name.n > 0)
		return name;
	return kind == BRO0 && (r->has & HAS(COL_RESP_P)) ? unnamed_port(r, room) : text_from("other");
}

/* Returns whether the text is a port number without leading zeros. */
static bool
parse_port(const char *p, size_t n, uint16_t *port)
{
	unsigned v = 0;

	if (n == 0 || n > 5 || (n > 1 && p[0] == '0'))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (p[i] < '0' || p[i] > '9')
			return false;
		v = 10 * v + (unsigned)(p[i] - '0');
	}
	*port = (uint16_t)v;
	return v <= UINT16_MAX;
}

bool
bro1_service_is_other(struct text service, struct record *r)
{
	uint16_t port;

	if (text_is(service, "other"))
		return true;
	for (size_t i = 0; i < UNNAMED; i++) {
		size_t n = strlen(unnamed[i].prefix);
		if (service.n <= n || memcmp(service.p, unnamed[i].prefix, n) != 0 ||
		    !parse_port(service.p + n, service.n - n, &port) || (port < PRIVILEGED) != unnamed[i].privileged)
			continue;
		r->proto = text_from(unnamed[i].proto);
		r->resp_p = port;
		r->has |= HAS(COL_PROTO) | HAS(COL_RESP_P);
		return true;
	}
	return false;
}

struct text
bro1_service_proto(struct text service)
{
	const char *proto = NULL;

	for (size_t i = 0; i < PORT_NAMES; i++) {
		if (!text_is(service, port_names[i].name))
			continue;
		if (proto != NULL && strcmp(proto, port_names[i].proto) != 0)
			return text_from("tcp");
		proto = port_names[i].proto;
	}
	return text_from(proto != NULL ? proto : "tcp");
}

bool
bro1_shows_duration(const struct record *r)
{
	const struct state *s = state_of(r);

	if (!(r->has & HAS(COL_DURATION)))
		return false;
	return !text_is(proto_of(r), "tcp") || s == NULL || s->ended;
}

/* Returns whether that end has, or may have, closed the connection; without a history or a known state it may have. */
static bool
has_closed(const struct record *r, bool orig)
{
	const struct state *s = state_of(r);
	const struct text   history = column_text(r, HAS(COL_HISTORY), r->history);
	enum closed         closed = s == NULL ? YES : orig ? s->orig : s->resp;

	if (closed == BY_HISTORY && history.n > 0)
		closed = memchr(history.p, orig ? 'F' : 'f', history.n) != NULL ? YES : NO;
	return closed != NO;
}

bool
bro1_shows_bytes(const struct record *r, bool orig)
{
	if (!(r->has & HAS(orig ? COL_ORIG_BYTES : COL_RESP_BYTES)))
		return false;
	if ((orig ? r->orig_bytes : r->resp_bytes) > 0)
		return true;
	return text_is(proto_of(r), "tcp") && has_closed(r, orig);
}
