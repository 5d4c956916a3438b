/* number.h - numbers as text, without printf.
 *
 * Every function writes at `out`, adds no final zero byte and returns the length.
 */
#ifndef CONNLOG_BASE_NUMBER_H
#define CONNLOG_BASE_NUMBER_H

#include <stddef.h>
#include <stdint.h>

#define U64_TEXT_MAX 20
#define I64_TEXT_MAX 20

/* -, the 309 digits of DBL_MAX, the point and six decimals. */
#define FIXED6_TEXT_MAX 317
/* -, 17 digits, point, e- and the eight bytes that an exponent is written in; other forms have leading or trailing zeros up
 * to 21 digits. */
#define JSON_DOUBLE_TEXT_MAX 29

extern const uint64_t ten_to[20]; /* 10^0 to 10^19 */

/* `out` must hold U64_TEXT_MAX or I64_TEXT_MAX bytes, whatever the number. */
size_t format_u64(char *out, uint64_t v);
size_t format_i64(char *out, int64_t v);
/* Writes the last `n` digits of `v`, padded with zeros in front. */
void format_digits(char *out, uint64_t v, unsigned n);

/* Writes exactly six decimals, the binary value rounded to nearest, ties to even, as C++'s std::to_chars(fixed, 6) and
 * printf's %.6f do.  Values that are not finite are written as inf, -inf, nan, -nan. */
size_t format_fixed6(char *out, double v);

/* Writes a double as Zeek's text log does (ODesc::Add, util::double_to_str): six decimals without the zeros at their end, and
 * ".0" for what is within 1e-9 of a whole number.  Values that are not finite are written as inf, -inf, nan. */
size_t format_zeek_double(char *out, double v);

/* Writes the text of rapidjson's Writer::Double, which is usually, but not always, the shortest that reads back as
 * `v`.  `v` must be finite.  Defined in grisu.c. */
size_t format_json_double(char *out, double v);

#endif
