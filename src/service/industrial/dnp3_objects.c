/* dnp3_objects.c - see dnp3_objects.h (IEEE 1815; Zeek: dnp3/dnp3-protocol.pac, dnp3-objects.pac). */
#include "service/industrial/dnp3_objects.h"

#include "service/reader.h"

#define REST (-1) /* an object that takes all remaining bytes */
#define BAD  (-2)

/* Types of objects (group and variation) of the same fixed size. */
struct sized {
	int             size;
	const uint16_t *types; /* terminated by 0 */
};

static const struct sized response_sizes[] = {
	{ 1,
	  (const uint16_t[]){ 0x0101, 0x0102, 0x0201, 0x0302, 0x0a01, 0x0a02, 0x0b01, 0x0c03, 0x0d01, 0x5602, 0x6601, 0 } },
	{ 2, (const uint16_t[]){ 0x1406, 0x150a, 0x1e04, 0x1f06, 0x2201, 0x3401, 0x3402, 0x5001, 0x6501, 0x7804, 0 } },
	{ 3, (const uint16_t[]){ 0x0203, 0x0402, 0x1402, 0x1502, 0x1602, 0x1702, 0x1e02, 0x1f02, 0x2002, 0x2102, 0x2802,
	                         0x2902, 0x2a02, 0x2b02, 0x5101, 0 } },
	{ 4, (const uint16_t[]){ 0x1405, 0x1509, 0x1e03, 0x1f05, 0x2202, 0x2203, 0x6502, 0 } },
	{ 5, (const uint16_t[]){ 0x1401, 0x1501, 0x1601, 0x1701, 0x1e01, 0x1e05, 0x1f01, 0x1f07,
	                         0x2001, 0x2005, 0x2101, 0x2105, 0x2801, 0x2803, 0x2901, 0x2903,
	                         0x2a01, 0x2a05, 0x2b01, 0x2b05, 0x5501, 0x5601, 0 } },
	{ 6, (const uint16_t[]){ 0x3201, 0x3203, 0x3301, 0x3302, 0 } },
	{ 7, (const uint16_t[]){ 0x0202, 0x0401, 0x0b02, 0x0d02, 0 } },
	{ 8, (const uint16_t[]){ 0x6503, 0 } },
	{ 9, (const uint16_t[]){ 0x1506, 0x1606, 0x1706, 0x1e06, 0x1f04, 0x1f08, 0x2004, 0x2006, 0x2106, 0x2804, 0x2904,
	                         0x2a04, 0x2a06, 0x2b04, 0x2b06, 0 } },
	{ 10, (const uint16_t[]){ 0x3202, 0 } },
	{ 11, (const uint16_t[]){ 0x0c01, 0x0c02, 0x1505, 0x1605, 0x1705, 0x1f03, 0x2003, 0x2007, 0x2103, 0x2104, 0x2107,
	                          0x2a03, 0x2a07, 0x2b03, 0x2b07, 0 } },
	{ 15, (const uint16_t[]){ 0x2008, 0x2108, 0x2a08, 0x2b08, 0 } },
	{ 0, NULL },
};

/* In requests only these, and those of variable() in groups 70 and 120, have objects after their header. */
static const struct sized request_sizes[] = {
	{ 1, (const uint16_t[]){ 0x0c03, 0 } },
	{ 2, (const uint16_t[]){ 0x3401, 0x3402, 0 } },
	{ 6, (const uint16_t[]){ 0x3201, 0x3203, 0x3301, 0x3302, 0 } },
	{ 10, (const uint16_t[]){ 0x3202, 0 } },
	{ 11, (const uint16_t[]){ 0x0c01, 0x0c02, 0 } },
	{ 0, NULL },
};

/* Returns the size of a type, or 0 if it is not in the table. */
static int
fixed_size(const struct sized *table, unsigned type)
{
	for (; table->types; table++)
		for (const uint16_t *t = table->types; *t; t++)
			if (*t == type)
				return table->size;
	return 0;
}

/* Returns a number in an object; 0 if it is missing, in which case the object does not fit anyway. */
static int64_t
at16(struct bytes b, size_t at)
{
	const uint8_t *p = bytes_at(b, at, 2);

	return p ? load_le16(p) : 0;
}

/* Returns the size of something of `fixed` bytes that has as many in total as the prefix says, or BAD. */
static int64_t
prefixed(int64_t fixed, int64_t prefix)
{
	return prefix < fixed ? BAD : prefix;
}

/* Group 91 variation 1: a delay, and a list of status elements. */
static int64_t
activate(struct bytes b)
{
	const uint8_t *p = bytes_at(b, 0, 5);
	size_t         at = 5;

	for (unsigned n = p ? p[4] : 0; n; n--) {
		p = bytes_at(b, at, 2);
		if (!p || p[0] == 0)
			return BAD;
		at += 1u + p[0];
	}
	return (int64_t)at;
}

/* File control. */
static int64_t
group_70(unsigned variation, int64_t prefix, struct bytes b)
{
	switch (variation) {
	case 1: /* what follows the name counts as part of it */
		return b.n >= (size_t)(34 + at16(b, 0)) ? REST : BAD;
	case 2:
		return 12 + at16(b, 2) + at16(b, 6);
	case 3:
		return 26 + at16(b, 2);
	case 4:
		return prefixed(13, prefix);
	case 5:
		return prefixed(8, prefix);
	case 6:
		return prefixed(9, prefix);
	case 7:
		return 20 + at16(b, 2);
	default:
		return REST;
	}
}

