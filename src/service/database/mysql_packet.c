/* mysql_packet.c - the server's packets: see mysql_packet.h. */
#include "service/database/mysql_packet.h"

#include "service/database/mysql_fields.h"

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
	mysql_integer(r);
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
	if (caps_high & MYSQL_CAP_PLUGIN_AUTH >> 16)
		read_nul_string(r);
	if (r->bad)
		return false;
	s->server_attrs = caps_high & MYSQL_CAP_QUERY_ATTRS >> 16;
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
	const int32_t n = mysql_integer_from(r, first);

	if (r->bad)
		return false;
	s->columns = s->columns_left = (uint32_t)n;
	s->expect = MYSQL_COLUMN;
	return true;
}

static bool
column(struct reader *r, uint8_t first)
{
	mysql_string(r, mysql_integer_from(r, first));
	mysql_strings(r, 5);
	mysql_integer(r);
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
	mysql_string(r, mysql_integer_from(r, first));
	const uint32_t more = s->columns - 1;
	if (r->bad || more > read_left(r))
		return false;
	mysql_strings(r, more);
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
