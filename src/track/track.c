/* track.c - passes packets to their tracker; UDP, ICMP and other protocols, which have little state (Zeek:
 * packet_analysis/protocol/{udp,icmp,unknown_ip_transport}). */
#include "track/track.h"

#include "conn/history.h"
#include "track/measure.h"

bool
track_wants(const struct conn_options *opt, const struct pkt *p, bool *flip)
{
	*flip = false;
	if (p->transport == TRANSPORT_UDP) {
		*flip = port_set_has(&opt->likely_server_udp, p->sport) && !port_set_has(&opt->likely_server_udp, p->dport);
	} else if (p->transport == TRANSPORT_TCP) {
		const bool syn = p->tcp_flags & TCP_SYN;
		if (syn && !(p->tcp_flags & TCP_ACK))
			return true;
		if (!opt->partial_connection_ok || (syn && !opt->tcp_SYN_ack_ok))
			return false;
		/* Joined midway: the ports tell which side is the server.  Of two server ports the lower one wins, but a SYN-ACK may
		 * have been provoked by a stealth scan and is left as it is. */
		if (port_set_has(&opt->likely_server_tcp, p->sport))
			*flip = !port_set_has(&opt->likely_server_tcp, p->dport) || (!syn && p->sport < p->dport);
	}
	static const uint8_t broadcast[4] = { 255, 255, 255, 255 };
	const struct addr    all = addr_from_v4(broadcast);
	if (addr_equal(&p->dst, &all))
		*flip = false;
	return true;
}

bool
track_is_reuse(const struct conn_store *s, const struct conn *c, const struct pkt *p)
{
	return p->transport == TRANSPORT_TCP && tcp_is_reuse(s, c, p);
}

bool
track_begin(struct conn_store *s, uint32_t handle, const struct pkt *p)
{
	switch (p->transport) {
	case TRANSPORT_TCP:
		if (!tcp_begin(s, handle, p))
			return false;
		break;
	case TRANSPORT_UDP:
		conn_begin_timeout(s, handle, TIMEOUT_UDP);
		break;
	case TRANSPORT_ICMP:
		conn_begin_timeout(s, handle, TIMEOUT_ICMP);
		break;
	default: /* without status updates */
		conn_begin_timeout(s, handle, TIMEOUT_UNKNOWN_IP);
		return true;
	}
	conn_enable_status_updates(s, handle);
	return true;
}

/* Returns the side's size. */
static int64_t *
add_size(const struct conn_store *s, const struct conn *c, int side, int64_t n)
{
	int64_t *size = &conn_sizes_at(s, c)->size[side];

	*size = *size < 0 ? n : *size + n;
	return size;
}

static void
udp_packet(struct conn_store *s, uint32_t handle, struct conn *c, const struct pkt *p, int side)
{
	if (p->l4_bad) {
		struct conn_extra *x = conn_extra_need(s, handle);
		if (x)
			conn_event_multiple(s, handle, CONNLOG_EVENT_UDP_MULTIPLE_CHECKSUM_ERRORS, side == ORIG,
			                    history_scaled(s, handle, &x->bad_checksum[side], side == ORIG ? 'C' : 'c'));
		return;
	}
	c->last_time = p->ts;
	if (side == ORIG)
		history_once(s, handle, HIST_UDP_ORIG_DATA, 'D');
	else
		history_once(s, handle, HIST_UDP_RESP_DATA, 'd');
	add_size(s, c, side, (int64_t)p->udp_len - 8);
	conn_event(s, handle, side == ORIG ? CONNLOG_EVENT_UDP_REQUEST : CONNLOG_EVENT_UDP_REPLY);
}

void
track_count(struct conn_store *s, uint32_t handle, struct conn *c, const struct pkt *p, bool is_orig)
{
	count_packet(s, handle, c, is_orig ? ORIG : RESP, p);
}

static void
icmp_packet(struct conn_store *s, uint32_t handle, struct conn *c, const struct pkt *p, int side)
{
	if (p->l4_bad)
		return;
	c->last_time = p->ts;
	int64_t *size = add_size(s, c, side, p->data_len);
	*size = (int32_t)(uint32_t)*size; /* Zeek counts in an int (ICMPSessionAdapter.h), which wraps around */
	if (p->data_cap >= p->data_len)   /* a truncated one is not counted (ICMP.cc) */
		count_packet(s, handle, c, side, p);
}

void
track_packet(struct conn_store *s, uint32_t handle, struct conn *c, const struct pkt *p, bool is_orig)
{
	const int side = is_orig ? ORIG : RESP;

	if (p->transport == TRANSPORT_TCP) { /* most are */
		tcp_packet(s, handle, c, p, is_orig);
		return;
	}
	switch (p->transport) {
	case TRANSPORT_UDP:
		udp_packet(s, handle, c, p, side);
		break;
	case TRANSPORT_ICMP:
		icmp_packet(s, handle, c, p, side);
		break;
	default:
		c->last_time = p->ts;
		count_packet(s, handle, c, side, p);
	}
}
