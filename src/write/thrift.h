/* thrift.h - the part of Thrift's compact protocol that Parquet's metadata needs.
 *
 * A struct consists of its fields in the order of their numbers and a zero byte.  A field's header has the type and the
 * difference from the previous field's number, so a writer of a struct keeps the last number; a list's header has the
 * length and the type of its elements.  Source: apache/thrift doc/specs/thrift-compact-protocol.md.
 *
 * Appending reports no error, as described in base/outbuf.h.
 */
#ifndef CONNLOG_WRITE_THRIFT_H
#define CONNLOG_WRITE_THRIFT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/outbuf.h"

enum thrift_type {
	THRIFT_TRUE = 1,
	THRIFT_FALSE = 2,
	THRIFT_BYTE = 3,
	THRIFT_I16 = 4,
	THRIFT_I32 = 5,
	THRIFT_I64 = 6,
	THRIFT_BINARY = 8,
	THRIFT_LIST = 9,
	THRIFT_STRUCT = 12,
};

/* A struct being written; starts with field 0. */
struct thrift {
	struct outbuf *out;
	int            last; /* the number of the field before */
};

/* Values without a field header: the elements of a list. */
void thrift_varint(struct outbuf *out, uint64_t v);
void thrift_int(struct outbuf *out, int64_t v);
void thrift_text(struct outbuf *out, const char *text, size_t n);

void thrift_field(struct thrift *t, int id, enum thrift_type type);
void thrift_field_bool(struct thrift *t, int id, bool v);
void thrift_field_i8(struct thrift *t, int id, int8_t v);
void thrift_field_i16(struct thrift *t, int id, int16_t v);
void thrift_field_i32(struct thrift *t, int id, int32_t v);
void thrift_field_i64(struct thrift *t, int id, int64_t v);
void thrift_field_text(struct thrift *t, int id, const char *text, size_t n);
/* The elements follow. */
void thrift_field_list(struct thrift *t, int id, enum thrift_type element, size_t n);
/* Begins a nested struct and returns it; each struct is ended separately. */
struct thrift thrift_field_struct(struct thrift *t, int id);
/* Writes a struct without fields, which Parquet's unions use for a choice that carries no data. */
void thrift_field_empty(struct thrift *t, int id);
void thrift_end(struct thrift *t);

#endif
