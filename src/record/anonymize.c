/* anonymize.c - replaces the addresses and uids of records (connlog_anonymize.h).
 *
 * Addresses are encrypted with Crypto-PAn, link addresses with another instance that has its own key; a uid is
 * replaced by its HMAC-SHA-256 in the form of a uid.  The Community ID is recomputed.  Everything else stays, except
 * columns that Zeek does not have, which are dropped because their contents are unknown.
 */
#include "record/anonymize.h"

#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/parse.h"
#include "conn/community_id.h"
#include "conn/uid.h"
#include "record/cryptopan.h"
#include "record/public.h"

enum { KEY = CONNLOG_ANONYMIZE_KEY, LINK = 6 /* bytes */, LINK_TEXT = 3 * LINK - 1 };

_Static_assert(KEY == CRYPTOPAN_KEY, "the key is Crypto-PAn's");

struct connlog_anonymizer {
	uint8_t          key[KEY], uid_key[KEY];
	struct cryptopan net, link;
	uint16_t         community_seed;
	struct record    record; /* the copy, and what it points to */
	struct text      literals[COLUMNS];
	char             uid[UID_TEXT_MAX], community_id[COMMUNITY_ID_MAX], links[2][LINK_TEXT];
	struct arena     arena;
	struct field_set columns;
};

/* Writes a SHA-256 digest to `out`.  Returns false if libcrypto failed. */
static bool
keyed_hash(const uint8_t key[KEY], const void *text, size_t n, uint8_t out[KEY])
{
	return HMAC(EVP_sha256(), key, KEY, text, n, out, NULL) != NULL;
}

static bool
derive_key(const uint8_t key[KEY], const char *purpose, uint8_t out[KEY])
{
	return keyed_hash(key, purpose, strlen(purpose), out);
}

connlog_anonymizer *
connlog_anonymizer_new(const uint8_t key[CONNLOG_ANONYMIZE_KEY])
{
	connlog_anonymizer *a = calloc(1, sizeof *a);
	uint8_t             link_key[KEY];

	if (!a)
		return NULL;
	memcpy(a->key, key, KEY);
	const bool good = derive_key(key, "connlog uids", a->uid_key) &&
	                  derive_key(key, "connlog link addresses", link_key) && cryptopan_init(&a->net, key) &&
	                  cryptopan_init(&a->link, link_key);
	explicit_bzero(link_key, sizeof link_key);
	if (good)
		return a;
	connlog_anonymizer_free(a);
	return NULL;
}

void
connlog_anonymizer_free(connlog_anonymizer *a)
{
	if (!a)
		return;
	cryptopan_free(&a->net);
	cryptopan_free(&a->link);
	arena_free(&a->arena);
	explicit_bzero(a, sizeof *a);
	free(a);
}

connlog_anonymizer *
anonymizer_copy(const connlog_anonymizer *a, uint16_t community_seed)
{
	connlog_anonymizer *copy = connlog_anonymizer_new(a->key);

	if (copy)
		copy->community_seed = community_seed;
	return copy;
}

/* ---- the parts of a record ---------------------------------------------------------------------------------------------- */

bool
anonymizer_addr(const connlog_anonymizer *a, struct addr *at)
{
	return addr_is_v4(at) ? cryptopan_encrypt(&a->net, at->b + 12, 4) : cryptopan_encrypt(&a->net, at->b, 16);
}

bool
anonymizer_link(const connlog_anonymizer *a, uint8_t at[LINK])
{
	static const uint8_t none[LINK];

	return memcmp(at, none, LINK) == 0 || cryptopan_encrypt(&a->link, at, LINK);
}

bool
anonymizer_uid(const connlog_anonymizer *a, struct text uid, char out[UID_TEXT_MAX], size_t *n)
{
	uint8_t hash[KEY];
	struct uid new = { .hi = 0 };
	uint32_t hi;

	if (!keyed_hash(a->uid_key, uid.p, uid.n, hash))
		return false;
	memcpy(&hi, hash, sizeof hi);
	memcpy(&new.lo, hash + sizeof hi, sizeof new.lo);
	new.hi = le32toh(hi);
	new.lo = le64toh(new.lo);
	*n = uid_format(&new, out);
	return true;
}

