/* near.c - see near.h. */
#include "cli/near.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { NAME_MAX_COMPARED = 63 };

/* Returns how different two names are: the number of letters to insert, delete or change (Levenshtein), for short
 * names. */
static size_t
distance(const char *a, size_t a_n, const char *b)
{
	size_t       row[NAME_MAX_COMPARED + 1], before;
	const size_t b_n = strlen(b);

	if (b_n > NAME_MAX_COMPARED)
		return SIZE_MAX;
	for (size_t k = 0; k <= b_n; k++)
		row[k] = k;
	for (size_t i = 0; i < a_n; i++) {
		before = row[0]++;
		for (size_t k = 1; k <= b_n; k++) {
			size_t least = before + (a[i] != b[k - 1]);
			before = row[k];
			if (row[k] + 1 < least)
				least = row[k] + 1;
			if (row[k - 1] + 1 < least)
				least = row[k - 1] + 1;
			row[k] = least;
		}
	}
	return row[b_n];
}

static bool
is_near(const char *written, size_t n, const char *known)
{
	char part[NAME_MAX_COMPARED + 1];

	if (n > NAME_MAX_COMPARED)
		return false;
	snprintf(part, sizeof part, "%.*s", (int)n, written);
	return (n >= 3 && strcasestr(known, part) != NULL) || distance(written, n, known) <= 1 + n / 5;
}

void
near_look(struct near_names *near, const char *written, size_t n, const char *known)
{
	if (!is_near(written, n, known) || near->used + strlen(known) + 3 > sizeof near->list)
		return;
	near->used += (size_t)snprintf(near->list + near->used, sizeof near->list - near->used, "%s%s",
	                               near->used > 0 ? ", " : "", known);
}
