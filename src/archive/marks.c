/* marks.c - see marks.h. */
#include "archive/marks.h"

#include "base/more.h"

bool
marks_add(struct marks *m, uint64_t offset)
{
	uint64_t *at = more(m->at, m->n, &m->room, sizeof *at, UINT32_MAX);

	if (!at)
		return false;
	m->at = at;
	m->at[m->n++] = offset;
	return true;
}

bool
marks_note(struct marks *m, const struct capfile *f, uint32_t *first, uint32_t *n)
{
	if (f->pcapng.n == 0) {
		*first = *n = 0;
		return true;
	}
	if (*n == 0 || m->at[*first] != f->pcapng.section) {
		*first = (uint32_t)m->n;
		*n = 1;
		if (!marks_add(m, f->pcapng.section))
			return false;
	}
	for (size_t i = *n - 1; i < f->pcapng.n; i++, ++*n)
		if (!marks_add(m, f->pcapng.at[i].at))
			return false;
	return true;
}
