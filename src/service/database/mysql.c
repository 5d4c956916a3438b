/* mysql.c - MySQL's client/server protocol (Zeek: analyzer/protocol/mysql).
 *
 * Confirms: the client's handshake response, which may request TLS instead of logging in; TLS is then passed to a child.
 * Violates: a packet without the form that the phase of the connection requires (mysql_packet.c).
 *
 * Buffers an incomplete packet of each side, up to the size of binpac's buffer (gather.h).  Settled after a login without TLS:
 * besides violations, only a second handshake that requests TLS could follow.
 */
#include "service/gather.h"
#include "service/database/mysql_packet.h"
#include "dpd/talk.h"

extern const struct recogniser recogniser_mysql;

#define HEADER 4u

struct half {
	struct gather packet;
	uint32_t      room; /* flow_buffer_fits() */
};

struct mysql {
	struct half         half[2];
	struct mysql_phases phases;
	bool                tls;
};

static void
start_tls(struct talk *t)
{
	((struct mysql *)talk_state(t))->tls = true;
	talk_hand_over(t, SERVICE_SSL);
}

/* Handles the packet [p, p+n), including its header. Returns false on a violation. */
static bool
packet(struct talk *t, int side, const uint8_t *p, size_t n)
{
	struct mysql *s = talk_state(t);

	if (side == TALK_RESP)
		return mysql_server_packet(&s->phases, p, n);
	switch (mysql_client_packet(&s->phases, p, n)) {
	case MYSQL_BAD:
		return false;
	case MYSQL_FINE:
		return true;
	case MYSQL_LOGIN:
		talk_confirm(t);
		talk_settled(t);
		return true;
	case MYSQL_WANTS_TLS:
		talk_confirm(t);
		start_tls(t);
		return true;
	}
	return true;
}

/* Takes a packet, or the available part of it.  Returns false on a violation. */
static bool
take(struct talk *t, int side, struct bytes *in)
{
	struct half   *h = &((struct mysql *)talk_state(t))->half[side];
	struct budget *by = talk_budget(t);
	const uint8_t *p = gather_need_from(&h->packet, by, in, HEADER);
	uint32_t       whole = 0;

	if (p) {
		whole = (load_le32(p) & 0xffffff) + HEADER;
		p = gather_need_from(&h->packet, by, in, whole);
	}
	if (!flow_buffer_fits(&h->room, gather_held(&h->packet).n))
		return false;
	if (!p)
		return true;
	const bool fits = packet(t, side, p, whole);
	gather_take(&h->packet, in, whole);
	flow_buffer_next(&h->room);
	return fits;
}

static void
mysql_feed(struct talk *t, int side, struct bytes in)
{
	struct mysql *s = talk_state(t);

	if (s->tls) {
		talk_pass(t, side, in);
		return;
	}
	if (talk_partial(t))
		return;
	while (in.n > 0)
		if (!take(t, side, &in)) { /* the next chunk begins a new packet */
			talk_violate(t);
			gather_clear(&s->half[side].packet);
			flow_buffer_next(&s->half[side].room);
			return;
		}
	if (s->tls) { /* an unfinished packet before TLS is never completed */
		gather_clear(&s->half[TALK_ORIG].packet);
		gather_clear(&s->half[TALK_RESP].packet);
	}
}

static void
mysql_gap(struct talk *t, int side, uint64_t len)
{
	if (((struct mysql *)talk_state(t))->tls)
		talk_pass_gap(t, side, len);
	else
		talk_skip(t);
}

static void
mysql_end(struct talk *t)
{
	struct mysql *s = talk_state(t);

	gather_clear(&s->half[TALK_ORIG].packet);
	gather_clear(&s->half[TALK_RESP].packet);
}

static const uint16_t ports[] = { 1434, 3306, 0 };

const struct recogniser recogniser_mysql = {
	.service = SERVICE_MYSQL,
	.tcp_ports = ports,
	.state_size = sizeof(struct mysql),
	.feed = mysql_feed,
	.gap = mysql_gap,
	.end = mysql_end,
};
