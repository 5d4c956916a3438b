/* ring.h - a ring and the group of those that share an interface; between ring.c and ring_group.c.
 *
 * The first ring of a group looks after the interface.  The others take part as long as the interface stays the same: a socket in a
 * group cannot be bound to another one, so when an interface of that name comes back that has gone, the first ring goes on alone,
 * with a socket that was kept for this and the memory of all of them.
 */
#ifndef CONNLOG_CAPTURE_RING_H
#define CONNLOG_CAPTURE_RING_H

#include "capture/ring_socket.h"
#include "capture/tap.h"

enum ring_state { RING_UNSEEN, RING_UP, RING_DOWN, RING_GONE };

struct ring {
	struct tap         base;
	struct ring_socket socket;
	struct ring_group *group;
	uint64_t           first; /* block: the first that has not been given back, */
	uint64_t           at;    /* the one that packets are taken from, */
	uint64_t           ahead; /* the first that the kernel has not handed over yet */
	uint32_t left; /* packets in `at` that have not been taken; while there are none, `at` is yet to be opened */
	uint8_t *next; /* the first of them */
	unsigned idle; /* looks that found nothing */
};

struct ring_group {
	struct ring    *rings[RINGS_MAX];
	unsigned        n;      /* rings that are open: 1 where there is nothing to share */
	unsigned        freed;  /* of them, */
	unsigned        made;   /* of so many that there were */
	bool            spread; /* packets go to all of them */
	bool            alone;  /* packets go to the first only, for good */
	int             spare;  /* a socket for when the interface has gone and come back; or -1 */
	struct filter  *filter; /* NULL: all packets */
	enum ring_state state;
	uint32_t        longest;       /* a longer frame than that is worth a question, */
	bool            questioned[2]; /* unless it was put: of packets that are received, and sent */
};

/* Sees to it that the sockets are bound to what has the name now and share its packets.  Returns CONNLOG_OK or an error with its
 * text. */
int ring_group_look(struct ring_group *g, char *err, size_t err_size);

/* Opens the sockets of all rings, which have been made, and closes what is the group's.  Returns CONNLOG_OK or an error with its text,
 * which is CONNLOG_END where libpcap may know how to. */
int  ring_group_open(struct ring_group *g, char *err, size_t err_size);
void ring_group_close(struct ring_group *g);

#endif
