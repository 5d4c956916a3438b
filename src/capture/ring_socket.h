/* ring_socket.h - a packet socket with a ring of blocks that the kernel fills (TPACKET_V3). */
#ifndef CONNLOG_CAPTURE_RING_SOCKET_H
#define CONNLOG_CAPTURE_RING_SOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "connlog_live.h"

struct filter;

struct ring_socket {
	int      fd;
	int      index; /* of the interface that it is bound to; 0 for none */
	uint8_t *map;
	size_t   map_size;
	uint32_t block_size, blocks;
	bool     unfiltered; /* the kernel lets everything through, because the filter is too long for it */
	bool     grouped;    /* in a group (ring_fanout.h), so it can never be bound again */
};

enum { RING_HEADROOM = 4 }; /* bytes before each frame that may be written to: a VLAN tag */

/* All of these return CONNLOG_OK, or an error with its text: CONNLOG_END where this is no matter of rings, but libpcap may know
 * how to. */

/* Makes the socket, bound to nothing yet.  It has to be closed either way. */
int  ring_socket_open(struct ring_socket *s, const char *name, char *err, size_t err_size);
void ring_socket_close(struct ring_socket *s);

/* Whether frames of the interface are Ethernet. */
int ring_socket_suits(const struct ring_socket *s, const char *name, char *err, size_t err_size);

/* Gives it its memory, which is one of so many parts of what the interface has.  `o` is complete. */
int ring_socket_map(struct ring_socket *s, const char *name, const connlog_live_options *o, unsigned parts, char *err,
                    size_t err_size);
/* Gives it its filter, which may be NULL; until then the kernel takes in everything. */
int ring_socket_filter(struct ring_socket *s, const char *name, const connlog_live_options *o, struct filter *filter,
                       char *err, size_t err_size);

/* Binds it to the interface of that index, which may be another than before, or down.  Nothing of it needs a privilege. */
int ring_socket_bind(struct ring_socket *s, const char *name, int index, char *err, size_t err_size);
/* Has the interface give it what is for others, too. */
int ring_socket_widen(struct ring_socket *s, const char *name, char *err, size_t err_size);

/* Has the kernel take in nothing more.  Returns whether that worked. */
bool ring_socket_shut(struct ring_socket *s);

#endif
