/* zeek_straight.c - writes the usual line: the default columns in Zeek's own style, for a record of the engine.
 *
 * The columns are spelled out in order, so nothing has to be looked up about them.  Anything unusual is left to
 * zeek_row.c, which is the definition; test/unit/write_style_test.c compares the two.
 */
#include "base/copy.h"
#include "base/digits.h"
#include "write/zeek.h"

/* The columns that such a record has, and those that need more than is done here. */
#define MUST_HAVE   (HAS_ALWAYS)
#define MUST_LACK   HAS(COL_TUNNEL_PARENTS)
#define PLAIN_TEXTS (HAS(COL_UID) | HAS(COL_PROTO) | HAS(COL_SERVICE) | HAS(COL_CONN_STATE) | HAS(COL_HISTORY))

bool
zeek_is_straight(const struct connlog_writer *w)
{
	const struct zeek_style *s = &w->style;
	size_t                   n = 0;

	if (s->separator != '\t' || s->unset.n != 1 || *s->unset.p != '-' || !s->plain)
		return false;
	for (size_t i = 0; i < schema_columns; i++)
		if (schema[i].profiles & PROFILE_DEFAULT && (n == w->fields.n || w->fields.at[n++].column != &schema[i]))
			return false;
	return n == w->fields.n;
}

/* Each of these writes a column and the tab after it. */

static inline char *
put_text(char *p, struct text t)
{
	p = copy_short(p, t.p, t.n);
	*p = '\t';
	return p + 1;
}

static inline char *
put_unset(char *p)
{
	memcpy(p, "-\t", 2);
	return p + 2;
}

static inline char *
put_optional(char *p, const struct record *r, enum column_id id, struct text t)
{
	return r->has & HAS(id) ? put_text(p, t) : put_unset(p);
}

static inline char *
put_seconds(char *p, double v)
{
	p = is_clock(v) ? put_clock(p, v) : p + format_fixed6(p, v);
	*p = '\t';
	return p + 1;
}

static inline char *
put_address(char *p, const struct addr *a)
{
	p = addr_is_v4(a) ? addr_put_v4(p, a->b + 12) : p + addr_format(a, p);
	*p = '\t';
	return p + 1;
}

static inline char *
put_ends_port(char *p, uint16_t port)
{
	p = put_port(p, port);
	*p = '\t';
	return p + 1;
}

static inline char *
put_count(char *p, uint64_t v)
{
	if (v < 10)
		*p++ = (char)('0' + v);
	else
		p = v < 100000000 ? put_digits(p, (uint32_t)v) : p + format_u64(p, v);
	*p = '\t';
	return p + 1;
}

static inline char *
put_lasted(char *p, const struct record *r)
{
	if ((r->has & HAS_LASTED) == 0) {
		memcpy(p, "-\t-\t-\t", 6);
		return p + 6;
	}
	p = put_seconds(p, r->duration);
	p = put_count(p, r->orig_bytes);
	return put_count(p, r->resp_bytes);
}

static inline char *
put_local(char *p, const struct record *r)
{
	const bool has = (r->has & HAS_LOCAL) != 0;

	p[0] = !has ? '-' : r->local_orig ? 'T' : 'F';
	p[1] = '\t';
	p[2] = !has ? '-' : r->local_resp ? 'T' : 'F';
	p[3] = '\t';
	return p + 4;
}

/* Returns whether the record has all columns of a group, or none of them. */
static inline bool
all_or_none(uint64_t has, uint64_t group)
{
	return (has & group) == group || (has & group) == 0;
}

static inline bool
is_usual(const struct record *r)
{
	return (r->has & (MUST_HAVE | MUST_LACK)) == MUST_HAVE && (r->has & ~r->plain & PLAIN_TEXTS) == 0 &&
	       all_or_none(r->has, HAS_LASTED) && all_or_none(r->has, HAS_LOCAL) && r->literals == NULL;
}

char *
zeek_straight(char *p, const struct record *r)
{
	if (!is_usual(r))
		return NULL;
	p = put_seconds(p, r->ts);
	p = put_text(p, r->uid);
	p = put_address(p, &r->orig_h);
	p = put_ends_port(p, r->orig_p);
	p = put_address(p, &r->resp_h);
	p = put_ends_port(p, r->resp_p);
	p = put_text(p, r->proto);
	p = put_optional(p, r, COL_SERVICE, r->service);
	p = put_lasted(p, r);
	p = put_text(p, r->conn_state);
	p = put_local(p, r);
	p = put_count(p, r->missed_bytes);
	p = put_optional(p, r, COL_HISTORY, r->history);
	p = put_count(p, r->orig_pkts);
	p = put_count(p, r->orig_ip_bytes);
	p = put_count(p, r->resp_pkts);
	p = put_count(p, r->resp_ip_bytes);
	p = put_unset(p); /* tunnel_parents */
	p = put_count(p, r->ip_proto);
	p[-1] = '\n';
	return p;
}
