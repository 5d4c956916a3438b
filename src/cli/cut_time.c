/* cut_time.c - formats a time value as a date for `connlog cut -d`.
 *
 * Values are read as zeek-cut reads them: blanks, a sign, digits, and a required point; anything after the point is
 * ignored.  Lines are mostly in order of time, so the text for the last second is kept.
 */
#include <ctype.h>
#include <limits.h>
#include <string.h>
#include <time.h>

#include "cli/cut.h"

#pragma GCC diagnostic ignored "-Wformat-nonliteral" /* the user gives the format for strftime() */

/* strtol() for text that does not end in a zero byte.  Returns the number, clamped to its range; *at moves past it, or
 * stays if there is none. */
static long
read_long(connlog_text field, size_t *at)
{
	size_t i = 0;
	long   v = 0;

	while (i < field.n && isspace((unsigned char)field.p[i]))
		i++;
	bool minus = i < field.n && field.p[i] == '-';
	i += i < field.n && (field.p[i] == '-' || field.p[i] == '+');
	if (i == field.n || !isdigit((unsigned char)field.p[i])) {
		*at = 0;
		return 0;
	}
	for (; i < field.n && isdigit((unsigned char)field.p[i]); i++) {
		int digit = field.p[i] - '0';
		if (v > (LONG_MAX - digit) / 10)
			v = LONG_MAX;
		else if (v != LONG_MAX)
			v = v * 10 + digit;
	}
	*at = i;
	return minus ? -v : v;
}

enum cut_time_outcome
cut_time(struct cut_clock *c, connlog_text field, connlog_text unset)
{
	size_t    at;
	long      seconds = read_long(field, &at);
	time_t    t = seconds;
	struct tm tm;

	if (seconds < 0 || seconds == LONG_MAX)
		return CUT_TIME_RANGE;
	if (at == field.n || field.p[at] != '.')
		return field.n == unset.n && memcmp(field.p, unset.p, unset.n) == 0 ? CUT_TIME_UNSET : CUT_TIME_BAD;
	if (seconds == c->last)
		return CUT_TIME_DONE;
	if ((c->times == CUT_TIMES_UTC ? gmtime_r(&t, &tm) : localtime_r(&t, &tm)) == NULL)
		return CUT_TIME_RANGE;
	c->text_n = strftime(c->text, sizeof c->text, c->format, &tm);
	c->last = c->text_n > 0 ? seconds : -1;
	return c->text_n > 0 ? CUT_TIME_DONE : CUT_TIME_FORMAT;
}
