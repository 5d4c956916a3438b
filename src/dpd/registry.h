/* registry.h - the recognisers that an inspector can attach, and the ports they claim. */
#ifndef CONNLOG_DPD_REGISTRY_H
#define CONNLOG_DPD_REGISTRY_H

#include "dpd/talk.h"

struct port_claim {
	uint32_t                 at;   /* udp << 16 | port */
	uint32_t                 next; /* index + 1 of the next claim with the same hash; 0: none */
	const struct recogniser *by;
};

#define REGISTRY_HASH 256

struct registry {
	const struct recogniser *const *of;     /* by service; NULL for those without a recogniser */
	struct port_claim              *claims; /* in the order of Zeek's numbers */
	unsigned                        n_claims;
	uint16_t                        first[REGISTRY_HASH]; /* index + 1 of the first claim with a hash; 0: none */
};

/* `of` has SERVICE_COUNT entries, which must outlive the registry.  Returns false when out of memory. */
bool registry_init(struct registry *r, const struct recogniser *const *of);
void registry_free(struct registry *r);

#define PORT_CLAIMS 2 /* the most recognisers that share a port: 1080/tcp, 443/udp */

/* Stores the recognisers that claim a responder's port, in the order in which they are fed. Returns their number. */
unsigned recognisers_at(const struct registry *r, bool udp, uint16_t port, const struct recogniser *out[PORT_CLAIMS]);

#endif
