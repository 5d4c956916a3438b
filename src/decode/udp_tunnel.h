/* udp_tunnel.h - tunnels over UDP: Teredo, AYIYA, GTPv1-U, VXLAN, Geneve, GRE.
 *
 * Pure functions over the payload of a UDP packet whose connection has been tracked; what must be
 * remembered between packets is in `struct udp_tunnel_state`, which the connection owns.
 * Zeek: src/packet_analysis/protocol/{teredo,ayiya,gtpv1,vxlan,geneve,gre}, UDP.cc's ForwardPacket(resp port),
 * scripts/base/packet-protocols/ for ports and protocol detection.
 */
#ifndef CONNLOG_DECODE_UDP_TUNNEL_H
#define CONNLOG_DECODE_UDP_TUNNEL_H

#include "decode/decode.h"

/* The bits of the masks below. */
enum udp_tunnel_kind {
	UDP_TUNNEL_TEREDO = 1,
	UDP_TUNNEL_AYIYA = 2,
	UDP_TUNNEL_GTPV1 = 4,
	UDP_TUNNEL_VXLAN = 8,
	UDP_TUNNEL_GENEVE = 16,
	UDP_TUNNEL_GRE = 32
};

struct udp_tunnel_state {
	uint8_t confirmed;              /* kinds that Zeek's analyzer confirmed for this connection, udp_tunnel_kind bits */
	uint8_t violated;               /* kinds that were violated, and are not tried again */
	uint8_t valid_orig, valid_resp; /* kinds for which that side sent a valid encapsulation (Teredo, GTPv1) */
};

enum udp_tunnel_answer {
	UDP_TUNNEL_NO,    /* not a tunnel, nothing changed */
	UDP_TUNNEL_STATE, /* `st` changed (confirmed or violated), nothing to decode inside */
	UDP_TUNNEL_INNER, /* `in` describes the content */
};

/* Returns whether this payload can be a tunnel at all: it has a registered port, or Zeek's DetectProtocol would accept
 * it. Cheap: called for every UDP packet, before any state is attached. */
bool udp_tunnel_possible(uint16_t resp_port, struct bytes data);

/* Sets `note_x` if Zeek adds the letter X to the history (tunnel depth exceeded). */
enum udp_tunnel_answer udp_tunnel(const struct decode_options *opt, const struct pkt *p, uint16_t resp_port,
                                  bool is_orig, struct udp_tunnel_state *st, struct inner *in, bool *note_x);

#endif