/* Returns false when out of memory. */
static bool
change_parents(connlog_anonymizer *a, struct text_set *set)
{
	struct text *at = arena_alloc(&a->arena, set->n * sizeof *at);
	char        *texts = arena_alloc(&a->arena, set->n * UID_TEXT_MAX);

	if (!at || !texts)
		return false;
	for (size_t i = 0; i < set->n; i++) {
		at[i].p = texts + i * UID_TEXT_MAX;
		if (!anonymizer_uid(a, set->at[i], texts + i * UID_TEXT_MAX, &at[i].n))
			return false;
	}
	set->at = at;
	return true;
}

/* Addresses as texts; what is none is left out.  Returns false when out of memory. */
static bool
change_samples(connlog_anonymizer *a, uint64_t has, struct text_set *set)
{
	if (!(a->record.has & has))
		return true;
	struct text *at = arena_alloc(&a->arena, set->n * sizeof *at);
	char        *texts = arena_alloc(&a->arena, set->n * ADDR_TEXT_MAX);
	size_t       n = 0;

	if (!at || !texts)
		return false;
	for (size_t i = 0; i < set->n; i++) {
		struct addr addr;
		char       *p = texts + n * ADDR_TEXT_MAX;
		if (!addr_parse(set->at[i].p, set->at[i].n, &addr))
			continue;
		if (!anonymizer_addr(a, &addr))
			return false;
		at[n++] = (struct text){ p, addr_format(&addr, p) };
	}
	*set = (struct text_set){ at, n };
	return true;
}

static int
digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;
}

/* Returns whether the text is a link address of six bytes. */
static bool
parse_link(struct text t, uint8_t out[LINK])
{
	if (t.n != LINK_TEXT)
		return false;
	for (size_t i = 0; i < LINK; i++) {
		const int hi = digit(t.p[3 * i]), lo = digit(t.p[3 * i + 1]);
		if (hi < 0 || lo < 0 || (i > 0 && t.p[3 * i - 1] != ':'))
			return false;
		out[i] = (uint8_t)(hi << 4 | lo);
	}
	return true;
}

/* Anything that is not a link address is left out. */
static bool
change_link(connlog_anonymizer *a, uint64_t has, struct text *t, char out[LINK_TEXT])
{
	static const char hex[] = "0123456789abcdef";
	uint8_t           link[LINK];

	if (!(a->record.has & has))
		return true;
	if (!parse_link(*t, link)) {
		a->record.has &= ~has;
		return true;
	}
	if (!anonymizer_link(a, link))
		return false;
	memset(out, ':', LINK_TEXT);
	for (size_t i = 0; i < LINK; i++) {
		out[3 * i] = hex[link[i] >> 4];
		out[3 * i + 1] = hex[link[i] & 15];
	}
	*t = (struct text){ out, LINK_TEXT };
	return true;
}

/* Returns whether the record states its protocol. */
static bool
find_protocol(const struct record *r, struct community_flow *flow)
{
	static const struct {
		const char *name;
		uint8_t     proto, transport;
	} known[] = { { "tcp", 6, TRANSPORT_TCP }, { "udp", 17, TRANSPORT_UDP }, { "icmp", 1, TRANSPORT_ICMP } };

	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (r->has & HAS(COL_PROTO) && text_is(r->proto, known[i].name)) {
			flow->proto = known[i].proto;
			flow->transport = known[i].transport;
			return true;
		}
	flow->proto = (uint8_t)r->ip_proto;
	flow->transport = TRANSPORT_UNKNOWN;
	return (r->has & HAS(COL_IP_PROTO)) != 0;
}

/* Recomputes the Community ID for the new addresses, in the form that it had; removes it if the record lacks the
 * necessary columns. */
