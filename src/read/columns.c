/* columns.c - see columns.h. */
#include "read/columns.h"

#include <stdlib.h>

/* A bound on the distinct names of columns and types in all headers of all files, beyond what real logs have. */
enum { NAMES_MAX = 4096 };

static bool
begins(struct text t, const char *with)
{
	return t.n >= strlen(with) && memcmp(t.p, with, strlen(with)) == 0;
}

const char *
columns_keep(struct connlog_reader *r, struct text name)
{
	if (name.n == 0 || memchr(name.p, '\0', name.n) != NULL) {
		reader_bad(r, "a column that has no name, or a zero byte in it");
		return NULL;
	}
	for (struct read_name *k = r->names; k != NULL; k = k->next)
		if (strlen(k->text) == name.n && memcmp(k->text, name.p, name.n) == 0)
			return k->text;
	struct read_name *k = r->names_n < NAMES_MAX ? malloc(sizeof *k + name.n + 1) : NULL;
	if (k == NULL) {
		reader_bad(r, "too many different columns");
		return NULL;
	}
	memcpy(k->text, name.p, name.n);
	k->text[name.n] = '\0';
	k->next = r->names;
	r->names = k;
	r->names_n++;
	return k->text;
}

static enum extra_kind
kind_of(struct text type)
{
	static const char *const numbers[] = { "count", "int", "double", "time", "interval", "port" };

	if (begins(type, "set[") || begins(type, "vector[") || begins(type, "table["))
		return EXTRA_LIST;
	if (type.n == 4 && begins(type, "bool"))
		return EXTRA_BOOL;
	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
		if (type.n == strlen(numbers[i]) && begins(type, numbers[i]))
			return EXTRA_NUMBER;
	return EXTRA_TEXT;
}

/* Returns "count" of "set[count]", whose closing bracket may be missing. */
static struct text
element_of(struct text type)
{
	const char *open = memchr(type.p, '[', type.n);
	if (open == NULL)
		return (struct text){ "string", 6 };
	const size_t rest = (size_t)(type.p + type.n - ++open);
	const char  *close = memchr(open, ']', rest);
	return (struct text){ open, close != NULL ? (size_t)(close - open) : rest };
}

bool
columns_set_type(struct connlog_reader *r, size_t extra, struct text type)
{
	struct extra *x = &r->extras[extra];
	const char   *kept = columns_keep(r, type.n > 0 ? type : text_from("string"));

	if (kept == NULL)
		return false;
	x->type = text_from(kept);
	x->kind = kind_of(x->type);
	x->element = x->kind == EXTRA_LIST ? kind_of(element_of(x->type)) : EXTRA_TEXT;
	for (size_t i = 0; i < r->columns.n; i++)
		if (r->columns.at[i].column == NULL && r->columns.at[i].extra == extra)
			r->columns.at[i].type_name = kept;
	r->columns_changed = true;
	return true;
}

/* Creates an extra column.  Returns false, after reader_bad(), if there is no room for it. */
static bool
add_extra(struct connlog_reader *r, struct text name, struct text type, struct slot *out)
{
	const char *kept = columns_keep(r, name);

	if (kept == NULL)
		return false;
	*out = (struct slot){ NULL, r->extras_n };
	r->extras[r->extras_n] = (struct extra){ .name = text_from(kept) };
	r->columns.at[r->columns.n++] = (struct field){ .extra = r->extras_n++, .name = kept };
	return columns_set_type(r, out->extra, type);
}

static bool
has_room(struct connlog_reader *r)
{
	if (r->columns.n < FIELDS_MAX)
		return true;
	reader_bad(r, "more than %d columns", FIELDS_MAX);
	return false;
}

/* Log::default_scope_sep can be "_": id_orig_h is id.orig_h.  Returns NULL for a name that is not in the schema. */
static const struct column *
find_column(struct text name)
{
	char dotted[sizeof "id.orig_h"];

	if (name.n != sizeof dotted - 1 || !begins(name, "id_"))
		return schema_find(name.p, name.n);
	memcpy(dotted, name.p, name.n);
	dotted[2] = '.';
	return schema_find(dotted, name.n);
}

void
columns_clear(struct connlog_reader *r)
{
	r->columns.n = 0;
	r->extras_n = 0;
	r->columns_changed = true;
}

static bool
has_column(const struct field_set *set, const struct column *c)
{
	for (size_t i = 0; i < set->n; i++)
		if (set->at[i].column == c)
			return true;
	return false;
}

bool
columns_add(struct connlog_reader *r, struct text name, struct text type, struct slot *out)
{
	const struct column *c = find_column(name);

	if (!has_room(r))
		return false;
	if (c == NULL || has_column(&r->columns, c)) /* a second column of the same name is kept as an extra */
		return add_extra(r, name, type, out);
	*out = (struct slot){ c, NO_EXTRA };
	r->columns.at[r->columns.n++] = field_of(c);
	r->columns_changed = true;
	return true;
}

void
columns_default(struct connlog_reader *r)
{
	columns_clear(r);
	field_set_profile(&r->columns, PROFILE_DEFAULT);
}

/* Returns the index at which the schema's column belongs among the others. */
static size_t
place_of(const struct field_set *set, const struct column *c)
{
	size_t i = 0;
	while (i < set->n && set->at[i].column != NULL && set->at[i].column < c)
		i++;
	return i;
}

bool
columns_see(struct connlog_reader *r, struct text name, struct text type, struct slot *out)
{
	const struct column *c = find_column(name);

	for (size_t i = 0; c == NULL && i < r->extras_n; i++)
		if (r->extras[i].name.n == name.n && memcmp(r->extras[i].name.p, name.p, name.n) == 0) {
			*out = (struct slot){ NULL, i };
			return true;
		}
	*out = (struct slot){ c, NO_EXTRA };
	if (c != NULL && has_column(&r->columns, c))
		return true;
	if (!has_room(r))
		return false;
	if (c == NULL)
		return add_extra(r, name, type, out);
	const size_t at = place_of(&r->columns, c);
	memmove(&r->columns.at[at + 1], &r->columns.at[at], (r->columns.n++ - at) * sizeof r->columns.at[0]);
	r->columns.at[at] = field_of(c);
	r->columns_changed = true;
	return true;
}
