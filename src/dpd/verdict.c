/* verdict.c - see verdict.h. */
#include "dpd/verdict.h"

#include <string.h>

_Static_assert(SERVICE_COUNT <= 0x40, "an entry has six bits for the service");

static int
find(const struct verdict *v, enum verdict_list list, enum service s)
{
	for (int i = 0; i < VERDICT_MAX && v->at[i]; i++)
		if (v->at[i] == ((unsigned)list | (unsigned)s))
			return i;
	return -1;
}

bool
verdict_has(const struct verdict *v, enum verdict_list list, enum service s)
{
	return find(v, list, s) >= 0;
}

void
verdict_add(struct verdict *v, enum verdict_list list, enum service s)
{
	int i = 0;

	if (verdict_has(v, list, s))
		return;
	while (i < VERDICT_MAX && v->at[i])
		i++;
	if (i < VERDICT_MAX)
		v->at[i] = (uint8_t)((unsigned)list | (unsigned)s);
}

void
verdict_remove(struct verdict *v, enum verdict_list list, enum service s)
{
	const int i = find(v, list, s);

	if (i < 0)
		return;
	memmove(v->at + i, v->at + i + 1, (size_t)(VERDICT_MAX - 1 - i));
	v->at[VERDICT_MAX - 1] = 0;
}

unsigned
verdict_list(const struct verdict *v, enum verdict_list list, enum service out[VERDICT_MAX])
{
	unsigned n = 0;

	for (int i = 0; i < VERDICT_MAX && v->at[i]; i++)
		if ((v->at[i] & 0xc0u) == (unsigned)list)
			out[n++] = (enum service)(v->at[i] & 0x3f);
	return n;
}