static void
change_community_id(connlog_anonymizer *a)
{
	const uint64_t        tuple = HAS(COL_ORIG_H) | HAS(COL_RESP_H) | HAS(COL_ORIG_P) | HAS(COL_RESP_P);
	struct record        *r = &a->record;
	struct community_flow flow = { .h = { r->orig_h, r->resp_h }, .p = { r->orig_p, r->resp_p } };
	const bool            base64 = r->community_id.n != 2 + 40; /* the other form is 40 hexadecimal digits */
	size_t                n = 0;

	if (!(r->has & HAS(COL_COMMUNITY_ID)))
		return;
	if ((r->has & tuple) == tuple && find_protocol(r, &flow))
		n = community_id(&flow, a->community_seed, base64, a->community_id);
	r->community_id = (struct text){ a->community_id, n };
	if (n == 0)
		r->has &= ~HAS(COL_COMMUNITY_ID);
}

/* The texts from the log no longer match the addresses. */
static void
forget_literals(connlog_anonymizer *a, const struct record *from)
{
	if (!from->literals)
		return;
	memcpy(a->literals, from->literals, sizeof a->literals);
	a->literals[COL_ORIG_H] = a->literals[COL_RESP_H] = (struct text){ NULL, 0 };
	a->record.literals = a->literals;
}

const connlog_record *
connlog_anonymize(connlog_anonymizer *a, const connlog_record *public)
{
	const struct record *from = record_of(public);
	struct record       *r = &a->record;

	arena_reset(&a->arena);
	*r = *from;
	r->arena = &a->arena;
	r->extras = NULL;
	r->extras_n = 0;
	r->anonymized = true;
	r->plain &= ~(HAS(COL_UID) | HAS(COL_COMMUNITY_ID) | HAS(COL_ORIG_L2_ADDR) | HAS(COL_RESP_L2_ADDR));
	forget_literals(a, from);
	record_mark(r, HAS_WORD(COL_ORIG_FIRST_PAYLOAD), HAS_BIT(COL_ORIG_FIRST_PAYLOAD),
	            false); /* which may have addresses */
	record_mark(r, HAS_WORD(COL_RESP_FIRST_PAYLOAD), HAS_BIT(COL_RESP_FIRST_PAYLOAD), false);
	for (size_t i = COL_ENRICHED_FIRST; i <= COL_ENRICHED_LAST; i++) /* which name the addresses */
		record_mark(r, HAS_WORD(i), HAS_BIT(i), false);

	if ((r->has & HAS(COL_ORIG_H) && !anonymizer_addr(a, &r->orig_h)) ||
	    (r->has & HAS(COL_RESP_H) && !anonymizer_addr(a, &r->resp_h)))
		return NULL;
	if (r->has & HAS(COL_UID)) {
		r->uid.p = a->uid;
		if (!anonymizer_uid(a, from->uid, a->uid, &r->uid.n))
			return NULL;
	}
	if (r->has & HAS(COL_TUNNEL_PARENTS) && r->tunnel_parents.n > 0 && !change_parents(a, &r->tunnel_parents))
		return NULL;
	if (!change_samples(a, HAS(COL_FOLD_ORIG_SAMPLES), &r->fold_orig_samples) ||
	    !change_samples(a, HAS(COL_FOLD_RESP_SAMPLES), &r->fold_resp_samples))
		return NULL;
	if (!change_link(a, HAS(COL_ORIG_L2_ADDR), &r->orig_l2_addr, a->links[0]) ||
	    !change_link(a, HAS(COL_RESP_L2_ADDR), &r->resp_l2_addr, a->links[1]))
		return NULL;
	change_community_id(a);
	return record_public(r);
}

static bool
is_enriched(const struct column *c)
{
	return c >= &schema[COL_ENRICHED_FIRST] && c <= &schema[COL_ENRICHED_LAST];
}

const connlog_columns *
connlog_anonymize_columns(connlog_anonymizer *a, const connlog_columns *public, char *dropped, size_t size)
{
	const struct field_set *from = columns_of(public);
	size_t                  used = 0;

	a->columns.n = 0;
	if (size > 0)
		*dropped = '\0';
	for (size_t i = 0; i < from->n; i++) {
		const struct field *f = &from->at[i];
		if (f->column && !is_enriched(f->column)) {
			a->columns.at[a->columns.n++] = *f;
			continue;
		}
		const int n = used < size ? snprintf(dropped + used, size - used, "%s%s", used > 0 ? "," : "", f->name) : 0;
		used += n > 0 ? (size_t)n : 0;
	}
	return columns_public(&a->columns);
}
