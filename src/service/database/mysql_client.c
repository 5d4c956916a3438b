/* mysql_client.c - the client's packets: see mysql_packet.h. */
#include "service/database/mysql_packet.h"

#include "service/database/mysql_fields.h"

enum { COM_QUERY = 0x03, COM_CHANGE_USER = 0x11 };

/* Reads the attributes of a connection: pairs of strings that fill their length. */
static void
connection_attributes(struct reader *r)
{
	struct reader in = reader_of(read_vector(r, 1));

	while (read_left(&in) > 0)
		mysql_strings(&in, 2);
	if (in.bad)
		read_fail(r);
}

/* ---- connection phase */

static enum mysql_answer
response9(struct reader *r)
{
	const uint16_t caps = read_le16(r);

	read_skip(r, 3);
	read_nul_string(r);
	read_nul_string(r);
	if (caps & MYSQL_CAP_DB)
		read_nul_string(r);
	return r->bad ? MYSQL_BAD : MYSQL_LOGIN;
}

/* Reads the user, the password and the fields that the capabilities add. */
static void
credentials(struct reader *r, uint32_t caps)
{
	read_nul_string(r);
	mysql_strings(r, 1);
	if (caps & MYSQL_CAP_DB)
		read_nul_string(r);
	if (caps & MYSQL_CAP_PLUGIN_AUTH && memchr(read_rest(r).p, 0, read_left(r))) /* otherwise it counts as empty */
		read_nul_string(r);
	if (caps & MYSQL_CAP_ATTRS)
		connection_attributes(r);
	if (caps & MYSQL_CAP_ZSTD)
		read_skip(r, 1);
}

static enum mysql_answer
response10(struct mysql_phases *s, struct reader *r)
{
	const uint32_t caps = read_le32(r);

	read_skip(r, 4 + 1 + 23);
	if (!r->bad && !(caps & MYSQL_CAP_SSL))
		credentials(r, caps);
	if (r->bad)
		return MYSQL_BAD;
	if (!(caps & MYSQL_CAP_SSL) && caps & MYSQL_CAP_PLUGIN_AUTH)
		s->auth = true;
	s->no_eof = caps & MYSQL_CAP_NO_EOF;
	s->client_attrs = caps & MYSQL_CAP_QUERY_ATTRS;
	s->caps = caps;
	return caps & MYSQL_CAP_SSL ? MYSQL_WANTS_TLS : MYSQL_LOGIN;
}

/* ---- command phase */

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
		mysql_integer(r);
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
			mysql_strings(r, 1);
		else
			read_fail(r);
	}
}

/* Reads the attributes of a query: a bitmap of NULLs, then types and names, then values. */
static void
query_attributes(struct reader *r)
{
	const int32_t n = mysql_integer(r);

	mysql_integer(r);
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
		mysql_strings(r, 1);
	}
	for (int32_t i = 0; i < n && read_more(r); i++) { /* values may be missing at the end */
		const uint8_t type = read_u8(&names);
		read_skip(&names, 1);
		mysql_strings(&names, 1);
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
	if (s->caps & MYSQL_CAP_PLUGIN_AUTH)
		read_nul_string(r);
	if (s->caps & MYSQL_CAP_ATTRS)
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
