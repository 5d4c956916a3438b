/* report_ranking.c - see report_ranking.h. */
#include "cli/report_ranking.h"

#include <stdlib.h>
#include <string.h>

bool
ranking_init(struct ranking *r, size_t top)
{
	r->top = top;
	r->at = calloc(top, sizeof *r->at);
	return r->at != NULL;
}

void
ranking_free(struct ranking *r)
{
	for (size_t i = 0; i < r->n; i++)
		free(r->at[i].texts);
	free(r->at);
}

/* Makes the row point at its own copies of the texts. Returns their memory, or NULL when out of memory. */
static char *
keep_texts(struct report_row *row)
{
	connlog_text *texts[] = { &row->proto, &row->service, &row->addl };
	char         *kept = malloc(row->proto.n + row->service.n + row->addl.n + 1), *p = kept;

	for (size_t i = 0; kept != NULL && i < sizeof texts / sizeof texts[0]; i++) {
		memcpy(p, texts[i]->p, texts[i]->n);
		texts[i]->p = p;
		p += texts[i]->n;
	}
	return kept;
}

bool
ranking_add(struct ranking *r, double value, const struct report_row *row)
{
	struct ranked new = { .value = value, .row = *row };
	size_t i = r->n;

	if (value <= 0 || (r->n == r->top && value <= r->at[r->n - 1].value))
		return true;
	new.texts = keep_texts(&new.row);
	if (new.texts == NULL)
		return false;
	if (r->n == r->top)
		free(r->at[--i].texts);
	else
		r->n++;
	for (; i > 0 && r->at[i - 1].value < value; i--)
		r->at[i] = r->at[i - 1];
	r->at[i] = new;
	return true;
}
