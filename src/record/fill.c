/* fill.c - see fill.h.  Source: scripts/base/protocols/conn/main.zeek and scripts/policy/protocols/conn/. */
#include "record/fill.h"

#include <string.h>

#include "conn/history.h"
#include "conn/names.h"
#include "conn/state.h"

static struct text
proto_text(uint8_t transport)
{
	switch (transport) {
	case TRANSPORT_TCP:
		return text_from("tcp");
	case TRANSPORT_UDP:
		return text_from("udp");
	case TRANSPORT_ICMP:
		return text_from("icmp");
	default:
		return text_from("unknown_transport");
	}
}

/* Returns "00:11:22:33:44:55", or no text for an address of zeros, which Zeek takes for none. */
static struct text
l2_text(const uint8_t l2[6], char out[18])
{
	static const uint8_t none[6];
	static const char    hex[] = "0123456789abcdef";
	if (memcmp(l2, none, 6) == 0)
		return (struct text){ NULL, 0 };
	for (int i = 0; i < 6; i++) {
		out[3 * i] = hex[l2[i] >> 4];
		out[3 * i + 1] = hex[l2[i] & 15];
		out[3 * i + 2] = ':';
	}
	return (struct text){ out, 17 };
}

/* The texts are those of the record before where its link was the same, as it mostly is. */
static void
fill_link(const struct conn_link *link, struct fill_texts *t, struct record *r)
{
	if (memcmp(link, &t->link, sizeof *link) != 0) {
		t->link = *link;
		t->l2_text[ORIG] = l2_text(link->l2[ORIG], t->l2[ORIG]);
		t->l2_text[RESP] = l2_text(link->l2[RESP], t->l2[RESP]);
	}
	r->orig_l2_addr = t->l2_text[ORIG];
	r->resp_l2_addr = t->l2_text[RESP];
	if (r->orig_l2_addr.n)
		r->has |= HAS(COL_ORIG_L2_ADDR);
	if (r->resp_l2_addr.n)
		r->has |= HAS(COL_RESP_L2_ADDR);
	if (link->vlan != PKT_VLAN_NONE) {
		r->has |= HAS(COL_VLAN);
		r->vlan = link->vlan;
	}
	if (link->inner_vlan != PKT_VLAN_NONE) {
		r->has |= HAS(COL_INNER_VLAN);
		r->inner_vlan = link->inner_vlan;
	}
}

static void
fill_extra(const struct conn_extra *x, struct fill_texts *t, struct record *r)
{
	if (x->n_parents > 0) {
		for (unsigned i = 0; i < x->n_parents; i++)
			t->parents[i] = (struct text){ t->parent_uids[i], uid_format(&x->parents[i], t->parent_uids[i]) };
		r->has |= HAS(COL_TUNNEL_PARENTS);
		r->tunnel_parents = (struct text_set){ t->parents, x->n_parents };
	}
	if (x->pppoe_session != PKT_SESSION_NONE) {
		r->has |= HAS(COL_PPPOE_SESSION_ID);
		r->pppoe_session_id = x->pppoe_session;
	}
}

/* What there is to say of an embryo: a SYN has come. */
static void
fill_embryo(const struct conn *c, struct record *r)
{
	static const char s0[] = "S0";

	r->duration = 0;
	r->orig_bytes = r->resp_bytes = r->missed_bytes = 0;
	r->state = CONN_STATE_S0;
	r->conn_state = (struct text){ s0, 2 };
	r->history = (struct text){ s0, 1 };
	if (c->hist_seen)
		r->has |= HAS(COL_HISTORY);
}

