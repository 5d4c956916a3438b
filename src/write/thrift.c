/* thrift.c - see thrift.h. */
#include "write/thrift.h"

void
thrift_varint(struct outbuf *out, uint64_t v)
{
	char   bytes[10];
	size_t n = 0;

	for (; v >= 0x80; v >>= 7)
		bytes[n++] = (char)(v | 0x80);
	bytes[n++] = (char)v;
	outbuf_put(out, bytes, n);
}

void
thrift_int(struct outbuf *out, int64_t v)
{
	thrift_varint(out, (uint64_t)v << 1 ^ (uint64_t)(v >> 63));
}

void
thrift_text(struct outbuf *out, const char *text, size_t n)
{
	thrift_varint(out, n);
	outbuf_put(out, text, n);
}

void
thrift_field(struct thrift *t, int id, enum thrift_type type)
{
	const int distance = id - t->last;

	if (distance > 0 && distance <= 15) {
		outbuf_char(t->out, (char)(distance << 4 | (int)type));
	} else {
		outbuf_char(t->out, (char)type);
		thrift_int(t->out, id);
	}
	t->last = id;
}

void
thrift_field_bool(struct thrift *t, int id, bool v)
{
	thrift_field(t, id, v ? THRIFT_TRUE : THRIFT_FALSE);
}

void
thrift_field_i8(struct thrift *t, int id, int8_t v)
{
	thrift_field(t, id, THRIFT_BYTE);
	outbuf_char(t->out, (char)v);
}

void
thrift_field_i16(struct thrift *t, int id, int16_t v)
{
	thrift_field(t, id, THRIFT_I16);
	thrift_int(t->out, v);
}

void
thrift_field_i32(struct thrift *t, int id, int32_t v)
{
	thrift_field(t, id, THRIFT_I32);
	thrift_int(t->out, v);
}

void
thrift_field_i64(struct thrift *t, int id, int64_t v)
{
	thrift_field(t, id, THRIFT_I64);
	thrift_int(t->out, v);
}

void
thrift_field_text(struct thrift *t, int id, const char *text, size_t n)
{
	thrift_field(t, id, THRIFT_BINARY);
	thrift_text(t->out, text, n);
}

void
thrift_field_list(struct thrift *t, int id, enum thrift_type element, size_t n)
{
	thrift_field(t, id, THRIFT_LIST);
	if (n < 15) {
		outbuf_char(t->out, (char)(n << 4 | element));
	} else {
		outbuf_char(t->out, (char)(0xf0 | element));
		thrift_varint(t->out, n);
	}
}

struct thrift
thrift_field_struct(struct thrift *t, int id)
{
	thrift_field(t, id, THRIFT_STRUCT);
	return (struct thrift){ t->out, 0 };
}

void
thrift_field_empty(struct thrift *t, int id)
{
	struct thrift empty = thrift_field_struct(t, id);
	thrift_end(&empty);
}

void
thrift_end(struct thrift *t)
{
	outbuf_char(t->out, 0);
}
