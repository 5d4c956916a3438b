/* encap.c - the tunnels around a connection (Connection::CheckEncapsulation, TunnelEncapsulation.h). */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "conn/events.h"
#include "conn/history.h"
#include "conn/uid.h"

static bool
encap_equal(const struct encap *a, const struct encap *b)
{
	if (a->type != b->type || !uid_equal(&a->uid, &b->uid) || a->proto != b->proto)
		return false;
	const bool same = addr_equal(&a->src, &b->src) && addr_equal(&a->dst, &b->dst);
	const bool reversed = addr_equal(&a->src, &b->dst) && addr_equal(&a->dst, &b->src);

	switch (a->type) {
	case TUNNEL_IP:
	case TUNNEL_GRE:
		return same || reversed;
	case TUNNEL_VXLAN:
		return a->dport == b->dport && (same || reversed);
	default:
		return same && a->sport == b->sport && a->dport == b->dport;
	}
}

static bool
stack_equal(const struct encap_stack *a, const struct encap_stack *b)
{
	if (a->depth != b->depth)
		return false;
	for (unsigned i = 0; i < a->depth; i++)
		if (!encap_equal(&a->at[i], &b->at[i]))
			return false;
	return true;
}

static bool
add_parent(struct conn_extra *x, const struct uid *uid)
{
	for (unsigned i = 0; i < x->n_parents; i++)
		if (uid_equal(&x->parents[i], uid))
			return true;
	if (x->n_parents == PARENTS_MAX)
		return false;
	struct uid *parents = realloc(x->parents, (x->n_parents + 1u) * sizeof *parents);
	if (!parents)
		return false;
	x->parents = parents;
	x->parents[x->n_parents++] = *uid;
	return true;
}

/* Keeps a copy of the stack; keeps none if there is no stack or no memory. */
static void
keep_stack(struct conn_extra *x, const struct encap_stack *encap)
{
	const size_t        size = encap ? offsetof(struct encap_stack, at) + encap->depth * sizeof *encap->at : 0;
	struct encap_stack *copy = encap ? malloc(size) : NULL;

	if (copy)
		memcpy(copy, encap, size);
	free(x->encap);
	x->encap = copy;
}

bool
conn_encap_begin(struct conn_extra *x, const struct encap_stack *encap)
{
	keep_stack(x, encap);
	return x->encap && add_parent(x, &encap->at[encap->depth - 1].uid);
}

/* The fields of a Tunnel::EncapsulatingConn, and what they point at. */
struct encap_fields {
	connlog_field cid[5], at[3];
	char          uid[UID_TEXT_MAX];
};

static connlog_value
address(const struct addr *a)
{
	connlog_value v = { .type = CONNLOG_ADDR, .set = true };
	memcpy(v.address, a->b, sizeof v.address);
	return v;
}

static connlog_value
port(uint16_t p)
{
	return (connlog_value){ .type = CONNLOG_PORT, .set = true, .count = p };
}

static void
fill_encap(struct encap_fields *f, const struct encap *e)
{
	static const char *const types[] = {
		[TUNNEL_NONE] = "Tunnel::NONE",     [TUNNEL_IP] = "Tunnel::IP",       [TUNNEL_AYIYA] = "Tunnel::AYIYA",
		[TUNNEL_TEREDO] = "Tunnel::TEREDO", [TUNNEL_SOCKS] = "Tunnel::SOCKS", [TUNNEL_GTPV1] = "Tunnel::GTPv1",
		[TUNNEL_HTTP] = "Tunnel::HTTP",     [TUNNEL_GRE] = "Tunnel::GRE",     [TUNNEL_VXLAN] = "Tunnel::VXLAN",
		[TUNNEL_GENEVE] = "Tunnel::GENEVE",
	};
	const char *type = types[e->type];

	f->cid[0] = (connlog_field){ "orig_h", address(&e->src) };
	f->cid[1] = (connlog_field){ "orig_p", port(e->sport) };
	f->cid[2] = (connlog_field){ "resp_h", address(&e->dst) };
	f->cid[3] = (connlog_field){ "resp_p", port(e->dport) };
	f->cid[4] = (connlog_field){ "proto", event_count(e->proto) };
	f->at[0] = (connlog_field){ "cid", { .type = CONNLOG_RECORD, .set = true, .record = { f->cid, 5 } } };
	f->at[1] = (connlog_field){ "tunnel_type", { .type = CONNLOG_ENUM, .set = true, .text = { type, strlen(type) } } };
	f->at[2] = (connlog_field){ "uid", event_text(f->uid, uid_format(&e->uid, f->uid)) };
}

static void
raise_tunnel_changed(struct conn_store *s, uint32_t handle, const struct encap_stack *encap)
{
	struct encap_fields fields[ENCAP_MAX];
	connlog_fields      list[ENCAP_MAX];
	const size_t        n = encap ? encap->depth : 0;

	for (size_t i = 0; i < n; i++) {
		fill_encap(&fields[i], &encap->at[i]);
		list[i] = (connlog_fields){ fields[i].at, 3 };
	}
	const connlog_value e = { .type = CONNLOG_RECORDS, .set = true, .records = { list, n } };
	conn_raise(s, handle, CONNLOG_EVENT_TUNNEL_CHANGED, &e);
}

/* Raises tunnel_changed, whose handler in Zeek notes the parent. It is raised a limited number of times. */
static void
tunnel_changed(struct conn_store *s, uint32_t handle, struct conn_extra *x, const struct encap_stack *encap)
{
	const uint64_t max = s->opt->tunnel_max_changes_per_connection;

	if (max != 0 && x->tunnel_changes >= max) {
		history_once(s, handle, HIST_UNKNOWN, 'X');
		return;
	}
	x->tunnel_changes++;
	if (encap)
		(void)add_parent(x, &encap->at[encap->depth - 1].uid);
	if (conn_wants(s, CONNLOG_EVENT_TUNNEL_CHANGED))
		raise_tunnel_changed(s, handle, encap);
}

void
conn_check_encap(struct conn_store *s, uint32_t handle, const struct encap_stack *encap)
{
	struct conn              *c = conn_at(s, handle);
	struct conn_extra        *x = conn_extra_at(s, c);
	const struct encap_stack *have = x ? x->encap : NULL;

	if (encap && encap->depth == 0)
		encap = NULL;
	if ((!have && !encap) || (have && encap && stack_equal(have, encap)))
		return;
	x = conn_extra_need(s, handle);
	if (!x)
		return;
	tunnel_changed(s, handle, x, encap);
	keep_stack(x, encap);
}

void
conn_encap_push(struct conn_store *s, uint32_t handle, const struct encap *e)
{
	struct conn_extra *x = conn_extra_at(s, conn_at(s, handle));
	struct encap_stack stack;

	if (!x || !x->encap || x->encap->depth == ENCAP_MAX)
		return;
	memcpy(&stack, x->encap, offsetof(struct encap_stack, at) + x->encap->depth * sizeof *stack.at);
	stack.at[stack.depth++] = *e;
	keep_stack(x, &stack);
}

struct uid
conn_uid(const struct conn_store *s, const struct conn *c)
{
	const struct addr orig = conn_host(s, c, ORIG), resp = conn_host(s, c, RESP);

	return uid_make(&s->uid_key, &orig, c->p[ORIG], &resp, c->p[RESP], c->proto, conn_start(s, c), conn_salt(s, c));
}
