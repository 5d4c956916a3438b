/* mysql_fields.h - what the server's and the client's packets of MySQL share: capabilities, numbers and strings. */
#ifndef CONNLOG_SERVICE_MYSQL_FIELDS_H
#define CONNLOG_SERVICE_MYSQL_FIELDS_H

#include "service/reader.h"

enum {
	MYSQL_CAP_DB = 0x8,
	MYSQL_CAP_SSL = 0x800,
	MYSQL_CAP_PLUGIN_AUTH = 0x80000,
	MYSQL_CAP_ATTRS = 0x100000,
	MYSQL_CAP_NO_EOF = 0x1000000,
	MYSQL_CAP_ZSTD = 0x4000000,
	MYSQL_CAP_QUERY_ATTRS = 0x8000000,
};

/* Reads a length-encoded integer whose first byte has been read. Zeek keeps it in an int. */
static inline int32_t
mysql_integer_from(struct reader *r, uint8_t first)
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

static inline int32_t
mysql_integer(struct reader *r)
{
	return mysql_integer_from(r, read_u8(r));
}

static inline void
mysql_string(struct reader *r, int32_t n)
{
	if (n < 0)
		read_fail(r);
	read_skip(r, (uint32_t)n);
}

static inline void
mysql_strings(struct reader *r, uint32_t n)
{
	while (n-- > 0 && !r->bad)
		mysql_string(r, mysql_integer(r));
}

#endif
