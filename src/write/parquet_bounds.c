/* parquet_bounds.c - the least and the greatest value of a chunk, by which readers skip row groups.
 *
 * Values are ordered by the column's type (TypeDefinedOrder): ports and bytes as unsigned, counts as Parquet's signed
 * 64-bit integers.
 */
#include <endian.h>
#include <math.h>

#include "write/parquet.h"

static void
keep(uint8_t *to, size_t *to_n, const void *p, size_t n)
{
	memcpy(to, p, n);
	*to_n = n;
}

/* ---- numbers: the least and the greatest of several, then against what there was ------------------------------------ */

static void
take_i64(struct pq_bounds *b, const char *values, size_t n)
{
	uint64_t v = 0;
	int64_t  least = INT64_MAX, greatest = INT64_MIN;

	if (b->any) {
		memcpy(&v, b->least, 8);
		least = (int64_t)le64toh(v);
		memcpy(&v, b->greatest, 8);
		greatest = (int64_t)le64toh(v);
	}
	for (size_t i = 0; i < n; i++) {
		memcpy(&v, values + 8 * i, 8);
		const int64_t s = (int64_t)le64toh(v);
		least = s < least ? s : least;
		greatest = s > greatest ? s : greatest;
	}
	v = htole64((uint64_t)least);
	keep(b->least, &b->least_n, &v, 8);
	v = htole64((uint64_t)greatest);
	keep(b->greatest, &b->greatest_n, &v, 8);
}

/* Updates the bounds with ports, which are unsigned. */
static void
take_u32(struct pq_bounds *b, const char *values, size_t n)
{
	uint32_t v = 0, least = UINT32_MAX, greatest = 0;

	if (b->any) {
		memcpy(&v, b->least, 4);
		least = le32toh(v);
		memcpy(&v, b->greatest, 4);
		greatest = le32toh(v);
	}
	for (size_t i = 0; i < n; i++) {
		memcpy(&v, values + 4 * i, 4);
		v = le32toh(v);
		least = v < least ? v : least;
		greatest = v > greatest ? v : greatest;
	}
	v = htole32(least);
	keep(b->least, &b->least_n, &v, 4);
	v = htole32(greatest);
	keep(b->greatest, &b->greatest_n, &v, 4);
}

static double
double_at(const void *p)
{
	uint64_t bits;
	double   v;

	memcpy(&bits, p, 8);
	bits = le64toh(bits);
	memcpy(&v, &bits, 8);
	return v;
}

static void
keep_double(uint8_t *to, size_t *to_n, double v)
{
	uint64_t bits;

	memcpy(&bits, &v, 8);
	bits = htole64(bits);
	keep(to, to_n, &bits, 8);
}

/* NaN has no place in any order, so with one no bounds are written.  Zero has two signs: as the least value it is
 * negative and as the greatest positive, so that readers never skip wrongly. */
static void
take_doubles(struct pq_bounds *b, const char *values, size_t n)
{
	double least = b->any ? double_at(b->least) : (double)INFINITY;
	double greatest = b->any ? double_at(b->greatest) : -(double)INFINITY;

	for (size_t i = 0; i < n; i++) {
		const double v = double_at(values + 8 * i);
		least = v < least ? v : least;
		greatest = v > greatest ? v : greatest;
		b->unknown |= isnan(v);
	}
	keep_double(b->least, &b->least_n, least == 0 ? -0.0 : least);
	keep_double(b->greatest, &b->greatest_n, greatest == 0 ? 0.0 : greatest);
}

static void
take_bools(struct pq_bounds *b, const char *values, size_t n)
{
	const bool falses = memchr(values, 0, n) != NULL, trues = memchr(values, 1, n) != NULL;

	keep(b->least, &b->least_n, falses || (b->any && b->least[0] == 0) ? "\0" : "\1", 1);
	keep(b->greatest, &b->greatest_n, trues || (b->any && b->greatest[0] == 1) ? "\1" : "\0", 1);
}

/* ---- bytes ------------------------------------------------------------------------------------------------------------ */

static int
compare(const char *a, size_t a_n, const uint8_t *b, size_t b_n)
{
	const int order = memcmp(a, b, a_n < b_n ? a_n : b_n);
	return order != 0 ? order : (a_n > b_n) - (a_n < b_n);
}

/* Returns whether the first eight bytes already show that a text is neither the least nor the greatest, which is the
 * usual case. */
static inline bool
is_between(const struct pq_bounds *b, const char *p, size_t n)
{
	uint64_t text, least, greatest;

	if (!b->any || n < 8 || b->least_n < 8 || b->greatest_n < 8)
		return false;
	memcpy(&text, p, 8);
	memcpy(&least, b->least, 8);
	memcpy(&greatest, b->greatest, 8);
	text = be64toh(text);
	return text > be64toh(least) && text < be64toh(greatest);
}

static void
take_bytes(struct pq_bounds *b, const char *p, size_t n)
{
	if (n <= PQ_BOUND_BYTES && is_between(b, p, n))
		return;
	if (n > PQ_BOUND_BYTES) {
		b->unknown = true;
		return;
	}
	if (!b->any || compare(p, n, b->least, b->least_n) < 0)
		keep(b->least, &b->least_n, p, n);
	if (!b->any || compare(p, n, b->greatest, b->greatest_n) > 0)
		keep(b->greatest, &b->greatest_n, p, n);
	b->any = true;
}

static void
take_texts(struct pq_bounds *b, const char *p, size_t n)
{
	for (size_t i = 0; i < n && !b->unknown; i++) {
		uint32_t length;
		memcpy(&length, p, 4);
		length = le32toh(length);
		take_bytes(b, p + 4, length);
		p += 4 + length;
	}
}

void
pq_bounds_take(struct pq_bounds *b, enum pq_type type, const char *values, size_t n)
{
	if (n == 0 || b->unknown)
		return;
	switch (type) {
	case PQ_INT64:
		take_i64(b, values, n);
		break;
	case PQ_INT32:
		take_u32(b, values, n);
		break;
	case PQ_DOUBLE:
		take_doubles(b, values, n);
		break;
	case PQ_BOOLEAN:
		take_bools(b, values, n);
		break;
	case PQ_BYTE_ARRAY:
		take_texts(b, values, n);
		break;
	case PQ_FIXED:
		for (size_t i = 0; i < n; i++)
			take_bytes(b, values + sizeof(struct addr) * i, sizeof(struct addr));
	}
	b->any = true;
}
