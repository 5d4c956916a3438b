/* mysql_packet.c - see mysql_packet.h. */
#include "service/database/mysql_packet.h"

#include "service/reader.h"

enum {
	CAP_DB = 0x8,
	CAP_SSL = 0x800,
	CAP_PLUGIN_AUTH = 0x80000,
	CAP_ATTRS = 0x100000,
	CAP_NO_EOF = 0x1000000,
	CAP_ZSTD = 0x4000000,
	CAP_QUERY_ATTRS = 0x8000000,
};

enum { COM_QUERY = 0x03, COM_CHANGE_USER = 0x11 };

/* ---- fields */

/* Reads a length-encoded integer whose first byte has been read. Zeek keeps it in an int. */
static int32_t
integer_from(struct reader *r, uint8_t first)
{
	uint32_t v;

	switch (first) {
	case 0xfc:
		return read_le16(r);
	case 0xfd:
		v = read_le16(r);
		return (int32_t)(v | (uint32_t)read_u8(r) << 16);
	case 0xfe:
		v = read_le32(r);
		read_skip(r, 4);
		return (int32_t)v;
	default:
		return first < 0xfb ? first : 0;
	}
}

static int32_t
integer(struct reader *r)
{
	return integer_from(r, read_u8(r));
}

static void
string_of(struct reader *r, int32_t n)
{
	if (n < 0)
		read_fail(r);
	read_skip(r, (uint32_t)n);
}

static void
strings(struct reader *r, uint32_t n)
{
	while (n-- > 0 && !r->bad)
		string_of(r, integer(r));
}

/* Reads the attributes of a connection: pairs of strings that fill their length. */
static void
connection_attributes(struct reader *r)
{
	struct reader in = reader_of(read_vector(r, 1));

	while (read_left(&in) > 0)
		strings(&in, 2);
	if (in.bad)
		read_fail(r);
}

/* ---- packets of several phases */

/* An OK or an error ends the connection phase. */
static bool
outcome(struct mysql_phases *s, const struct reader *r)
{
	if (r->bad)
		return false;
	s->commands = true;
	s->auth = false;
	return true;
}

static bool
ok_packet(struct mysql_phases *s, struct reader *r)
{
	integer(r);
	return outcome(s, r);
}

static bool
error_packet(struct mysql_phases *s, struct reader *r)
{
	read_skip(r, 2 + 6);
	return outcome(s, r);
}

/* ---- the server, connection phase */

static bool
handshake10(struct mysql_phases *s, struct reader *r)
{
	read_nul_string(r);
	read_skip(r, 4 + 8 + 1 + 2 + 1 + 2);
	const uint16_t caps_high = read_le16(r);
	const uint8_t  auth_len = read_u8(r);
	if (r->bad || (auth_len != 0 && auth_len < 21))
		return false;
	read_skip(r, 10);
	read_skip(r, auth_len > 21 ? auth_len - 8u : 13);
	if (caps_high & CAP_PLUGIN_AUTH >> 16)
		read_nul_string(r);
	if (r->bad)
		return false;
	s->server_attrs = caps_high & CAP_QUERY_ATTRS >> 16;
	return true;
}

static bool
server_greeting(struct mysql_phases *s, struct reader *r)
{
	const uint8_t version = read_u8(r);
	bool          fits;

	if (r->bad)
		return false;
	if (version == 10) {
		fits = handshake10(s, r);
	} else if (version == 9) {
		read_nul_string(r);
		read_skip(r, 4);
		read_nul_string(r);
		fits = !r->bad;
	} else {
		fits = error_packet(s, r);
	}
	if (fits)
		s->version = version;
	return fits;
}

static bool
server_connecting(struct mysql_phases *s, struct reader *r)
{
	const uint8_t type = read_u8(r);

	if (r->bad)
		return false;
	switch (type) {
	case 0x00:
		return ok_packet(s, r);
	case 0x01: /* more data */
		return true;
	case 0xfe: /* another method */
		read_nul_string(r);
		if (r->bad)
			return false;
		s->auth = true;
		s->expect = MYSQL_STATUS;
		return true;
	case 0xff:
		return error_packet(s, r);
	default:
		return false;
	}
}

/* ---- the server, command phase; `n`: the packet's length with its header */

/* Reads a packet that begins with `type`; what that means unless it is an OK or an error is up to `other`. */
static bool
status_or(struct mysql_phases *s, struct reader *r, bool (*other)(struct mysql_phases *, struct reader *, uint8_t))
{
	const uint8_t type = read_u8(r);

	if (r->bad)
		return false;
	return type == 0x00 ? ok_packet(s, r) : type == 0xff ? error_packet(s, r) : other(s, r, type);
}

static bool
end_of_rows(struct mysql_phases *s, struct reader *r, uint8_t type)
{
	(void)s;
	read_skip(r, type == 0xfe ? 4 : 0);
	return !r->bad;
}

