/* rule.c - see rule.h. */
#include "fold/rule.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>

/* ---- built-in rules */

static bool
says(const struct record *r, enum column_id id, struct text t, const char *word)
{
	return r->has & HAS(id) && text_is(t, word);
}

/* Returns whether the column is unset or 0. */
static bool
none(const struct record *r, enum column_id id, uint64_t count)
{
	return !(r->has & HAS(id)) || count == 0;
}

/* Matches connection attempts without a reply or with a refusal, and without a service: TCP without payload, UDP
 * without a reply. */
static bool
fits_scans(const struct record *r)
{
	static const char *const states[] = { "S0", "REJ", "RSTOS0", "SH" };

	if (r->has & HAS(COL_SERVICE))
		return false;
	if (says(r, COL_PROTO, r->proto, "udp"))
		return says(r, COL_CONN_STATE, r->conn_state, "S0") && none(r, COL_RESP_PKTS, r->resp_pkts);
	if (!says(r, COL_PROTO, r->proto, "tcp") || !none(r, COL_ORIG_BYTES, r->orig_bytes) ||
	    !none(r, COL_RESP_BYTES, r->resp_bytes))
		return false;
	for (size_t i = 0; i < sizeof states / sizeof states[0]; i++)
		if (says(r, COL_CONN_STATE, r->conn_state, states[i]))
			return true;
	return false;
}

static bool
fits_dns(const struct record *r)
{
	return says(r, COL_SERVICE, r->service, "dns");
}

static bool
fits_icmp(const struct record *r)
{
	return says(r, COL_PROTO, r->proto, "icmp");
}

/* Rules are tried in this order. */
static const struct fold_rule ours[] = {
	{ "scans",
	  fits_scans,
	  NULL,
	  { { 4, { COL_ORIG_H, COL_RESP_H, COL_PROTO, COL_CONN_STATE } },
	    { 4, { COL_ORIG_H, COL_RESP_P, COL_PROTO, COL_CONN_STATE } } } },
	{ "dns", fits_dns, NULL, { { 5, { COL_ORIG_H, COL_RESP_H, COL_RESP_P, COL_PROTO, COL_CONN_STATE } } } },
	{ "icmp", fits_icmp, NULL, { { 5, { COL_ORIG_H, COL_RESP_H, COL_ORIG_P, COL_RESP_P, COL_CONN_STATE } } } },
};
enum { OURS = sizeof ours / sizeof ours[0] };

/* ---- creating rules */

/* Adds the built-in rules in the list. Returns as rules_init() does. */
static bool
add_ours(struct fold_rules *rules, const char *list, char *err, size_t err_size)
{
	bool wanted[OURS] = { false };

	for (const char *p = list; p != NULL && *p != '\0';) {
		const size_t n = strcspn(p, ",");
		size_t       i = 0;
		while (i < OURS && (strlen(ours[i].name) != n || memcmp(ours[i].name, p, n) != 0))
			i++;
		if (i == OURS) {
			snprintf(err, err_size, "'%.*s' is no kind of noise: scans, dns and icmp are", n < 40 ? (int)n : 40, p);
			return false;
		}
		wanted[i] = true;
		p += n + (p[n] == ',');
	}
	for (size_t i = 0; i < OURS; i++)
		if (wanted[i])
			rules->at[rules->n++] = ours[i];
	return true;
}

/* Parses the columns that records of a row have in common. Returns as rules_init() does. */
static bool
parse_by(struct fold_columns *by, const char *list, char *err, size_t err_size)
{
	static const char usual[] = "id.orig_h,id.resp_h,id.resp_p,proto,service,conn_state";

	*by = (struct fold_columns){ 0 };
	for (const char *p = list != NULL ? list : usual; *p != '\0';) {
		const size_t         n = strcspn(p, ",");
		const struct column *c = schema_find(p, n);
		if (c == NULL || by->n == FOLD_BY_MAX) {
			if (c == NULL)
				snprintf(err, err_size, "'%.*s' is no column", n < 40 ? (int)n : 40, p);
			else
				snprintf(err, err_size, "more than %d columns", FOLD_BY_MAX);
			return false;
		}
		by->at[by->n++] = (enum column_id)(c - schema);
		p += n + (p[n] == ',');
	}
	if (by->n == 0)
		snprintf(err, err_size, "no column is named");
	return by->n > 0;
}

