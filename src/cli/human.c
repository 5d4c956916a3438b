/* human.c - see human.h.  Two digits are enough, three where there are so many before the point. */
#include "cli/human.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* "9.5" below 10, else a whole number; what would round up to 10.0 is one. */
static const char *
two_digits(double v, const char *unit, char out[HUMAN_MAX])
{
	snprintf(out, HUMAN_MAX, "%.*f%s", v < 9.95 ? 1 : 0, v, unit);
	return out;
}

const char *
human_bytes(uint64_t n, char out[HUMAN_MAX])
{
	static const char *const units[] = { "B", "kB", "MB", "GB", "TB", "PB", "EB" };
	double                   v = (double)n;
	unsigned                 unit = 0;

	if (n < 1000) {
		snprintf(out, HUMAN_MAX, "%" PRIu64 "B", n);
		return out;
	}
	while (v >= 999.5) {
		v /= 1000;
		unit++;
	}
	return two_digits(v, units[unit], out);
}

const char *
human_seconds(double seconds, char out[HUMAN_MAX])
{
	if (seconds < 0.9995)
		return two_digits(seconds * 1e3, "ms", out);
	if (seconds < 59.5)
		return two_digits(seconds, "s", out);
	if (seconds < 59.5 * 60)
		return two_digits(seconds / 60, "m", out);
	if (seconds < 47.5 * 3600)
		return two_digits(seconds / 3600, "h", out);
	return two_digits(seconds / 86400, "d", out);
}

const char *
human_count(uint64_t n, char out[HUMAN_MAX])
{
	char   digits[HUMAN_MAX];
	size_t len = (size_t)snprintf(digits, sizeof digits, "%" PRIu64, n);
	char  *p = out;

	for (size_t i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0)
			*p++ = ',';
		*p++ = digits[i];
	}
	*p = '\0';
	return out;
}
