/* units.c - see units.h. */
#include "cli/units.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define LONGEST (100 * 365.0 * 86400) /* seconds */
#define LARGEST 0x1p62                /* bytes */

/* Parses the number at the beginning and stores in *rest what follows it and any blanks.  Returns false if there is
 * none. */
static bool
take_number(const char *text, double *n, const char **rest)
{
	char *end;

	if (!isdigit((unsigned char)*text) && *text != '.')
		return false;
	*n = strtod(text, &end);
	*rest = end + strspn(end, " ");
	return end != text;
}

bool
units_interval(const char *text, double *seconds)
{
	static const struct {
		const char *name, *letter;
		double      seconds;
	} units[] = { { "usec", "us", 1e-6 }, { "msec", "ms", 1e-3 }, { "sec", "s", 1 },
		          { "min", "m", 60 },     { "hr", "h", 3600 },    { "day", "d", 86400 } };
	const char *unit;
	double      n;

	if (!take_number(text, &n, &unit))
		return false;
	*seconds = n;
	bool known = *unit == '\0';
	for (size_t i = 0; i < sizeof units / sizeof units[0] && !known; i++) {
		const size_t name_n = strlen(units[i].name);
		known = strcmp(unit, units[i].letter) == 0 || (strncmp(unit, units[i].name, name_n) == 0 &&
		                                               (unit[name_n] == '\0' || strcmp(unit + name_n, "s") == 0));
		*seconds = known ? n * units[i].seconds : n;
	}
	return known && *seconds <= LONGEST;
}

bool
units_size(const char *text, uint64_t *bytes)
{
	static const char letters[] = "KMGT";
	const char       *unit, *letter;
	double            n;

	if (!take_number(text, &n, &unit))
		return false;
	if (*unit != '\0' && (letter = strchr(letters, toupper((unsigned char)*unit))) != NULL) {
		n = ldexp(n, 10 * (int)(letter - letters + 1));
		unit++;
		if (*unit == 'i')
			unit++;
	}
	if (toupper((unsigned char)*unit) == 'B')
		unit++;
	if (*unit != '\0' || !(n < LARGEST))
		return false;
	*bytes = (uint64_t)n;
	return true;
}
