/* folding.c - see folding.h. */
#include "cli/folding.h"

#include <stdlib.h>
#include <string.h>

#include "cli/args.h"
#include "cli/units.h"

const char folding_fields[] = "+fold.count,+fold.rule,+fold.last,+fold.orig_hosts,+fold.resp_hosts,+fold.resp_ports,"
							  "+fold.orig_samples,+fold.resp_samples,+fold.port_samples";

enum { WINDOW_MOST = 366 * 86400 };

static bool
add_condition(struct folding *f, const char *condition)
{
	struct where *w = &f->conditions[f->conditions_n];

	if (f->conditions_n == FOLDING_CONDITIONS) {
		complain("--fold-where %s: there are %d already, and no more are possible", condition, FOLDING_CONDITIONS);
		return false;
	}
	w->option = "--fold-where";
	if (!where_set(w, condition, 0))
		return false;
	f->conditions_n++;
	return true;
}

bool
folding_set(struct folding *f, int option, const char *value)
{
	switch (option) {
	case FOLD_KINDS:
		return args_join(&f->rules, "", value);
	case FOLD_WHERE:
		return add_condition(f, value);
	case FOLD_BY:
		f->given = "--fold-by";
		return args_set_once(&f->by, value, "fold-by");
	case FOLD_WINDOW:
		f->given = "--fold-window";
		if (units_interval(value, &f->window) && f->window > 0 && f->window <= WINDOW_MOST)
			return true;
		complain("--fold-window %s: a time like 5min is expected, of a year at most", value);
		return false;
	default: /* FOLD_MEMORY: there is no other */
		f->given = "--fold-memory";
		if (units_size(value, &f->memory) && f->memory > 0)
			return true;
		complain("--fold-memory %s: a size like 64M is expected", value);
		return false;
	}
}

bool
folding_open(struct folding *f, uint64_t memory)
{
	const connlog_where *conditions[FOLDING_CONDITIONS];
	char                 err[MESSAGE_MAX];

	if (f->rules == NULL && f->conditions_n == 0) {
		if (f->given != NULL)
			complain("%s says how to fold, and --fold or --fold-where what", f->given);
		return f->given == NULL;
	}
	if (f->by != NULL && f->conditions_n == 0) {
		complain("--fold-by is about --fold-where, and there is none");
		return false;
	}
	for (size_t i = 0; i < f->conditions_n; i++)
		conditions[i] = f->conditions[i].condition;
	const connlog_fold_options o = { .rules = f->rules,
		                             .where = conditions,
		                             .where_n = f->conditions_n,
		                             .by = f->by,
		                             .window = f->window,
		                             .memory = f->memory > 0 ? f->memory : memory };
	f->with = connlog_fold_new(&o, err, sizeof err);
	if (f->with == NULL)
		complain("--fold%s: %s", f->by != NULL ? "-by" : "", err);
	return f->with != NULL;
}

void
folding_free(struct folding *f)
{
	connlog_fold_free(f->with);
	for (size_t i = 0; i < f->conditions_n; i++)
		where_free(&f->conditions[i]);
	free(f->rules);
}

bool
folding_reads(const struct folding *f, const char *column)
{
	const size_t n = strlen(column), id = (size_t)connlog_column_find(column);

	for (const char *p = f->by; p != NULL && *p != '\0'; p += strcspn(p, ","), p += *p == ',')
		if (strcspn(p, ",") == n && memcmp(p, column, n) == 0)
			return true;
	for (size_t i = 0; i < f->conditions_n; i++)
		if (connlog_where_reads(f->conditions[i].condition, id))
			return true;
	return false;
}
