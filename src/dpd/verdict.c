/* verdict.c - see verdict.h. */
#include "dpd/verdict.h"

#include <string.h>

#define FOUND_MANY 0xff

_Static_assert(SERVICE_COUNT < 0x40, "an entry has six bits for the service, and none is FOUND_MANY");

static uint8_t
entry(enum verdict_list list, enum service s)
{
	return (uint8_t)((unsigned)list | (unsigned)s);
}

/* Returns the index of the entry, or of the end of the list; `n` if it is full. */
static unsigned
place(const uint8_t *at, unsigned n, uint8_t e)
{
	unsigned i = 0;

	while (i < n && at[i] && at[i] != e)
		i++;
	return i;
}

void
verdict_add(struct verdict *v, enum verdict_list list, enum service s)
{
	const unsigned i = place(v->at, VERDICT_MAX, entry(list, s));

	if (i < VERDICT_MAX)
		v->at[i] = entry(list, s);
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

/* ---- struct found */

/* Returns the handle of the verdict in the slab, or 0 if the entries fit in place. */
static uint32_t
many_of(const struct found *f)
{
	uint32_t handle = 0;

	if (f->at[0] == FOUND_MANY)
		memcpy(&handle, f->at + 1, sizeof handle);
	return handle;
}

/* Returns the entries, wherever they are stored, and the most that fit there. */
static const uint8_t *
entries(const struct found *f, const struct slab *verdicts, unsigned *n)
{
	const uint32_t many = many_of(f);

	*n = many ? VERDICT_MAX : FOUND_FEW;
	return many ? ((const struct verdict *)slab_at(verdicts, many))->at : f->at;
}

bool
found_has(const struct found *f, const struct slab *verdicts, enum verdict_list list, enum service s)
{
	unsigned       n;
	const uint8_t *at = entries(f, verdicts, &n);
	const unsigned i = place(at, n, entry(list, s));

	return i < n && at[i];
}

uint32_t
found_keep(struct found *f, struct slab *verdicts)
{
	uint32_t handle = many_of(f);

	if (!handle && f->at[0] && (handle = slab_alloc(verdicts)) != 0) {
		memcpy(slab_at(verdicts, handle), f->at, FOUND_FEW);
		f->at[0] = FOUND_MANY;
		memcpy(f->at + 1, &handle, sizeof handle);
	}
	return handle;
}

void
found_add(struct found *f, struct slab *verdicts, enum verdict_list list, enum service s)
{
	uint32_t many = many_of(f);

	if (!many) {
		const unsigned i = place(f->at, FOUND_FEW, entry(list, s));
		if (i < FOUND_FEW) {
			f->at[i] = entry(list, s);
			return;
		}
		many = found_keep(f, verdicts);
	}
	if (many)
		verdict_add(slab_at(verdicts, many), list, s);
}

void
found_remove(struct found *f, const struct slab *verdicts, enum verdict_list list, enum service s)
{
	const uint32_t many = many_of(f);
	uint8_t       *at = many ? ((struct verdict *)slab_at(verdicts, many))->at : f->at;
	const unsigned n = many ? VERDICT_MAX : FOUND_FEW, i = place(at, n, entry(list, s));

	if (i == n || !at[i])
		return;
	memmove(at + i, at + i + 1, n - 1 - i);
	at[n - 1] = 0;
}

bool
found_get(const struct found *f, const struct slab *verdicts, struct verdict *out)
{
	unsigned       n;
	const uint8_t *at = entries(f, verdicts, &n);

	if (!at[0])
		return false;
	*out = (struct verdict){ { 0 } };
	memcpy(out->at, at, n);
	return true;
}

void
found_clear(struct found *f, struct slab *verdicts)
{
	const uint32_t many = many_of(f);

	if (many)
		slab_release(verdicts, many);
	*f = (struct found){ { 0 } };
}
