/* ecs.c - JSON with the names of the Elastic Common Schema, as connlog and Elastic's Zeek integration write it
 * (record/names.h, write/ecs.c).
 *
 * Fields derived from other columns are skipped.  Where the integration dropped or truncated Zeek's value, and for other
 * sources of ECS, alternative names (@timestamp, source.ip, event.id …) are used if the primary one is missing.
 */
#include <inttypes.h>
#include <stdio.h>

#include "base/parse.h"
#include "read/json.h"
#include "record/names.h"

struct ecs {
	struct json json; /* first, as json_member() expects */
	size_t      due;
	char        seconds[48]; /* event.duration of the line, as Zeek writes it */
};

static const struct {
	const char    *name;
	enum column_id column;
} second_names[] = {
	{ "@timestamp", COL_TS },
	{ "event.id", COL_UID },
	{ "source.ip", COL_ORIG_H },
	{ "destination.ip", COL_RESP_H },
	{ "zeek.connection.icmp.type", COL_ORIG_P },
	{ "zeek.connection.icmp.code", COL_RESP_P },
};
enum { SECOND_NAMES = sizeof second_names / sizeof second_names[0] };

static const char *const derived[] = {
	"ecs.version",       "event.kind",    "event.category",
	"event.type",        "network.bytes", "network.packets",
	"network.direction", "related.ip",    "zeek.connection.state_message",
};
enum { DERIVED = sizeof derived / sizeof derived[0] };

static enum read_result
set_column(struct connlog_reader *r, enum column_id id, const struct json_value *v)
{
	const char *name = schema[id].info.name;
	return json_member(r, (struct text){ name, strlen(name) }, v);
}

/* event.duration is in nanoseconds. */
static enum read_result
set_duration(struct connlog_reader *r, const struct json_value *v)
{
	struct ecs       *s = r->state;
	struct json_value seconds = { .kind = JSON_NUMBER };
	int64_t           nanos = 0;

	if (v->kind == JSON_NULL)
		return READ_RECORD;
	if (!parse_i64(v->text.p, v->text.n, &nanos))
		return reader_bad(r, "event.duration is no whole number of nanoseconds");
	const uint64_t whole = nanos < 0 ? 0 - (uint64_t)nanos : (uint64_t)nanos;
	const int      n = snprintf(s->seconds, sizeof s->seconds, "%s%" PRIu64 ".%09" PRIu64, nanos < 0 ? "-" : "",
	                            whole / 1000000000, whole % 1000000000);
	/* microseconds, as in Zeek's own logs, if that loses nothing */
	seconds.text = (struct text){ s->seconds, (size_t)n - (whole % 1000 == 0 ? 3 : 0) };
	return set_column(r, COL_DURATION, &seconds);
}

/* The integration's tags only repeat which columns are set, so they are skipped; other tags are kept. */
static bool
only_ours(const struct json_value *v)
{
	for (size_t i = 0; v->kind == JSON_LIST && i < v->list.n; i++)
		if (!text_is(v->list.at[i], "local_orig") && !text_is(v->list.at[i], "local_resp"))
			return false;
	return v->kind == JSON_LIST;
}

static enum read_result
ecs_member(struct connlog_reader *r, struct text name, const struct json_value *v)
{
	struct ecs *s = r->state;

	for (size_t i = 0; i < DERIVED; i++)
		if (text_is(name, derived[i]))
			return READ_RECORD;
	if (text_is(name, "tags") && only_ours(v))
		return READ_RECORD;
	if (text_is(name, "event.duration"))
		return set_duration(r, v);
	for (size_t i = 0; i < SECOND_NAMES; i++) {
		const enum column_id id = second_names[i].column;
		if (text_is(name, second_names[i].name))
			return r->record.has & HAS(id) ? READ_RECORD : set_column(r, id, v);
	}
	return json_member(r, names_to_zeek(NAMES_ECS, name, &s->due), v);
}

static enum read_result
ecs_line(struct connlog_reader *r, char *p, size_t n)
{
	return json_object(r, p, n, ecs_member);
}

static bool
ecs_detect(struct text head)
{
	return json_has_member(head, "@timestamp") && (json_has_member(head, "source") || json_has_member(head, "zeek"));
}

const struct read_format read_ecs = {
	.name = "ecs",
	.detect = ecs_detect,
	.state_size = sizeof(struct ecs),
	.begin = columns_default,
	.line = ecs_line,
	.columns_in_lines = true,
};
