/* ring_group.c - see ring.h.
 *
 * All sockets are made before privileges are given up.  None of the rings but the first takes in anything before it has joined the
 * group, and then nothing before the program that spreads the packets is set, which is one step: so no packet is lost
 * or comes twice when a group is formed in the middle of traffic.
 */
#include <errno.h>
#include <linux/if_arp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "capture/iface.h"
#include "capture/ring.h"
#include "capture/ring_fanout.h"

/* The socket that asks about the interface. */
static int
asking(const struct ring_group *g)
{
	return g->rings[0]->socket.fd;
}

/* Ends the rings but the first, for good. */
static void
go_alone(struct ring_group *g)
{
	for (unsigned i = 1; i < g->n; i++) {
		struct ring *r = g->rings[i];
		r->base.ops->count(&r->base);
		ring_socket_close(&r->socket);
		r->first = r->at = r->ahead = r->left = 0;
		r->base.ready = r->base.crowded = false;
		r->base.absent = true;
	}
	g->n = 1;
	g->spread = false;
	g->alone = true;
}

/* ---- forming it -------------------------------------------------------------------------------------------------- */

static bool
join(struct ring_group *g, struct ring *r, uint16_t id, char *err, size_t err_size)
{
	const struct tap *t = &r->base;

	if (ring_socket_bind(&r->socket, t->name, g->rings[0]->socket.index, err, err_size) != CONNLOG_OK)
		return false;
	if (!fanout_join(r->socket.fd, id)) {
		source_fail(err, err_size, CONNLOG_IO, "%s", strerror(errno));
		return false;
	}
	return ring_socket_filter(&r->socket, t->name, t->options, g->filter, err, err_size) == CONNLOG_OK;
}

static bool
form(struct ring_group *g, char *err, size_t err_size)
{
	uint16_t id;

	if (!fanout_begin(asking(g), &id)) {
		source_fail(err, err_size, CONNLOG_IO, "%s", strerror(errno));
		return false;
	}
	g->rings[0]->socket.grouped = true;
	for (unsigned i = 1; i < g->n; i++)
		if (!join(g, g->rings[i], id, err, err_size))
			return false;
	if (fanout_spread(asking(g), g->n))
		return true;
	source_fail(err, err_size, CONNLOG_IO, "%s", strerror(errno));
	return false;
}

/* There, sockets in a group would get each packet twice, as one that is sent, too. */
static bool
is_loopback(const struct ring_group *g)
{
	return iface_type(asking(g), g->rings[0]->base.name) == ARPHRD_LOOPBACK;
}

/* The interface is up. */
static void
share_packets(struct ring_group *g)
{
	const struct tap *t = &g->rings[0]->base;
	char              why[200];

	if (g->n == 1 || g->spread)
		return;
	if (is_loopback(g))
		snprintf(why, sizeof why, "it is a loopback interface");
	else if (form(g, why, sizeof why))
		g->spread = true;
	if (!g->spread) {
		tap_say(t->options, false, "%s: captured with one ring, not %u: %s", t->name, g->n, why);
		go_alone(g);
	}
}

/* ---- the interface ----------------------------------------------------------------------------------------------- */

static int
tell_state(struct ring_group *g, enum ring_state now, char *err, size_t err_size)
{
	static const char *const words[] = { [RING_UP] = "is up", [RING_DOWN] = "is down", [RING_GONE] = "is not there" };
	const struct tap        *t = &g->rings[0]->base;
	const connlog_live_options *o = t->options;
	const enum ring_state       before = g->state;

	g->state = now;
	for (unsigned i = 0; i < g->n; i++)
		g->rings[i]->base.absent = now != RING_UP;
	if (now == before || (now == RING_UP && before == RING_UNSEEN))
		return CONNLOG_OK;
	if (o->exit_on_down && (before == RING_UP || (before == RING_UNSEEN && !o->wait)))
		return source_fail(err, err_size, CONNLOG_IO, "%s: the interface %s", t->name, words[now]);
	tap_say(o, true, now == RING_UP ? "%s: the interface %s" : "%s: the interface %s, and is waited for", t->name,
	        words[now]);
	return CONNLOG_OK;
}

/* Returns whether all is taken that the kernel has handed over. */
static bool
is_empty(const struct ring_group *g)
{
	for (unsigned i = 0; i < g->n; i++)
		if (g->rings[i]->left > 0 || g->rings[i]->at < g->rings[i]->ahead)
			return false;
	return true;
}

