/* registry.h - all recognisers: one line for each here and in registry.c. */
#ifndef CONNLOG_SERVICE_REGISTRY_H
#define CONNLOG_SERVICE_REGISTRY_H

#include "service/talk.h"

/* => The recogniser, or NULL for services that have none (tunnels, expected connections). */
const struct recogniser *recogniser_of(enum service s);

#define PORT_CLAIMS 2 /* at most so many share a port: 1080/tcp, 443/udp */

/* Those that claim a responder's port, in the order in which they are fed. => Their number. */
unsigned recognisers_at(bool udp, uint16_t port, const struct recogniser *out[PORT_CLAIMS]);

#endif
