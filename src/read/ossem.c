/* ossem.c - JSON with OSSEM's names (record/names.h); otherwise Zeek's JSON. */
#include "read/json.h"
#include "record/names.h"

struct ossem {
	struct json json; /* first, as json_member() expects */
	size_t      due;
};

static enum read_result
ossem_member(struct connlog_reader *r, struct text name, const struct json_value *v)
{
	struct ossem *s = r->state;
	return json_member(r, names_to_zeek(NAMES_OSSEM, name, &s->due), v);
}

static enum read_result
ossem_line(struct connlog_reader *r, char *p, size_t n)
{
	return json_object(r, p, n, ossem_member);
}

static bool
ossem_detect(struct text head)
{
	return json_has_member(head, "event_uid") || json_has_member(head, "src_ip_addr");
}

const struct read_format read_ossem = {
	.name = "ossem",
	.detect = ossem_detect,
	.state_size = sizeof(struct ossem),
	.begin = columns_default,
	.line = ossem_line,
	.columns_in_lines = true,
};