/* Duration and sizes are there only when the connection lasted. */
static void
fill_sizes(const struct conn_store *s, uint32_t handle, const struct conn *c, struct record *r)
{
	struct conn_endpoint end[2];
	size_t               history_len;
	const char          *history = history_text(s, handle, &history_len);

	conn_endpoints(s, c, end);
	r->duration = c->last_time - conn_cold_at(s, c)->start_time;
	const bool lasted = r->duration > 0;
	r->has |= lasted ? HAS_LASTED : 0;
	r->orig_bytes = lasted ? end[ORIG].size : 0;
	r->resp_bytes = lasted ? end[RESP].size : 0;
	r->state = (uint8_t)conn_state(c->transport, &end[ORIG], &end[RESP], history, history_len);
	r->conn_state = text_from(conn_state_name((enum conn_state)r->state));
	r->has |= history_len > 0 ? HAS(COL_HISTORY) : 0;
	r->history = (struct text){ history, history_len };
	if (history_len > PLAIN_MAX)
		r->plain &= ~HAS(COL_HISTORY);
	r->missed_bytes = c->transport == TRANSPORT_TCP ? s->tracker->missed(s, c) : 0;
}

/* Joins the names of one list; those of VERDICT_REMOVED come between, with a - before them. */
static struct text
join_services(const struct verdict *v, enum verdict_list list, char out[SERVICES_TEXT_MAX])
{
	size_t n = 0;

	for (int i = 0; i < VERDICT_MAX && v->at[i]; i++) {
		const enum verdict_list which = v->at[i] & 0xc0u;
		const char             *name = service_name((enum service)(v->at[i] & 0x3fu));
		if (which != list && !(list == VERDICT_SERVICE && which == VERDICT_REMOVED))
			continue;
		if (n > 0)
			out[n++] = ',';
		if (which == VERDICT_REMOVED)
			out[n++] = '-';
		memcpy(out + n, name, strlen(name));
		n += strlen(name);
	}
	return (struct text){ out, n };
}

/* One service and nothing else, as most have. */
static void
fill_service(enum service s, struct record *r)
{
	const struct text name = text_from(service_name(s));

	r->service = name;
	r->speculative_service = (struct text){ NULL, 0 };
	r->failed_service = (struct text_set){ NULL, 0 };
	r->has |= HAS(COL_SERVICE);
	if (!memchr(name.p, '-', name.n))
		r->plain |= HAS(COL_SERVICE);
}

static void
fill_services(const struct verdict *v, struct fill_texts *t, struct record *r)
{
	enum service failed[VERDICT_MAX];

	if (v->at[1] == 0 && (v->at[0] & 0xc0u) == VERDICT_SERVICE) {
		fill_service((enum service)(v->at[0] & 0x3fu), r);
		return;
	}
	const unsigned n = verdict_list(v, VERDICT_FAILED, failed);
	r->service = join_services(v, VERDICT_SERVICE, t->service);
	r->speculative_service = join_services(v, VERDICT_SPECULATIVE, t->speculative);
	for (unsigned i = 0; i < n; i++)
		t->failed[i] = text_from(service_name(failed[i]));
	r->failed_service = (struct text_set){ t->failed, n };
	if (r->service.n)
		r->has |= HAS(COL_SERVICE);
	if (r->speculative_service.n)
		r->has |= HAS(COL_SPECULATIVE_SERVICE);
	if (n)
		r->has |= HAS(COL_FAILED_SERVICE);
}

static void
fill_community_id(const struct conn_store *s, const struct conn *c, struct fill_texts *t, struct record *r)
{
	const struct community_flow flow = {
		.h = { r->orig_h, r->resp_h },
		.p = { c->p[ORIG], c->p[RESP] },
		.proto = c->proto,
		.transport = c->transport,
	};
	const size_t n =
		community_id(&flow, (uint16_t)s->opt->community_id_seed, s->opt->community_id_base64, t->community_id);
	r->community_id = (struct text){ t->community_id, n };
	r->has |= n ? HAS(COL_COMMUNITY_ID) : 0;
}

