/* iptunnel.c - IP in IP (RFC 2003, 4213), and the payload of GRE: entering the tunnel.
 *
 * Zeek: src/packet_analysis/protocol/iptunnel/IPTunnel.cc. A tunnel is checked by the first packet that arrives
 * Tunnel::ip_tunnel_timeout after it was created or last checked, and forgotten if it was not used for that long.
 * Checks come in the order in which they were scheduled, so a list holds them. The table is limited by max_ip_tunnels:
 * the least recently used tunnel is dropped.
 */
#include "decode/iptunnel.h"

#include <stdlib.h>

#include "decode/ip.h"
#include "decode/walk.h"

struct iptunnel {
	struct iptunnel *chain;
	struct iptunnel *older, *newer;  /* by last use */
	struct iptunnel *sooner, *later; /* by next check */
	struct addr      low, high;      /* the two endpoints, in order */
	double           used, look;     /* times of the last use and the next check */
	size_t           bucket;
	struct encap     encap;
};

static void
unlink_used(struct iptunnels *t, struct iptunnel *e)
{
	*(e->older ? &e->older->newer : &t->oldest) = e->newer;
	*(e->newer ? &e->newer->older : &t->newest) = e->older;
}

static void
link_newest(struct iptunnels *t, struct iptunnel *e)
{
	e->older = t->newest;
	e->newer = NULL;
	*(t->newest ? &t->newest->newer : &t->oldest) = e;
	t->newest = e;
}

static void
unlink_look(struct iptunnels *t, struct iptunnel *e)
{
	*(e->sooner ? &e->sooner->later : &t->next_look) = e->later;
	*(e->later ? &e->later->sooner : &t->last_look) = e->sooner;
}

static void
link_look(struct iptunnels *t, struct iptunnel *e, double look)
{
	e->look = look;
	e->sooner = t->last_look;
	e->later = NULL;
	*(t->last_look ? &t->last_look->later : &t->next_look) = e;
	t->last_look = e;
}

static void
forget(struct iptunnels *t, struct iptunnel *e)
{
	struct iptunnel **at = &t->bucket[e->bucket];
	while (*at != e)
		at = &(*at)->chain;
	*at = e->chain;
	unlink_used(t, e);
	unlink_look(t, e);
	free(e);
	t->n--;
}

void
iptunnels_look(struct iptunnels *t, double timeout, double now)
{
	struct iptunnel *last = t->last_look;
	bool             more = last != NULL;

	while (more && t->next_look->look <= now) {
		struct iptunnel *e = t->next_look;
		more = e != last; /* each once, even if the timeout is too small to change the sum */
		if (now - e->used >= timeout) {
			forget(t, e);
		} else {
			unlink_look(t, e);
			link_look(t, e, now + timeout);
		}
	}
}

static bool
init(struct iptunnels *t)
{
	const size_t buckets = 4096;
	t->bucket = calloc(buckets, sizeof(struct iptunnel *));
	t->mask = buckets - 1;
	return t->bucket != NULL;
}

static struct iptunnel *
create(struct iptunnels *t, const struct decode_options *opt, const struct encap *seen, double now)
{
	struct iptunnel *e = calloc(1, sizeof *e);
	if (!e)
		return NULL;
	e->encap = *seen;
	if (opt->new_uid)
		e->encap.uid = opt->new_uid(opt->new_uid_arg, &seen->src, &seen->dst, now);
	link_look(t, e, now + opt->ip_tunnel_timeout);
	link_newest(t, e);
	t->n++;
	return e;
}

const struct encap *
iptunnel_find(struct iptunnels *t, const struct decode_options *opt, struct decode_counters *n,
              const struct siphash_key *key, const struct encap *seen, double now)
{
	bool        swap = addr_cmp(&seen->src, &seen->dst) > 0;
	struct addr low = swap ? seen->dst : seen->src, high = swap ? seen->src : seen->dst;
	uint64_t    words[4];

	if (!t->bucket && !init(t))
		return NULL;
	memcpy(words, low.b, 16);
	memcpy(words + 2, high.b, 16);
	size_t           bucket = (size_t)siphash13(key, words, 4) & t->mask;
	struct iptunnel *e = t->bucket[bucket];
	while (e && !(addr_equal(&e->low, &low) && addr_equal(&e->high, &high)))
		e = e->chain;
	if (e) {
		unlink_used(t, e);
		link_newest(t, e);
	} else {
		if (t->n > 0 && t->n >= opt->max_ip_tunnels) {
			forget(t, t->oldest);
			n->ip_tunnels_evicted++;
		}
		e = create(t, opt, seen, now);
		if (!e)
			return NULL;
		e->low = low;
		e->high = high;
		e->bucket = bucket;
		e->chain = t->bucket[bucket];
		t->bucket[bucket] = e;
	}
	e->used = now;
	return &e->encap;
}

void
iptunnels_free(struct iptunnels *t)
{
	while (t->oldest)
		forget(t, t->oldest);
	free(t->bucket);
	t->bucket = NULL;
}

/* Ends the carrier and replaces the piece by the content. */
enum layer
iptunnel_layer(struct walk *w)
{
	struct dissection          *d = w->d;
	const struct tunnel_header *in = &w->tunnel;
	struct ip_header            h;

	d->stack.depth = w->at->encap_depth;
	if (d->stack.depth > 0 && d->stack.depth >= w->dec->opt.tunnel_max_depth)
		return rejected(w, DECODE_R_exceeded_tunnel_max_depth);
	if (in->gre_version != 0 && ip_check_inner(w->at->data, in->proto, &h) != IP_CHECK_OK)
		return rejected(w, DECODE_R_invalid_inner_IP);

	struct encap        seen = { .src = in->src, .dst = in->dst, .proto = in->carrier, .type = in->type };
	const struct encap *e = iptunnel_find(&w->dec->tunnels, &w->dec->opt, &w->dec->n, &w->dec->key, &seen, d->now);
	w->dec->n.carriers++;
	w->dec->n.inner++;
	d->stack.at[d->stack.depth++] = e ? *e : seen;
	*w->at = (struct piece){
		.data = w->at->data,
		.start = w->at->data.p,
		.wire_len = (uint32_t)w->at->data.n,
		.cap_len = (uint32_t)w->at->data.n,
		.encap_depth = (uint8_t)d->stack.depth,
		.shielded = w->at->shielded,
	};
	if (w->out)
		w->out->vlan = w->out->inner_vlan = PKT_VLAN_NONE;
	return in->gre_version == 0 ? in->link : LAYER_IP;
}