/* Gives the first ring the socket that can still be bound, and the memory of all. */
static int
take_spare(struct ring_group *g, char *err, size_t err_size)
{
	struct ring      *r = g->rings[0];
	const struct tap *t = &r->base;

	if (g->n > 1)
		tap_say(
			t->options, true,
			"%s: captured with one ring from now on, as the kernel binds a group of them only once; after a restart "
			"there are %u again",
			t->name, g->n);
	go_alone(g);
	r->base.ops->count(&r->base);
	ring_socket_close(&r->socket);
	r->socket = (struct ring_socket){ .fd = g->spare };
	r->first = r->at = r->ahead = 0;
	g->spare = -1;
	const int status = ring_socket_filter(&r->socket, t->name, t->options, g->filter, err, err_size);
	return status == CONNLOG_OK ? ring_socket_map(&r->socket, t->name, t->options, 1, err, err_size) : status;
}

/* Binds the first ring.  Returns CONNLOG_OK or an error with its text. */
static int
bind_to(struct ring_group *g, int index, char *err, size_t err_size)
{
	struct ring_socket *s = &g->rings[0]->socket;
	const struct tap   *t = &g->rings[0]->base;
	char                why[200];

	int status = ring_socket_suits(s, t->name, why, sizeof why);
	if (status == CONNLOG_OK)
		status = ring_socket_bind(s, t->name, index, why, sizeof why);
	if (status == CONNLOG_OK && !t->options->not_promiscuous)
		status = ring_socket_widen(s, t->name, why, sizeof why);
	if (g->state != RING_UNSEEN && iface_index(s->fd, t->name) != index) { /* it has gone again */
		s->index = 0;
		return CONNLOG_OK;
	}
	if (status == CONNLOG_END && g->state != RING_UNSEEN)
		return source_fail(err, err_size, CONNLOG_IO, "%s: %s", t->name, why);
	if (status != CONNLOG_OK)
		return source_fail(err, err_size, status, "%s", why);
	g->longest = 0; /* its MTU may be another, and its features */
	g->questioned[false] = g->questioned[true] = false;
	return CONNLOG_OK;
}

int
ring_group_look(struct ring_group *g, char *err, size_t err_size)
{
	struct ring_socket *s = &g->rings[0]->socket;
	const char         *name = g->rings[0]->base.name;
	const int           index = iface_index(s->fd, name);
	int                 status = CONNLOG_OK;

	if (index == 0) {
		s->index = 0;
		return tell_state(g, RING_GONE, err, err_size);
	}
	if (index != s->index) {
		if (s->grouped && !is_empty(g))
			return CONNLOG_OK;
		if (s->grouped)
			status = take_spare(g, err, err_size);
		if (status == CONNLOG_OK)
			status = bind_to(g, index, err, err_size);
		if (status != CONNLOG_OK || s->index != index)
			return status;
	}
	const bool up = iface_up(s->fd, name);
	if (up)
		share_packets(g);
	return tell_state(g, up ? RING_UP : RING_DOWN, err, err_size);
}

/* ------------------------------------------------------------------------------------------------------------------ */

/* Opens a ring's socket; those but the first take in nothing yet. */
static int
open_ring(struct ring_group *g, unsigned i, char *err, size_t err_size)
{
	struct ring_socket         *s = &g->rings[i]->socket;
	const char                 *name = g->rings[i]->base.name;
	const connlog_live_options *o = g->rings[i]->base.options;
	int                         status = ring_socket_open(s, name, err, err_size);

	if (status != CONNLOG_OK)
		return status;
	const int index = i == 0 ? iface_index(s->fd, name) : 0;
	if (i == 0 && index == 0 && !o->wait)
		return source_fail(err, err_size, CONNLOG_END, "there is no network interface of that name");
	if (index != 0)
		status = ring_socket_suits(s, name, err, err_size);
	if (index != 0 && is_loopback(g))
		go_alone(g);
	if (status == CONNLOG_OK && (i == 0 || !ring_socket_shut(s)))
		status = ring_socket_filter(s, name, o, g->filter, err, err_size);
	return status == CONNLOG_OK ? ring_socket_map(s, name, o, g->n, err, err_size) : status;
}

int
ring_group_open(struct ring_group *g, char *err, size_t err_size)
{
	struct ring_socket spare = { .fd = -1 };
	int                status = CONNLOG_OK;

	for (unsigned i = 0; i < g->n && status == CONNLOG_OK; i++)
		status = open_ring(g, i, err, err_size);
	if (status == CONNLOG_OK && g->n > 1)
		status = ring_socket_open(&spare, g->rings[0]->base.name, err, err_size);
	g->spare = spare.fd;
	return status == CONNLOG_OK ? ring_group_look(g, err, err_size) : status;
}

void
ring_group_close(struct ring_group *g)
{
	if (g->spare >= 0)
		close(g->spare);
}