static bool
column_count(struct mysql_phases *s, struct reader *r, uint8_t first)
{
	const int32_t n = integer_from(r, first);

	if (r->bad)
		return false;
	s->columns = s->columns_left = (uint32_t)n;
	s->expect = MYSQL_COLUMN;
	return true;
}

static bool
column(struct reader *r, uint8_t first)
{
	string_of(r, integer_from(r, first));
	strings(r, 5);
	integer(r);
	read_skip(r, 2 + 4 + 1 + 2 + 1 + 2);
	return !r->bad;
}

static bool
eof_or_ok(struct mysql_phases *s, struct reader *r, size_t n)
{
	if (s->no_eof || n > 13)
		return ok_packet(s, r);
	read_skip(r, 4);
	return !r->bad;
}

static bool
row(struct mysql_phases *s, struct reader *r, size_t n)
{
	const uint8_t first = read_u8(r);

	if (r->bad)
		return false;
	if (first == 0xfe) {
		if (!eof_or_ok(s, r, n))
			return false;
		s->expect = MYSQL_NOTHING;
		return true;
	}
	string_of(r, integer_from(r, first));
	const uint32_t more = s->columns - 1;
	if (r->bad || more > read_left(r))
		return false;
	strings(r, more);
	if (r->bad)
		return false;
	s->expect = MYSQL_ROWS;
	return true;
}

static bool
server_response(struct mysql_phases *s, struct reader *r, size_t n)
{
	uint8_t first;

	switch (s->expect) {
	case MYSQL_STATUS:
		return status_or(s, r, end_of_rows);
	case MYSQL_COLUMN_COUNT:
		return status_or(s, r, column_count);
	case MYSQL_COLUMN:
		first = read_u8(r);
		if (!column(r, first))
			return false;
		s->expect = --s->columns_left > 0 ? MYSQL_COLUMN : MYSQL_EOF_THEN_ROWS;
		return true;
	case MYSQL_COLUMN_OR_EOF:
		first = read_u8(r);
		return first == 0xfe ? eof_or_ok(s, r, n) : column(r, first);
	case MYSQL_EOF_THEN_ROWS:
		if (s->no_eof)
			return row(s, r, n);
		read_skip(r, 1 + 4);
		if (!r->bad)
			s->expect = MYSQL_ROWS;
		return !r->bad;
	case MYSQL_ROWS:
		return row(s, r, n);
	case MYSQL_NOTHING:
	case MYSQL_REST:
		break;
	}
	return true;
}

bool
mysql_server_packet(struct mysql_phases *s, const uint8_t *p, size_t n)
{
	struct reader r = reader_of((struct bytes){ p, n });
	bool          fits;

	read_skip(&r, 3);
	const uint8_t seq = read_u8(&r);
	if (s->commands)
		fits = server_response(s, &r, n);
	else if (seq == 0 && s->last_seq != 255)
		fits = server_greeting(s, &r);
	else
		fits = server_connecting(s, &r);
	if (fits)
		s->last_seq = seq;
	return fits;
}

/* ---- the client, connection phase */

static enum mysql_answer
response9(struct reader *r)
{
	const uint16_t caps = read_le16(r);

	read_skip(r, 3);
	read_nul_string(r);
	read_nul_string(r);
	if (caps & CAP_DB)
		read_nul_string(r);
	return r->bad ? MYSQL_BAD : MYSQL_LOGIN;
}

/* Reads the user, the password and the fields that the capabilities add. */
static void
credentials(struct reader *r, uint32_t caps)
{
	read_nul_string(r);
	strings(r, 1);
	if (caps & CAP_DB)
		read_nul_string(r);
	if (caps & CAP_PLUGIN_AUTH && memchr(read_rest(r).p, 0, read_left(r))) /* otherwise it counts as empty */
		read_nul_string(r);
	if (caps & CAP_ATTRS)
		connection_attributes(r);
	if (caps & CAP_ZSTD)
		read_skip(r, 1);
}

static enum mysql_answer
response10(struct mysql_phases *s, struct reader *r)
{
	const uint32_t caps = read_le32(r);

	read_skip(r, 4 + 1 + 23);
	if (!r->bad && !(caps & CAP_SSL))
		credentials(r, caps);
	if (r->bad)
		return MYSQL_BAD;
	if (!(caps & CAP_SSL) && caps & CAP_PLUGIN_AUTH)
		s->auth = true;
	s->no_eof = caps & CAP_NO_EOF;
	s->client_attrs = caps & CAP_QUERY_ATTRS;
	s->caps = caps;
	return caps & CAP_SSL ? MYSQL_WANTS_TLS : MYSQL_LOGIN;
}

/* ---- the client, command phase */

/* Reads a date or time: its length is one of `lengths`, a bit set. */
static void
dated(struct reader *r, uint32_t lengths)
{
	const uint8_t n = read_u8(r);

	if (n > 12 || !(lengths >> n & 1))
		read_fail(r);
	const struct bytes b = read_take(r, n);
	if ((n == 8 || n == 12) && b.n > 0 && b.p[0] > 1) /* a time's sign */
		read_fail(r);
}

