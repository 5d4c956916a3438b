/* fold.c - see fold.h. */
#include "fold/fold.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "record/public.h"

enum { BUCKETS_FIRST = 256, WINDOW_USUAL = 300 /* seconds */, MEMORY_USUAL = 64 << 20 };

/* ---- creating a fold */

static bool
make_buckets(connlog_fold *f, size_t n)
{
	struct fold_row **fresh[FOLD_KEYS];

	for (int k = 0; k < FOLD_KEYS; k++)
		fresh[k] = calloc(n, sizeof *fresh[k]);
	for (int k = 0; k < FOLD_KEYS; k++) {
		if (!fresh[0] || !fresh[1]) {
			free(fresh[k]);
			continue;
		}
		free(f->buckets[k]);
		f->buckets[k] = fresh[k];
	}
	if (!fresh[0] || !fresh[1])
		return false;
	f->counts.bytes += FOLD_KEYS * n * sizeof *f->buckets[0];
	f->counts.bytes -= f->mask > 0 ? FOLD_KEYS * (f->mask + 1) * sizeof *f->buckets[0] : 0;
	f->mask = n - 1;
	return true;
}

connlog_fold *
connlog_fold_new(const connlog_fold_options *o, char *err, size_t err_size)
{
	connlog_fold *f = calloc(1, sizeof *f);

	if (!f || !make_buckets(f, BUCKETS_FIRST)) {
		free(f);
		snprintf(err, err_size, "out of memory");
		return NULL;
	}
	f->clock = INT64_MIN;
	f->window = fold_micros(o->window > 0 ? o->window : WINDOW_USUAL);
	f->memory = o->memory > 0 ? o->memory : MEMORY_USUAL;
	if (rules_init(&f->rules, o, err, err_size))
		return f;
	connlog_fold_free(f);
	return NULL;
}

connlog_fold *
fold_copy(const connlog_fold *from)
{
	connlog_fold *f = calloc(1, sizeof *f);

	if (!f || !make_buckets(f, BUCKETS_FIRST)) {
		free(f);
		return NULL;
	}
	f->clock = INT64_MIN;
	f->window = from->window;
	f->memory = from->memory;
	f->rules = from->rules;
	bool good = true;
	for (size_t i = 0; i < from->rules.conditions; i++)
		good = (f->rules.at[i].where = connlog_where_copy(from->rules.at[i].where)) != NULL && good;
	if (good)
		return f;
	connlog_fold_free(f);
	return NULL;
}

void
connlog_fold_free(connlog_fold *f)
{
	if (!f)
		return;
	for (struct fold_row *row = f->oldest, *next; row; row = next) {
		next = row->newer;
		row_free(row);
	}
	for (int k = 0; k < FOLD_KEYS; k++)
		free(f->buckets[k]);
	rules_free(&f->rules);
	free(f);
}

/* ---- the table ------------------------------------------------------------------------------------------------------------ */

static struct fold_row **
bucket(const connlog_fold *f, int k, const struct fold_key *key)
{
	return &f->buckets[k][key->half[0] & f->mask];
}

/* Returns the open row with the key, or NULL. */
static struct fold_row *
find(const connlog_fold *f, int k, const struct fold_key *key)
{
	struct fold_row *row = *bucket(f, k, key);

	while (row && memcmp(&row->key[k], key, sizeof *key) != 0)
		row = row->chain[k];
	return row;
}

static void
enlist(connlog_fold *f, struct fold_row *row, int k)
{
	struct fold_row **at = bucket(f, k, &row->key[k]);

	row->chain[k] = *at;
	*at = row;
	row->listed[k] = true;
}

static void
delist(connlog_fold *f, struct fold_row *row, int k)
{
	struct fold_row **at = bucket(f, k, &row->key[k]);

	if (!row->listed[k])
		return;
	while (*at != row)
		at = &(*at)->chain[k];
	*at = row->chain[k];
	row->listed[k] = false;
}

/* Enlarges the table; when out of memory, chains become longer instead. */
static void
widen(connlog_fold *f)
{
	if (f->counts.open <= f->mask || !make_buckets(f, 2 * (f->mask + 1)))
		return;
	for (struct fold_row *row = f->oldest; row; row = row->newer)
		for (int k = 0; k < FOLD_KEYS; k++)
			if (row->listed[k])
				enlist(f, row, k);
}

static void
insert(connlog_fold *f, struct fold_row *row)
{
	row->older = f->newest;
	if (f->newest)
		f->newest->newer = row;
	else
		f->oldest = row;
	f->newest = row;
	f->counts.open++;
	f->counts.bytes += row->bytes;
	widen(f);
}

/* Removes the row and passes it on. Returns what `fn` returned. */
static int
close_row(connlog_fold *f, struct fold_row *row, connlog_record_fn fn, void *arg)
{
	for (int k = 0; k < FOLD_KEYS; k++)
		delist(f, row, k);
	*(row->older ? &row->older->newer : &f->oldest) = row->newer;
	*(row->newer ? &row->newer->older : &f->newest) = row->older;
	f->counts.open--;
	f->counts.bytes -= row->bytes;
	if (row->count > 1) {
		f->counts.rows++;
		f->counts.records += row->count;
	}
	const int status = fn(arg, record_public(row_finish(row, &f->rules, &f->texts)));
	row_free(row);
	return status;
}

