/* json.c - Zeek's JSON log, flat or nested (id.orig_h or id: { orig_h }), with any time format of Zeek's.
 *
 * Source: Zeek 8.2.2 src/threading/formatters/JSON.cc.  A line tells only the columns that it has; the log is taken to have
 * Zeek's default columns and all that are seen.
 *
 * The members of a line come in the order of those of the line before, mostly: each is held against the one that is due
 * before it is looked up.
 */
#include "read/json_line.h"

struct member {
	const char *name; /* stays with the reader */
	size_t      n;
	struct slot slot;
};

struct json {
	struct member members[FIELDS_MAX]; /* that have been seen */
	size_t        n, due;
};

static bool
is_named(const struct member *m, struct text name)
{
	return m->n == name.n && memcmp(m->name, name.p, name.n) == 0;
}

/* Sees a member for the first time. => NULL after reader_bad(). */
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

static enum read_result
json_member(struct connlog_reader *r, struct text name, const struct json_value *v)
{
	const struct member *m = v->kind != JSON_NULL ? find(r, r->state, name, v) : NULL;

	if (m == NULL)
		return v->kind == JSON_NULL ? READ_RECORD : READ_BAD;
	return json_set(r, m->slot, v);
}

static enum read_result
json_record(struct connlog_reader *r, char *p, size_t n)
{
	struct json *s = r->state;

	s->due = 0;
	return json_line(r, p, n, json_member);
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