static void
binary_value(struct reader *r, uint8_t type)
{
	switch (type) {
	case 0x00: /* DECIMAL */
		integer(r);
		break;
	case 0x01: /* TINY */
		read_skip(r, 1);
		break;
	case 0x02: /* SHORT, YEAR */
	case 0x0d:
		read_skip(r, 2);
		break;
	case 0x03: /* LONG, FLOAT, INT24 */
	case 0x04:
	case 0x09:
		read_skip(r, 4);
		break;
	case 0x05: /* DOUBLE, LONGLONG */
	case 0x08:
		read_skip(r, 8);
		break;
	case 0x06: /* NULL */
		break;
	case 0x07: /* TIMESTAMP, DATE, DATETIME, TIMESTAMP2 */
	case 0x0a:
	case 0x0c:
	case 0x11:
		dated(r, 1u << 0 | 1u << 4 | 1u << 7 | 1u << 11);
		break;
	case 0x0b: /* TIME */
		dated(r, 1u << 0 | 1u << 8 | 1u << 12);
		break;
	default: /* VARCHAR, BIT, JSON and the like */
		if (type == 0x0f || type == 0x10 || type >= 0xf5)
			strings(r, 1);
		else
			read_fail(r);
	}
}

/* Reads the attributes of a query: a bitmap of NULLs, then types and names, then values. */
static void
query_attributes(struct reader *r)
{
	const int32_t n = integer(r);

	integer(r);
	if (r->bad || n <= 0)
		return;
	const uint8_t *nulls = read_fixed(r, ((size_t)n + 7) / 8);
	if (read_u8(r) != 1 || !nulls || (size_t)n > read_left(r)) {
		read_fail(r);
		return;
	}
	struct reader names = *r; /* read a second time, for the types */
	for (int32_t i = 0; i < n && !r->bad; i++) {
		read_skip(r, 2);
		strings(r, 1);
	}
	for (int32_t i = 0; i < n && read_more(r); i++) { /* values may be missing at the end */
		const uint8_t type = read_u8(&names);
		read_skip(&names, 1);
		strings(&names, 1);
		if (!(nulls[i / 8] >> i % 8 & 1))
			binary_value(r, type);
	}
}

static void
change_user(const struct mysql_phases *s, struct reader *r)
{
	read_nul_string(r);
	read_skip(r, read_u8(r));
	read_nul_string(r);
	read_skip(r, 2);
	/* Zeek's check whether more data follows is always true. */
	if (s->caps & CAP_PLUGIN_AUTH)
		read_nul_string(r);
	if (s->caps & CAP_ATTRS)
		connection_attributes(r);
}

static void
expect_after(struct mysql_phases *s, uint8_t command)
{
	switch (command) {
	case 0x00: /* SLEEP, QUIT, INIT_DB */
	case 0x01:
	case 0x02:
	case 0x05: /* CREATE_DB, DROP_DB, REFRESH, SHUTDOWN */
	case 0x06:
	case 0x07:
	case 0x08:
	case 0x0b: /* CONNECT ... DELAYED_INSERT */
	case 0x0c:
	case 0x0d:
	case 0x0e:
	case 0x0f:
	case 0x10:
	case 0x1d: /* DAEMON, RESET_CONNECTION */
	case 0x1f:
		s->expect = MYSQL_STATUS;
		break;
	case COM_QUERY:
	case 0x0a: /* PROCESS_INFO */
		s->expect = MYSQL_COLUMN_COUNT;
		break;
	case 0x04: /* FIELD_LIST */
		s->expect = MYSQL_COLUMN_OR_EOF;
		break;
	case 0x09: /* STATISTICS */
		s->expect = MYSQL_REST;
		break;
	case COM_CHANGE_USER:
		s->commands = false;
		break;
	default:
		s->expect = MYSQL_NOTHING;
	}
}

static enum mysql_answer
command(struct mysql_phases *s, struct reader *r)
{
	const uint8_t c = read_u8(r);

	if (r->bad)
		return MYSQL_BAD;
	if (c == COM_QUERY && s->client_attrs && s->server_attrs)
		query_attributes(r);
	if (c == COM_CHANGE_USER)
		change_user(s, r);
	if (r->bad)
		return MYSQL_BAD;
	expect_after(s, c);
	return MYSQL_FINE;
}

enum mysql_answer
mysql_client_packet(struct mysql_phases *s, const uint8_t *p, size_t n)
{
	struct reader r = reader_of((struct bytes){ p, n });

	read_skip(&r, 4);
	if (s->commands)
		return command(s, &r);
	if (s->auth)
		return MYSQL_FINE;
	if (s->version == 10)
		return response10(s, &r);
	return s->version == 9 ? response9(&r) : MYSQL_BAD;
}
