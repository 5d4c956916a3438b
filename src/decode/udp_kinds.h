/* udp_kinds.h - inside the decoder: shared by the recognisers of tunnels over UDP.
 *
 * A recogniser examines one datagram.  It can confirm or violate itself for the connection (Zeek's AnalyzerConfirmation and
 * AnalyzerViolation; after a violation it is never confirmed) and returns whether there is a packet inside.
 */
#ifndef CONNLOG_DECODE_UDP_KINDS_H
#define CONNLOG_DECODE_UDP_KINDS_H

#include "decode/udp_tunnel.h"

struct udp_view {
	const struct decode_options *opt;
	const struct pkt            *p;
	bool                         is_orig;
	uint8_t                      kind; /* the recogniser's bit */
	struct udp_tunnel_state     *st;
	struct inner                *in;
	bool                        *note_x;
};

static inline void
confirm(const struct udp_view *v)
{
	if (!(v->st->violated & v->kind))
		v->st->confirmed |= v->kind;
}

/* Reports a violation. Returns false, so that a recogniser can return its result. */
static inline bool
violate(const struct udp_view *v)
{
	v->st->violated |= v->kind;
	return false;
}

/* Fills in the content. Returns true, so that a recogniser can return its result. */
static inline bool
inside(const struct udp_view *v, enum tunnel_type type, int what, struct bytes data)
{
	v->in->data = data;
	v->in->type = type;
	v->in->what = what;
	return true;
}

/* Returns whether Tunnel::max_depth is exceeded; the first tunnel is always opened, even with 0. */
static inline bool
tunnels_too_deep(const struct udp_view *v)
{
	unsigned max = v->opt->tunnel_max_depth < ENCAP_MAX ? v->opt->tunnel_max_depth : ENCAP_MAX;
	return v->p->encap && v->p->encap->depth >= max;
}

bool teredo_detect(struct bytes b);
bool teredo_packet(const struct udp_view *v);
bool gtpv1_packet(const struct udp_view *v);

#endif
