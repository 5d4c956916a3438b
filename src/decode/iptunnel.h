/* iptunnel.h - the known tunnels between two addresses (Zeek: IPTunnelAnalyzer::ip_tunnels).
 *
 * GRE and IP-in-IP tunnels have no connection of their own; the uid that packets inside name as parent belongs to the
 * pair of addresses, for as long as it is used.
 */
#ifndef CONNLOG_DECODE_IPTUNNEL_H
#define CONNLOG_DECODE_IPTUNNEL_H

#include "base/siphash.h"
#include "decode/decode.h"

struct iptunnel;

struct iptunnels {
	struct iptunnel **bucket; /* allocated with the first tunnel */
	size_t            mask, n;
	struct iptunnel  *oldest, *newest;       /* by last use */
	struct iptunnel  *next_look, *last_look; /* by next check of the timeout */
};

/* Forgets the tunnels that were not used for `timeout`; call it whenever time has advanced to `now`. */
void iptunnels_look(struct iptunnels *t, double timeout, double now);

/* Returns the tunnel between the endpoints of `seen`, adding it if it is not known; NULL when out of memory. */
const struct encap *iptunnel_find(struct iptunnels *t, const struct decode_options *opt, struct decode_counters *n,
                                  const struct siphash_key *key, const struct encap *seen, double now);
void                iptunnels_free(struct iptunnels *t);

#endif
