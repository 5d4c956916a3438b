/* enriching.c - see enriching.h. */
#include "cli/enriching.h"

bool
enriching_set(struct enriching *x, const char *path)
{
	char err[MESSAGE_MAX];

	if (x->with != NULL) {
		complain("--networks %s: there is one such file, and that is %s", path, x->path);
		return false;
	}
	x->path = path;
	x->with = connlog_enrichment_new(path, err, sizeof err);
	if (x->with == NULL)
		complain("--networks %s", err);
	return x->with != NULL;
}

void
enriching_free(struct enriching *x)
{
	connlog_enrichment_free(x->with);
}

void
enriching_reload(const struct enriching *x)
{
	char err[MESSAGE_MAX];

	if (x->with != NULL && connlog_enrichment_reload(x->with, err, sizeof err) != CONNLOG_OK)
		complain("warning: --networks %s; all names stay as they were", err);
}
