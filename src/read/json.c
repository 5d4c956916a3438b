/* json.c - Zeek's JSON log, flat or nested (id.orig_h or id: { orig_h }), with any time format of Zeek's.
 *
 * Source: Zeek 8.2.2 src/threading/formatters/JSON.cc.  A line names only the columns that are set, so the log is taken to
 * have Zeek's default columns and all others that are seen.
 *
 * The members of a line usually come in the order of the previous line, so each is compared with the expected one before
 * it is looked up.
 */
#include "read/json.h"

#include <stdio.h>

static bool
is_named(const struct member *m, struct text name)
{
	return m->n == name.n && memcmp(m->name, name.p, name.n) == 0;
}

/* Adds a member that is seen for the first time.  Returns NULL after reader_bad(). */
static const struct member *
learn(struct connlog_reader *r, struct json *s, struct text name, const struct json_value *v)
{
	struct member *m = &s->members[s->n];

	if (s->n == FIELDS_MAX) {
		reader_bad(r, "more than %d columns", FIELDS_MAX);
		return NULL;
	}
	if (!columns_see(r, name, json_type(v), &m->slot))
		return NULL;
	m->name = columns_keep(r, name);
	m->n = name.n;
	if (m->name == NULL)
		return NULL;
	s->due = ++s->n;
	return m;
}

static const struct member *
find(struct connlog_reader *r, struct json *s, struct text name, const struct json_value *v)
{
	if (s->due < s->n && is_named(&s->members[s->due], name))
		return &s->members[s->due++];
	for (size_t i = 0; i < s->n; i++)
		if (is_named(&s->members[i], name)) {
			s->due = i + 1;
			return &s->members[i];
		}
	return learn(r, s, name, v);
}

enum read_result
json_member(struct connlog_reader *r, struct text name, const struct json_value *v)
{
	const struct member *m = v->kind != JSON_NULL ? find(r, r->state, name, v) : NULL;

	if (m == NULL)
		return v->kind == JSON_NULL ? READ_RECORD : READ_BAD;
	return json_set(r, m->slot, v);
}

enum read_result
json_object(struct connlog_reader *r, char *p, size_t n, json_member_fn member)
{
	struct json *s = r->state;

	s->due = 0;
	return json_line(r, p, n, member);
}

static enum read_result
json_record(struct connlog_reader *r, char *p, size_t n)
{
	return json_object(r, p, n, json_member);
}

bool
json_has_member(struct text head, const char *name)
{
	char         quoted[64];
	const size_t n = (size_t)snprintf(quoted, sizeof quoted, "\"%s\"", name);
	const char  *end = memchr(head.p, '\n', head.n);

	return memmem(head.p, end != NULL ? (size_t)(end - head.p) : head.n, quoted, n) != NULL;
}

static bool
json_detect(struct text head)
{
	return *head.p == '{';
}

const struct read_format read_json = {
	.name = "json",
	.detect = json_detect,
	.state_size = sizeof(struct json),
	.begin = columns_default,
	.line = json_record,
	.columns_in_lines = true,
};