/* Without local networks the columns are left out, but not by main.zeek's connection_flipped. */
static void
fill_local(const struct conn_store *s, const struct conn *c, struct record *r)
{
	if (s->opt->local_nets.n == 0 && !(c->flags & CONN_FLIPPED))
		return;
	r->has |= HAS_LOCAL;
	r->local_orig = net_set_has(&s->opt->local_nets, &r->orig_h);
	r->local_resp = net_set_has(&s->opt->local_nets, &r->resp_h);
}

static void
fill_protocol(const struct conn *c, struct record *r)
{
	const char *name = ip_proto_name(c->proto);

	r->proto = proto_text(c->transport);
	r->ip_proto = c->proto;
	if (!name)
		return;
	r->has |= HAS(COL_IP_PROTO_NAME);
	r->ip_proto_name = c->transport == TRANSPORT_TCP || c->transport == TRANSPORT_UDP ? r->proto : text_from(name);
}

/* What identifies the connection. */
static void
fill_id(const struct conn_store *s, const struct conn *c, struct fill_texts *t, struct record *r)
{
	const double start = conn_start(s, c);

	r->ts = start + s->shift;
	r->orig_h = conn_host(s, c, ORIG);
	r->resp_h = conn_host(s, c, RESP);
	r->orig_p = c->p[ORIG];
	r->resp_p = c->p[RESP];
	const struct uid uid =
		uid_make(&s->uid_key, &r->orig_h, r->orig_p, &r->resp_h, r->resp_p, c->proto, start, conn_salt(s, c));
	r->uid = (struct text){ t->uid, uid_format(&uid, t->uid) };
}

void
fill_record(const struct conn_store *s, uint32_t handle, const struct verdict *v, struct fill_texts *t,
            struct record *r)
{
	const struct conn       *c = conn_at(s, handle);
	const struct conn_extra *x = conn_extra_at(s, c);

	r->has = HAS_ALWAYS;
	r->has_more = 0;
	r->plain = HAS(COL_UID) | HAS(COL_PROTO) | HAS(COL_CONN_STATE) | HAS(COL_HISTORY);
	fill_id(s, c, t, r);
	fill_protocol(c, r);
	if (c->flags & CONN_EMBRYO)
		fill_embryo(c, r);
	else
		fill_sizes(s, handle, c, r);
	r->orig_pkts = conn_pkts(s, c, ORIG);
	r->orig_ip_bytes = conn_bytes(s, c, ORIG);
	r->resp_pkts = conn_pkts(s, c, RESP);
	r->resp_ip_bytes = conn_bytes(s, c, RESP);
	fill_link(conn_link(s, c), t, r);
	if (x)
		fill_extra(x, t, r);
	fill_local(s, c, r);
	if (s->opt->log_community_id)
		fill_community_id(s, c, t, r);
	if (v)
		fill_services(v, t, r);
	if (x && x->measure)
		fill_measured(s, c, x, t, r);
}

void
fill_interim(struct conn_interim *last, bool final, double shift, struct record *r)
{
	static const struct conn_interim none;
	const uint64_t                   now[INTERIM_COUNTS][2] = { [INTERIM_BYTES] = { r->orig_bytes, r->resp_bytes },
		                                                        [INTERIM_PKTS] = { r->orig_pkts, r->resp_pkts },
		                                                        [INTERIM_IP_BYTES] = { r->orig_ip_bytes, r->resp_ip_bytes } };

	_Static_assert(sizeof now / sizeof now[0][0] == INTERIM_DELTAS, "each has its column");
	for (int i = 0; i < INTERIM_DELTAS; i++)
		r->deltas[i] = (int64_t)(now[i / 2][i % 2] - (last ? last : &none)->last[i / 2][i % 2]);
	r->has |= HAS_DELTAS;
	if (!last)
		return;
	memcpy(last->last, now, sizeof now);
	if (final)
		return;
	r->has |= HAS(COL_INTERIM) | HAS(COL_INTERIM_TS);
	r->interim = last->n;
	r->interim_ts = last->at + shift;
}
