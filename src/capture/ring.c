/* ring.c - packets of an interface from a ring that the kernel fills: AF_PACKET with TPACKET_V3.
 *
 * The ring is a row of blocks.  The kernel fills one after the other and hands each over when it is full, or some time after
 * its first packet.  Packets are handed out where they lie; a block goes back to the kernel at the first look() after
 * its last packet, so nothing is copied.  Blocks are counted without end here, and the remainder is their place.
 *
 * Several rings can share the packets of an interface.  One that goes down or away is no end: ring_group.c is about that.
 */
#include <linux/if_packet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "capture/filter.h"
#include "capture/iface.h"
#include "capture/ring.h"

#define BILLION 1000000000u

enum {
	ETHERNET = 1,
	ADDRESSES = 12,   /* of a frame, before its tag */
	TAG = 4,          /* bytes */
	FRAME_EXTRA = 22, /* Ethernet's header and two tags: what a frame is longer than the MTU */
	LOOK_EVERY = 8,   /* reads that find nothing, between two looks at the interface */
};

static struct ring *
ring_of(struct tap *t)
{
	return (struct ring *)(void *)t;
}

/* Returns the one that looks after the interface. */
static struct ring *
lead_of(const struct ring *r)
{
	return r->group->rings[0];
}

/* ---- blocks ------------------------------------------------------------------------------------------------------ */

static struct tpacket_block_desc *
block_at(const struct ring *r, uint64_t number)
{
	return (struct tpacket_block_desc *)(void *)(r->socket.map + number % r->socket.blocks * r->socket.block_size);
}

