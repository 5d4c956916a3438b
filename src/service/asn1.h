/* asn1.h - reads ASN.1 as Zeek's binpac grammars do (analyzer/protocol/asn1/asn1.pac): tags are not checked, and a length of
 * more than eight bytes counts as 0. */
#ifndef CONNLOG_SERVICE_ASN1_H
#define CONNLOG_SERVICE_ASN1_H

#include "service/reader.h"

struct asn1_meta {
	uint8_t  tag, len; /* the two raw bytes */
	uint8_t  index;    /* tag - 0xa0: the number of a context tag */
	uint64_t length;
};

/* binary_to_int64: returns the big-endian number. */
static inline uint64_t
asn1_number(struct bytes b)
{
	return b.n <= 8 ? load_be(b) : 0;
}

/* ASN1EncodingMeta: reads a tag and a length. */
static inline struct asn1_meta
asn1_meta(struct reader *c)
{
	struct asn1_meta m = { .tag = read_u8(c) };

	m.len = read_u8(c);
	m.index = (uint8_t)(m.tag - 0xa0);
	m.length = m.len & 0x80 ? asn1_number(read_take(c, m.len & 0x7f)) : m.len;
	return m;
}

/* ASN1Encoding: reads an element. Returns its content. */
static inline struct bytes
asn1_value(struct reader *c)
{
	return read_string(c, asn1_meta(c).length);
}

/* SequenceElement(true): reads a sequence's element. Returns its content. */
static inline struct bytes
asn1_element(struct reader *c)
{
	(void)asn1_meta(c);
	return asn1_value(c);
}

#endif
