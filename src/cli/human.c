/* human.c - see human.h. */
#include "cli/human.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* Prints three significant digits. */
static void
three_digits(double n, const char *unit, char out[HUMAN_MAX])
{
	snprintf(out, HUMAN_MAX, "%.*f %s", n >= 99.95 ? 0 : n >= 9.995 ? 1 : 2, n, unit);
}

void
human_bytes(double bytes, char out[HUMAN_MAX])
{
	static const char *const units[] = { "B", "kB", "MB", "GB", "TB", "PB", "EB" };
	size_t                   unit = 0;

	while (bytes >= 999.5 && unit + 1 < sizeof units / sizeof units[0]) {
		bytes /= 1000;
		unit++;
	}
	if (unit == 0)
		snprintf(out, HUMAN_MAX, "%.0f B", bytes);
	else
		three_digits(bytes, units[unit], out);
}

void
human_number(double n, char out[HUMAN_MAX])
{
	static const char *const units[] = { "", "k", "M", "G", "T", "P" };
	size_t                   unit = 0;

	while (n >= 999.5 && unit + 1 < sizeof units / sizeof units[0]) {
		n /= 1000;
		unit++;
	}
	if (unit == 0)
		snprintf(out, HUMAN_MAX, "%.*f", n == round(n) || n >= 99.95 ? 0 : 1, n);
	else
		three_digits(n, units[unit], out);
}

void
human_span(double seconds, char out[HUMAN_MAX])
{
	const double whole = round(seconds);

	if (seconds <= 0)
		snprintf(out, HUMAN_MAX, "0 s");
	else if (seconds < 0.0009995)
		three_digits(seconds * 1e6, "us", out);
	else if (seconds < 0.9995)
		three_digits(seconds * 1e3, "ms", out);
	else if (seconds < 59.95)
		three_digits(seconds, "s", out);
	else if (whole < 3600)
		snprintf(out, HUMAN_MAX, "%.0f:%02.0f min", floor(whole / 60), fmod(whole, 60));
	else if (seconds < 86400)
		snprintf(out, HUMAN_MAX, "%.0f:%02.0f h", floor(whole / 3600), floor(fmod(whole, 3600) / 60));
	else
		three_digits(seconds / 86400, "d", out);
}

void
human_count(uint64_t n, char out[HUMAN_MAX])
{
	char         digits[HUMAN_MAX];
	const size_t len = (size_t)snprintf(digits, sizeof digits, "%" PRIu64, n);

	for (size_t i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0)
			*out++ = ',';
		*out++ = digits[i];
	}
	*out = '\0';
}

const char *
human_join(char text[HUMAN_MAX])
{
	char *blank = strchr(text, ' ');
	if (blank != NULL)
		memmove(blank, blank + 1, strlen(blank));
	return text;
}