static bool
is_ours(const struct ring *r, uint64_t number)
{
	return __atomic_load_n(&block_at(r, number)->hdr.bh1.block_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER;
}

/* The header of the next packet. */
static struct tpacket3_hdr *
header(const struct ring *r)
{
	return (struct tpacket3_hdr *)(void *)r->next;
}

static void
set_head(struct ring *r)
{
	const struct tpacket3_hdr *h = header(r);

	r->base.head = (uint64_t)h->tp_sec * BILLION + h->tp_nsec;
}

static void
give_back(struct ring *r)
{
	for (; r->first < r->at; r->first++)
		__atomic_store_n(&block_at(r, r->first)->hdr.bh1.block_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
}

static void
open_block(struct ring *r)
{
	struct tpacket_block_desc *b;

	for (; r->left == 0 && r->at < r->ahead; r->at += r->left == 0) {
		b = block_at(r, r->at);
		r->left = b->hdr.bh1.num_pkts;
		r->next = (uint8_t *)b + b->hdr.bh1.offset_to_first_pkt;
	}
	r->base.ready = r->left > 0;
	if (r->base.ready)
		set_head(r);
}

static void
look_ahead(struct ring *r)
{
	while (r->ahead - r->first < r->socket.blocks && is_ours(r, r->ahead)) {
		const struct tpacket_bd_ts *t = &block_at(r, r->ahead)->hdr.bh1.ts_last_pkt;
		r->base.newest = (uint64_t)t->ts_sec * BILLION + t->ts_nsec;
		r->ahead++;
	}
	r->base.crowded = r->ahead - r->first > r->socket.blocks / 2;
}

/* The kernel opens a block before there is a packet for it, and then its count is 0; of one that it has not opened yet the count is
 * that of the round before. */
static bool
ring_is_vacant(const struct tap *t)
{
	const struct ring *r = (const struct ring *)(const void *)t;

	if (r->socket.fd < 0 || r->left > 0 || r->at < r->ahead || r->ahead - r->first == r->socket.blocks)
		return r->socket.fd < 0;
	return !is_ours(r, r->ahead) && __atomic_load_n(&block_at(r, r->ahead)->hdr.bh1.num_pkts, __ATOMIC_RELAXED) == 0;
}

/* ---- packets ----------------------------------------------------------------------------------------------------- */

/* Moves the addresses into the room before the frame and writes the tag behind them.  libpcap does the same. */
static void
put_tag_back(connlog_packet *p, const struct tpacket3_hdr *h)
{
	uint8_t       *frame = (uint8_t *)(uintptr_t)p->data - TAG;
	const bool     known = h->tp_status & TP_STATUS_VLAN_TPID_VALID;
	const uint32_t tag = (uint32_t)(known ? h->hv1.tp_vlan_tpid : 0x8100) << 16 | (h->hv1.tp_vlan_tci & 0xffff);

	memmove(frame, frame + TAG, ADDRESSES);
	frame[ADDRESSES] = (uint8_t)(tag >> 24);
	frame[ADDRESSES + 1] = (uint8_t)(tag >> 16);
	frame[ADDRESSES + 2] = (uint8_t)(tag >> 8);
	frame[ADDRESSES + 3] = (uint8_t)tag;
	p->data = frame;
	p->caplen += TAG;
	p->len += TAG;
}

static bool
was_sent(const struct tpacket3_hdr *h)
{
	const void *behind = (const uint8_t *)h + TPACKET_ALIGN(sizeof *h);

	return ((const struct sockaddr_ll *)behind)->sll_pkttype == PACKET_OUTGOING;
}

/* A frame that is longer than the MTU allows was made of several, which is told once. */
static void
note_long(struct ring *r, const struct tpacket3_hdr *h)
{
	struct ring_group *g = r->group;
	const bool         sent = was_sent(h);
	char               glue[IFACE_GLUE_MAX];

	if (g->questioned[sent])
		return;
	const unsigned mtu = iface_mtu(r->socket.fd, r->base.name);
	g->longest = mtu > 0 ? mtu + FRAME_EXTRA : UINT32_MAX;
	if (h->tp_len <= g->longest)
		return;
	g->questioned[sent] = true;
	if (g->questioned[!sent])
		g->longest = UINT32_MAX;
	if (iface_glue(r->socket.fd, r->base.name, sent, glue))
		tap_say(
			r->base.options, true,
			"%s: packets are longer than its MTU of %u, because several are made into one, so the numbers of packets "
			"in the log are too low; to turn it off: ethtool -K %s %s",
			r->base.name, mtu, r->base.name, glue);
}

static void
fill(struct ring *r, connlog_packet *p, struct tpacket3_hdr *h)
{
	p->data = (const uint8_t *)h + h->tp_mac;
	p->caplen = h->tp_snaplen;
	p->len = h->tp_len;
	p->link = ETHERNET;
	p->sec = h->tp_sec;
	p->nsec = h->tp_nsec;
	p->flags = h->tp_status & TP_STATUS_CSUMNOTREADY ? CONNLOG_PACKET_NOT_SUMMED : 0;
	if (__builtin_expect(h->tp_len > r->group->longest, 0))
		note_long(r, h);
}

/* Returns whether the packet in `p` is wanted, after what the kernel's filter could not see. */
static bool
finish(struct ring *r, connlog_packet *p, const struct tpacket3_hdr *h)
{
	const bool tagged = (h->tp_status & TP_STATUS_VLAN_VALID) && p->caplen >= ADDRESSES;

	if (tagged)
		put_tag_back(p, h);
	if (r->group->filter == NULL || !(tagged || r->socket.unfiltered))
		return true;
	return filter_match(r->group->filter, p, NULL, 0) != 0;
}

/* The kernel has written a frame long ago, so its headers are far away; the decoder asks for them in a moment. */
static void
prefetch_frame(const struct tpacket3_hdr *h)
{
	for (size_t line = 64; line <= 192; line += 64)
		__builtin_prefetch((const uint8_t *)h + line);
}

static size_t
ring_take(struct tap *t, connlog_packet *p, size_t max, uint64_t until)
{
	struct ring *r = ring_of(t);
	size_t       n = 0;

	while (n < max && t->ready && t->head <= until) {
		struct tpacket3_hdr *h = header(r);
		prefetch_frame(h);
		fill(r, &p[n], h);
		if (finish(r, &p[n], h)) {
			t->counts.bytes += p[n].len;
			n++;
		} else {
			t->counts.filtered++;
		}
		r->next += h->tp_next_offset;
		if (--r->left > 0) {
			set_head(r);
		} else {
			r->at++;
			t->ready = false;
		}
	}
	t->counts.packets += n;
	return n;
}

/* ---- the interface ----------------------------------------------------------------------------------------------- */

/* Takes the error off the socket, that poll() does not tell it again.  Returns whether there was one. */
static bool
take_error(struct ring *r)
{
	int       error = 0;
	socklen_t size = sizeof error;

	return getsockopt(r->socket.fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error != 0;
}

static int
ring_look(struct tap *t, char *err, size_t err_size)
{
	struct ring *r = ring_of(t), *lead = lead_of(r);

	if (r->socket.fd < 0)
		return CONNLOG_OK;
	give_back(r);
	look_ahead(r);
	if (r->left == 0)
		open_block(r);
	if (r != lead && t->trouble) {
		t->trouble = false;
		lead->base.trouble = lead->base.trouble || take_error(r);
	}
	if (r != lead || (t->ready && !t->trouble))
		return CONNLOG_OK;
	if (!t->trouble && ++r->idle % LOOK_EVERY != 0)
		return CONNLOG_OK;
	t->trouble = false;
	return take_error(r) || r->group->state != RING_UP ? ring_group_look(r->group, err, err_size) : CONNLOG_OK;
}

static void
ring_count(struct tap *t)
{
	struct tpacket_stats_v3 s;
	socklen_t               size = sizeof s;

	/* What was read is 0 again in the kernel. */
	if (getsockopt(ring_of(t)->socket.fd, SOL_PACKET, PACKET_STATISTICS, &s, &size) != 0)
		return;
	t->counts.dropped += s.tp_drops;
	t->counts.freezes += s.tp_freeze_q_cnt;
}

static bool
ring_close_door(struct tap *t)
{
	return ring_of(t)->socket.fd < 0 || ring_socket_shut(&ring_of(t)->socket);
}

static int
ring_fd(const struct tap *t)
{
	return ((const struct ring *)(const void *)t)->socket.fd;
}

static void
ring_free(struct tap *t)
{
	struct ring       *r = ring_of(t);
	struct ring_group *g = r->group;

	ring_socket_close(&r->socket);
	free(r);
	if (++g->freed < g->made)
		return;
	ring_group_close(g);
	free(g);
}

/* ------------------------------------------------------------------------------------------------------------------ */

static bool
add_ring(struct ring_group *g, const char *name, const connlog_live_options *o)
{
	static const struct tap_ops ops = {
		ring_look, ring_is_vacant, ring_take, ring_count, ring_close_door, ring_fd, ring_free,
	};
	struct ring *r = calloc(1, sizeof *r);

	if (r == NULL)
		return false;
	r->base = (struct tap){ .ops = &ops, .name = name, .options = o, .absent = true };
	r->socket.fd = -1;
	r->group = g;
	g->rings[g->made++] = r;
	return true;
}

int
ring_open(const char *name, const connlog_live_options *o, struct filter *filter, unsigned n, struct tap **out,
          char *err, size_t err_size)
{
	struct ring_group *g = calloc(1, sizeof *g);

	if (g == NULL)
		return source_fail(err, err_size, CONNLOG_NO_MEMORY, "no memory for an interface");
	g->spare = -1;
	g->filter = filter;
	g->n = n;
	while (g->made < n && add_ring(g, name, o))
		;
	const int      status = g->made < n ? source_fail(err, err_size, CONNLOG_NO_MEMORY, "no memory for an interface")
	                                    : ring_group_open(g, err, err_size);
	const unsigned made = g->made;

	for (unsigned i = 0; i < made; i++)
		out[i] = &g->rings[i]->base;
	if (made == 0)
		free(g);
	for (unsigned i = 0; i < made && status != CONNLOG_OK; i++)
		ring_free(out[i]);
	return status;
}
