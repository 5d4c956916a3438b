/* values.c - see values.h.
 *
 * Times, intervals and addresses are also kept as the log has them (record.literals).
 */
#include "read/values.h"

#include <ctype.h>

#include "base/parse.h"

/* Numbers in this range would be times after the year 5138, so they are taken for milliseconds (JSON::TS_MILLIS). */
#define MILLIS_MIN 1e11
#define MILLIS_MAX 1e14

/* Returns where the column's value is stored. */
static void *
place(struct connlog_reader *r, const struct column *c)
{
	return (char *)&r->record + c->offset;
}

/* A number with leading zeros (007) is not valid, above all not in JSON. */
static bool
leads_with_zeros(struct text t)
{
	const size_t i = t.p[0] == '-';
	return t.p[i] == '0' && t.n > i + 1 && t.p[i + 1] != '.';
}

static bool
set_seconds(struct connlog_reader *r, const struct column *c, struct text t)
{
	double *at = place(r, c);
	bool    plain = false;

	if (parse_double(t.p, t.n, at, &plain)) {
		if (c->info.type == CONNLOG_TIME && *at > MILLIS_MIN && *at <= MILLIS_MAX)
			*at /= 1000;
		else if (plain && !leads_with_zeros(t))
			r->literals[c - schema] = t;
		return true;
	}
	return c->info.type == CONNLOG_TIME && parse_iso8601(t.p, t.n, at) && *at <= MILLIS_MIN;
}

/* Removes a fraction of zeros, which some programs append to whole numbers. */
static struct text
without_zeros(struct text t)
{
	const char *point = memchr(t.p, '.', t.n);
	size_t      i = point != NULL ? (size_t)(point - t.p) : t.n;

	while (point != NULL && ++i < t.n)
		if (t.p[i] != '0')
			return t;
	return point != NULL ? (struct text){ t.p, (size_t)(point - t.p) } : t;
}

static bool
set_count(struct connlog_reader *r, const struct column *c, struct text t)
{
	if (parse_u64(t.p, t.n, place(r, c)))
		return true;
	t = without_zeros(t);
	return parse_u64(t.p, t.n, place(r, c));
}

static bool
set_int(struct connlog_reader *r, const struct column *c, struct text t)
{
	t = without_zeros(t);
	return parse_i64(t.p, t.n, place(r, c));
}

/* Accepts 80 and 80/tcp. */
static bool
set_port(struct connlog_reader *r, const struct column *c, struct text t)
{
	const char *slash = memchr(t.p, '/', t.n);
	uint64_t    port;

	t = slash != NULL ? (struct text){ t.p, (size_t)(slash - t.p) } : without_zeros(t);
	if (!parse_u64(t.p, t.n, &port) || port > UINT16_MAX)
		return false;
	*(uint16_t *)place(r, c) = (uint16_t)port;
	return true;
}

static bool
set_bool(struct connlog_reader *r, const struct column *c, struct text t)
{
	static const char *const words[2][4] = { { "f", "false", "0", "no" }, { "t", "true", "1", "yes" } };

	if (t.n == 1 && (*t.p == 'T' || *t.p == 'F')) { /* Zeek's */
		*(bool *)place(r, c) = *t.p == 'T';
		return true;
	}
	for (size_t i = 0; i < 8; i++) {
		const char *word = words[i / 4][i % 4];
		if (strlen(word) == t.n && strncasecmp(word, t.p, t.n) == 0) {
			*(bool *)place(r, c) = i / 4 == 1;
			return true;
		}
	}
	return false;
}

static bool
set_addr(struct connlog_reader *r, const struct column *c, struct text t)
{
	if (!addr_parse(t.p, t.n, place(r, c)))
		return false; /* what remains contains no byte that a format has to escape */
	r->literals[c - schema] = t;
	return true;
}

void
value_set_list(struct connlog_reader *r, const struct column *c, struct text_set set)
{
	*(struct text_set *)place(r, c) = set;
	record_mark(&r->record, c->word, c->has, true);
}

static bool
set_typed(struct connlog_reader *r, const struct column *c, struct text t)
{
	switch (c->info.type) {
	case CONNLOG_TIME:
	case CONNLOG_INTERVAL:
	case CONNLOG_DOUBLE:
		return set_seconds(r, c, t);
	case CONNLOG_STRING:
	case CONNLOG_ENUM:
		*(struct text *)place(r, c) = t;
		return true;
	case CONNLOG_ADDR:
		return set_addr(r, c, t);
	case CONNLOG_PORT:
		return set_port(r, c, t);
	case CONNLOG_COUNT:
		return set_count(r, c, t);
	case CONNLOG_INT:
		return set_int(r, c, t);
	case CONNLOG_BOOL:
		return set_bool(r, c, t);
	case CONNLOG_STRING_SET: {
		const size_t begin = list_begin(r);
		list_add(r, t);
		value_set_list(r, c, list_end(r, begin));
		return true;
	}
	default: /* the remaining types occur only in events */
		return false;
	}
}

bool
value_set(struct connlog_reader *r, const struct column *c, struct text t)
{
	if (!set_typed(r, c, t))
		return false;
	record_mark(&r->record, c->word, c->has, true);
	return true;
}

size_t
list_begin(const struct connlog_reader *r)
{
	return r->texts_n;
}

void
list_add(struct connlog_reader *r, struct text element)
{
	if (r->texts_n < r->texts_room)
		r->texts[r->texts_n++] = element;
}

struct text_set
list_end(const struct connlog_reader *r, size_t begin)
{
	return (struct text_set){ r->texts + begin, r->texts_n - begin };
}

enum read_result
value_bad(struct connlog_reader *r, const struct column *c, struct text t)
{
	static const char *const words[] = {
		[CONNLOG_TIME] = "a time (seconds since 1970, or as in 2009-11-18T20:58:04.321Z)",
		[CONNLOG_INTERVAL] = "a number of seconds",
		[CONNLOG_DOUBLE] = "a number",
		[CONNLOG_STRING] = "text",
		[CONNLOG_ENUM] = "text",
		[CONNLOG_ADDR] = "an IP address",
		[CONNLOG_PORT] = "a port (0 to 65535)",
		[CONNLOG_COUNT] = "a whole number",
		[CONNLOG_INT] = "a whole number",
		[CONNLOG_BOOL] = "T or F",
		[CONNLOG_STRING_SET] = "a list",
	};
	return reader_bad(r, "%s is not %s: %.*s", c->info.name, words[c->info.type], t.n < 60 ? (int)t.n : 60, t.p);
}