bool
rules_init(struct fold_rules *rules, const connlog_fold_options *o, char *err, size_t err_size)
{
	struct fold_columns by;

	*rules = (struct fold_rules){ 0 };
	if (!parse_by(&by, o->by, err, err_size))
		return false;
	if (o->where_n > FOLD_RULES_MAX - OURS) {
		snprintf(err, err_size, "more than %d conditions", FOLD_RULES_MAX - OURS);
		return false;
	}
	for (size_t i = 0; i < o->where_n; i++) {
		struct fold_rule *rule = &rules->at[rules->n];
		*rule = (struct fold_rule){ .where = connlog_where_copy(o->where[i]), .keys = { by } };
		if (!rule->where) {
			snprintf(err, err_size, "out of memory");
			return false;
		}
		rules->n = ++rules->conditions;
	}
	if (!add_ours(rules, o->rules, err, err_size))
		return false;
	if (rules->n == 0 || getrandom(&rules->key, sizeof rules->key, 0) != (ssize_t)sizeof rules->key) {
		snprintf(err, err_size, "%s", rules->n == 0 ? "nothing is to be folded" : "the system gives no random numbers");
		return false;
	}
	return true;
}

void
rules_free(struct fold_rules *rules)
{
	for (size_t i = 0; i < rules->n; i++)
		connlog_where_free(rules->at[i].where);
}

struct text
rules_name(const struct fold_rules *rules, unsigned rule, char *out, size_t size)
{
	if (rules->at[rule].name)
		return text_from(rules->at[rule].name);
	snprintf(out, size, "where%u", rule + 1);
	return text_from(out);
}

/* ---- matching */

int
rules_find(const struct fold_rules *rules, const struct record *r)
{
	if (r->has & (HAS(COL_FOLD_COUNT) | HAS(COL_INTERIM)))
		return -1;
	for (size_t i = 0; i < rules->n; i++) {
		const struct fold_rule *rule = &rules->at[i];
		if (rule->where ? connlog_where_match(rule->where, (const connlog_record *)r) : rule->fits(r))
			return (int)i;
	}
	return -1;
}

/* A column's part of a key: whether it is set, and two words with its value or a hash of it. */
struct part {
	uint64_t set, value[2];
};

static void
hash_text(const struct siphash_key *key, const struct text *t, uint64_t out[2])
{
	siphash24_128(key, t->n > 0 ? t->p : "", t->n, out);
}

/* Each element's hash is included in that of the next. */
static void
hash_set(const struct siphash_key *key, const struct text_set *set, uint64_t out[2])
{
	uint64_t chain[4] = { 0, set->n };

	for (size_t i = 0; i < set->n; i++) {
		hash_text(key, &set->at[i], chain + 2);
		siphash24_128(key, chain, sizeof chain, chain);
	}
	memcpy(out, chain, 2 * sizeof *out);
}

static struct part
part_of(const struct siphash_key *key, const struct column *c, const struct record *r)
{
	struct part p = { .set = column_is_set(c, r) };
	const void *at = column_at(c, r);

	if (!p.set)
		return p;
	switch (c->info.type) {
	case CONNLOG_STRING:
	case CONNLOG_ENUM:
		hash_text(key, at, p.value);
		break;
	case CONNLOG_STRING_SET:
		hash_set(key, at, p.value);
		break;
	case CONNLOG_ADDR:
		memcpy(p.value, at, sizeof p.value);
		break;
	case CONNLOG_PORT:
		p.value[0] = *(const uint16_t *)at;
		break;
	case CONNLOG_BOOL:
		p.value[0] = *(const bool *)at;
		break;
	default: /* eight bytes */
		memcpy(p.value, at, sizeof *p.value);
		break;
	}
	return p;
}

static struct fold_key
key_of(const struct fold_rules *rules, unsigned number, const struct fold_columns *columns, const struct record *r)
{
	struct part     parts[FOLD_BY_MAX + 1] = { { .set = number } };
	struct fold_key key;

	for (size_t i = 0; i < columns->n; i++)
		parts[i + 1] = part_of(&rules->key, &schema[columns->at[i]], r);
	siphash24_128(&rules->key, parts, (columns->n + 1) * sizeof *parts, key.half);
	return key;
}

int
rules_keys(const struct fold_rules *rules, unsigned rule, const struct record *r, struct fold_key out[FOLD_KEYS])
{
	int n = 0;

	for (; n < FOLD_KEYS && rules->at[rule].keys[n].n > 0; n++)
		out[n] = key_of(rules, FOLD_KEYS * rule + (unsigned)n, &rules->at[rule].keys[n], r);
	return n;
}