/* ---- records -------------------------------------------------------------------------------------------------------------- */

/* Passes on the rows whose windows have ended. */
static int
close_due(connlog_fold *f, connlog_record_fn fn, void *arg)
{
	int status = CONNLOG_OK;

	while (status == CONNLOG_OK && f->oldest && f->oldest->opened <= f->clock - f->window)
		status = close_row(f, f->oldest, fn, arg);
	return status;
}

/* Passes on the oldest rows until the others fit. */
static int
close_surplus(connlog_fold *f, connlog_record_fn fn, void *arg)
{
	int status = CONNLOG_OK;

	while (status == CONNLOG_OK && f->oldest && f->counts.bytes > f->memory) {
		f->counts.early++;
		status = close_row(f, f->oldest, fn, arg);
	}
	return status;
}

/* Returns the row that the record belongs to, found by the first key that has one, whose number is stored in *by; or
 * NULL. */
static struct fold_row *
find_row(const connlog_fold *f, const struct fold_key *keys, int n, int *by)
{
	struct fold_row *row = NULL;

	for (*by = 0; *by < n && !(row = find(f, *by, &keys[*by])); ++*by)
		;
	return row;
}

/* Updates a row's keys after a record was added by one of them: if the other key would not have led here, the row's
 * records now have only this one in common. */
static void
settle(connlog_fold *f, struct fold_row *row, const struct fold_key *keys, int n, int by)
{
	for (int k = 0; k < n; k++)
		if (k != by && row->listed[k] && memcmp(&row->key[k], &keys[k], sizeof *keys) != 0)
			delist(f, row, k);
}

/* Opens a row. Returns false when out of memory. */
static bool
open_row(connlog_fold *f, unsigned rule, const struct record *r, const struct fold_key *keys, int n)
{
	struct fold_row *row = row_new(r);

	if (!row)
		return false;
	row->rule = rule;
	row->opened = f->clock;
	for (int k = 0; k < n; k++) {
		row->key[k] = keys[k];
		enlist(f, row, k);
	}
	insert(f, row);
	return true;
}

/* Folds a record that matches a rule. */
static int
fold(connlog_fold *f, unsigned rule, const struct record *r, connlog_record_fn fn, void *arg)
{
	struct fold_key  keys[FOLD_KEYS];
	const int        n = rules_keys(&f->rules, rule, r, keys);
	int              by;
	struct fold_row *row = find_row(f, keys, n, &by);
	int              status = CONNLOG_OK;

	if (row) {
		const size_t before = row->bytes;
		const bool   added = row_add(row, r);
		f->counts.bytes += row->bytes - before;
		if (added) {
			settle(f, row, keys, n, by);
			return close_surplus(f, fn, arg);
		}
		status = close_row(f, row, fn, arg);
	}
	if (status != CONNLOG_OK)
		return status;
	if (open_row(f, rule, r, keys, n))
		return close_surplus(f, fn, arg);
	f->counts.given_up++;
	return fn(arg, record_public(r));
}

int
fold_rule(const connlog_fold *f, const struct record *r)
{
	return rules_find(&f->rules, r);
}

int
fold_time(connlog_fold *f, int64_t end, connlog_record_fn fn, void *arg)
{
	if (end > f->clock)
		f->clock = end;
	return close_due(f, fn, arg);
}

int
fold_add(connlog_fold *f, unsigned rule, const struct record *r, connlog_record_fn fn, void *arg)
{
	const int status = fold_time(f, fold_end(r), fn, arg);

	return status == CONNLOG_OK ? fold(f, rule, r, fn, arg) : status;
}

int
connlog_fold_record(connlog_fold *f, const connlog_record *public, connlog_record_fn fn, void *arg)
{
	const struct record *r = record_of(public);
	const int            rule = fold_rule(f, r);

	if (rule >= 0)
		return fold_add(f, (unsigned)rule, r, fn, arg);
	const int status = fold_time(f, fold_end(r), fn, arg);
	return status == CONNLOG_OK ? fn(arg, public) : status;
}

int
connlog_fold_advance(connlog_fold *f, double now, connlog_record_fn fn, void *arg)
{
	return fold_time(f, fold_micros(now), fn, arg);
}

int
connlog_fold_finish(connlog_fold *f, connlog_record_fn fn, void *arg)
{
	int status = CONNLOG_OK;

	while (status == CONNLOG_OK && f->oldest)
		status = close_row(f, f->oldest, fn, arg);
	return status;
}

/* ---- columns and counts --------------------------------------------------------------------------------------------------- */

const connlog_columns *
connlog_fold_columns(connlog_fold *f, const connlog_columns *c)
{
	f->columns = *columns_of(c);
	for (size_t i = COL_FOLD_COUNT; i <= COL_FOLD_PORT_SAMPLES; i++) {
		const struct field field = field_of(&schema[i]);
		field_set_add(&f->columns, &field);
	}
	return columns_public(&f->columns);
}

void
connlog_fold_count(const connlog_fold *f, connlog_fold_counts *out)
{
	*out = f->counts;
}