/* Authentication. Its prefixes are truncated to 16 bits. */
static int64_t
group_120(unsigned variation, int64_t prefix, struct bytes b)
{
	prefix &= 0xffff;
	switch (variation) {
	case 1:
		return prefixed(8, prefix);
	case 2:
	case 6:
		return prefixed(6, prefix);
	case 3:
		return 6;
	case 4:
		return 2;
	case 5:
		return prefixed(11 + at16(b, 9), prefix);
	case 7:
		return prefixed(15, prefix);
	case 8:
		return prefixed(2, prefix);
	case 9:
	case 14:
	case 15:
		return prefix;
	case 10:
		return 16 + at16(b, 10) + at16(b, 12) + at16(b, 14);
	case 11:
		return 5 + at16(b, 1) + at16(b, 3);
	case 12:
		return 10 + at16(b, 8);
	case 13:
		return 8 + at16(b, 6);
	default:
		return REST;
	}
}

static int64_t
device_attribute(unsigned variation, struct bytes b)
{
	if (variation < 211 || variation == 244 || variation == 251 || variation == 253)
		return REST;
	return b.n >= 2 ? 2 + b.p[1] : BAD;
}

static int64_t
variable(unsigned type, int64_t prefix, struct bytes b)
{
	switch (type >> 8) {
	case 0x00:
		return device_attribute(type & 0xff, b);
	case 0x46:
		return group_70(type & 0xff, prefix, b);
	case 0x6e: /* strings */
	case 0x6f:
	case 0x70:
	case 0x71:
		return type & 0xff;
	case 0x78:
		return group_120(type & 0xff, prefix, b);
	default:
		break;
	}
	switch (type) {
	case 0x5201:
		return 10 + 4 * at16(b, 8);
	case 0x5301:
		return 8 + at16(b, 6);
	case 0x5302:
		return 8 + 4 * at16(b, 6);
	case 0x5b01:
		return activate(b);
	default:
		return REST;
	}
}

/* ---- headers */

/* Reads the range, according to the qualifier's lower half. Returns the number of objects. */
static int32_t
range(struct reader *r, unsigned code)
{
	static const uint8_t width[16] = { 1, 2, 4, 1, 2, 4, 0, 1, 2, 4, 0, 1 };

	if (code == 6)
		return 0;
	if (!width[code]) {
		read_skip(r, read_left(r));
		return 0;
	}
	const uint32_t first = read_le(r, width[code]);
	if (code > 5)
		return (int32_t)first;
	const uint32_t last = read_le(r, width[code]);
	return code < 3 ? (int32_t)(last - first + 1) : 0;
}

/* Returns whether objects of the type are packed, eight per byte. */
static bool
packed(unsigned type, bool response)
{
	return type == 0x0c03 || (response && (type == 0x0101 || type == 0x0301 || type == 0x0a01));
}

/* Returns whether a header of this type has objects in a request. */
static bool
requested(unsigned type)
{
	return fixed_size(request_sizes, type) || (type >= 0x4601 && type <= 0x4607) || type == 0x5001 ||
	       (type >= 0x7801 && type <= 0x780f);
}

static int64_t
object_size(unsigned type, unsigned function, bool response, int64_t prefix, struct bytes b)
{
	const int size = fixed_size(response ? response_sizes : request_sizes, type);

	if (response)
		return size ? size : variable(type, prefix, b);
	if (type == 0x4602 && function != 0x1d)
		return 0;
	if (type == 0x5001)
		return REST;
	return size ? size : variable(type, prefix, b);
}

/* Skips one object with its prefix. */
static void
object(struct reader *r, unsigned type, unsigned qualifier, unsigned function, bool response)
{
	static const uint8_t width[16] = { 0, 1, 2, 4, 1, 2, 4 };
	const uint32_t       prefix = read_le(r, width[qualifier >> 4]);

	if (r->bad)
		return;
	/* Lengths are signed in Zeek; larger ones do not fit anyway. */
	const int64_t size = object_size(type, function, response, prefix, read_rest(r));
	if (size == BAD)
		read_fail(r);
	else
		read_skip(r, size == REST ? read_left(r) : (uint64_t)size);
}

static bool
objects_fit(struct bytes b, unsigned function, bool response)
{
	struct reader r = reader_of(b);

	while (read_more(&r)) {
		const unsigned type = read_be16(&r), qualifier = read_u8(&r);
		int32_t        count = range(&r, qualifier & 15);
		if (r.bad)
			return false;
		if (!response && !requested(type))
			continue;
		if (packed(type, response))
			count = count / 8 + (count > count / 8 * 8);
		if (count < 0 || (size_t)count > read_left(&r)) /* Zeek counts at least one byte for each */
			return false;
		for (size_t before = SIZE_MAX; count > 0 && read_left(&r) < before;
		     count--) { /* after an empty one all are equal */
			before = read_left(&r);
			object(&r, type, qualifier, function, response);
		}
	}
	return !r.bad;
}

/* ---- fragments */

bool
dnp3_request_fits(struct bytes b)
{
	const uint8_t *h = bytes_at(b, 0, 2);

	if (!h)
		return false;
	const unsigned function = h[1];
	const bool bare = function == 0 || (function >= 0x0d && function <= 0x0f) || function == 0x13 || function == 0x17 ||
	                  function == 0x18;
	return bare || function > 0x21 || objects_fit(bytes_skip(b, 2), function, false);
}

bool
dnp3_response_fits(struct bytes b)
{
	const uint8_t *h = bytes_at(b, 0, 4);

	if (!h)
		return false;
	return h[1] < 0x81 || h[1] > 0x83 || objects_fit(bytes_skip(b, 4), h[1], true);
}
