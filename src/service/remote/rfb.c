/* rfb.c - RFB, the protocol of VNC (RFC 6143; Zeek: analyzer/protocol/rfb).
 *
 * Confirms: the client's version.  Violates: a side that speaks out of turn, a message that clients do not send,
 * lengths of 64 KiB and more (after any of these everything is ignored), and a type or result of the security handshake that
 * Zeek does not know (which has no other effect).  After the ServerInit only the client is followed.
 *
 * A unit begins where the previous one ends; its kind follows from the state of its side at that time or, if that side has to
 * wait, at its first byte.  It is a head of known length, whose fields tell how many bytes follow; those are only counted.
 * Buffers a head of each side, at most HEAD bytes.
 */
#include "dpd/talk.h"

extern const struct recogniser recogniser_rfb;

#define HEAD    24
#define LONGEST 65536u /* MAX_DATA_LENGTH */

enum state {
	VERSION,
	WAIT, /* for the other side */
	/* server */
	TYPE,  /* of security, up to 3.6 */
	TYPES, /* from 3.7 on: the client selects */
	FAILURE,
	CHALLENGE,
	ARD_CHALLENGE, /* Apple's */
	RESULT,
	SERVER_INIT,
	UPDATE, /* a server's message: its type */
	UPDATE_BODY,
	/* client */
	SELECT,
	RESPONSE,
	ARD_RESPONSE,
	CLIENT_INIT,
	MESSAGE,
	MESSAGE_BODY,
};

struct half {
	enum state state, unit; /* the next unit; the current one */
	bool       begun;
	bool       sized;   /* `rest` is known */
	uint8_t    type;    /* of the message whose body follows */
	uint8_t    need, n; /* bytes of the head: in total, buffered */
	uint32_t   rest;    /* bytes left after the head */
	uint8_t    head[HEAD];
};

struct rfb {
	struct half half[2];
	int         minor; /* of the version */
	uint16_t    ard_key;
	bool        done; /* the handshake */
};

enum verdict { FINE, DOUBTFUL, DEAD };

static void
go(struct rfb *s, enum state server, enum state client)
{
	s->half[TALK_RESP].state = server;
	s->half[TALK_ORIG].state = client;
}

/* Parses as atoi() does. */
static int
number(const uint8_t *p, size_t n)
{
	int  v = 0;
	bool minus = false;

	for (; n > 0 && (*p == ' ' || (*p >= '\t' && *p <= '\r')); n--)
		p++;
	if (n > 0 && (*p == '-' || *p == '+')) {
		minus = *p++ == '-';
		n--;
	}
	for (; n > 0 && *p >= '0' && *p <= '9'; n--)
		v = v * 10 + *p++ - '0';
	return minus ? -v : v;
}

/* ---- the sizes */

/* Stores the length of a unit's head.  Returns false if there is no such unit. */
static bool
head_length(const struct rfb *s, struct half *h)
{
	static const uint8_t fixed[] = {
		[VERSION] = 12,  [TYPE] = 4,          [TYPES] = 1,        [FAILURE] = 4, [CHALLENGE] = 16,
		[RESULT] = 4,    [ARD_CHALLENGE] = 4, [SERVER_INIT] = 24, [UPDATE] = 1,  [SELECT] = 1,
		[RESPONSE] = 16, [CLIENT_INIT] = 1,   [MESSAGE] = 1,
	};
	static const uint8_t client[] = { 19, 0, 3, 9, 7, 5, 7 };
	static const uint8_t server[] = { 3, 5, 0, 7 };

	h->need = 0;
	if (h->unit == WAIT)
		return false;
	if (h->unit == MESSAGE_BODY) {
		if (h->type == 1 || h->type >= sizeof client)
			return false;
		h->need = client[h->type];
	} else if (h->unit == UPDATE_BODY) {
		if (h->type >= sizeof server)
			return false;
		h->need = server[h->type];
	} else if (h->unit == ARD_RESPONSE) {
		h->rest = 2u * s->ard_key;
		h->sized = true;
	} else {
		h->need = fixed[h->unit];
	}
	return true;
}

/* Stores the size of what follows a complete head.  Returns false if it is too large. */
static bool
rest_length(struct half *h)
{
	const uint8_t *p = h->head;
	uint32_t       n = 0;

	switch (h->unit) {
	case TYPES:
		n = p[0];
		break;
	case FAILURE:
		n = load_be32(p);
		break;
	case ARD_CHALLENGE:
		h->rest = 2u * load_be16(p + 2);
		return true;
	case SERVER_INIT:
		n = load_be32(p + 20);
		break;
	case MESSAGE_BODY:
		if (h->type == 2) {
			h->rest = 4u * load_be16(p + 1);
			return true;
		}
		n = h->type == 6 ? load_be32(p + 3) : 0;
		break;
	case UPDATE_BODY:
		if (h->type == 1) {
			h->rest = 6u * load_be16(p + 3);
			return true;
		}
		if (h->type == 0 && load_be16(p + 1) != 0) /* Zeek reads no rectangles */
			return false;
		n = h->type == 3 ? load_be32(p + 3) : 0;
		break;
	default:
		break;
	}
	h->rest = n;
	return n < LONGEST;
}

/* ---- complete units */

static enum verdict
version(struct talk *t, int side)
{
	struct rfb    *s = talk_state(t);
	const uint8_t *p = s->half[side].head;

	if (memcmp(p, "RFB ", 4) != 0 || p[7] != '.')
		return DEAD;
	if (side == TALK_RESP) {
		s->half[TALK_RESP].state = WAIT;
		return FINE;
	}
	s->minor = number(p + 8, 3);
	go(s, s->minor >= 7 ? TYPES : TYPE, s->minor >= 7 ? SELECT : WAIT);
	talk_confirm(t);
	talk_settled(t);
	return FINE;
}

static enum verdict
security_type(struct rfb *s, uint32_t type)
{
	switch (type) {
	case 0:
		go(s, FAILURE, CLIENT_INIT);
		return FINE;
	case 1:
		go(s, SERVER_INIT, CLIENT_INIT);
		return FINE;
	case 2:
		go(s, CHALLENGE, RESPONSE);
		return FINE;
	default:
		return DOUBTFUL;
	}
}

static enum verdict
selected(struct rfb *s, uint8_t type)
{
	switch (type) {
	case 1:
		go(s, s->minor > 7 ? RESULT : SERVER_INIT, CLIENT_INIT);
		return FINE;
	case 2:
		go(s, CHALLENGE, RESPONSE);
		return FINE;
	case 30:
		go(s, ARD_CHALLENGE, WAIT);
		return FINE;
	default:
		return DOUBTFUL;
	}
}

static enum verdict
complete(struct talk *t, int side)
{
	struct rfb    *s = talk_state(t);
	struct half   *h = &s->half[side];
	const uint8_t *p = h->head;

	switch (h->unit) {
	case VERSION:
		return version(t, side);
	case TYPE:
		return security_type(s, load_be32(p));
	case TYPES:
		h->state = p[0] == 0 ? FAILURE : WAIT;
		break;
	case SELECT:
		return selected(s, p[0]);
	case CHALLENGE:
		go(s, RESULT, RESPONSE);
		break;
	case ARD_CHALLENGE:
		s->ard_key = load_be16(p + 2);
		go(s, RESULT, ARD_RESPONSE);
		break;
	case RESULT:
		if (load_be32(p) > 1)
			return DOUBTFUL;
		h->state = load_be32(p) == 0 ? SERVER_INIT : FAILURE;
		break;
	case FAILURE:
		h->state = SERVER_INIT;
		break;
	case RESPONSE:
	case ARD_RESPONSE:
		h->state = CLIENT_INIT;
		break;
	case CLIENT_INIT:
	case MESSAGE_BODY:
		h->state = MESSAGE;
		break;
	case SERVER_INIT:
		s->done = true;
		h->state = UPDATE;
		break;
	case UPDATE_BODY:
		h->state = UPDATE;
		break;
	case MESSAGE:
	case UPDATE:
		h->type = p[0];
		h->state = h->unit == MESSAGE ? MESSAGE_BODY : UPDATE_BODY;
		break;
	case WAIT:
		break;
	}
	return FINE;
}

/* Begins the next unit. Returns false if none can follow. */
static bool
begin(const struct rfb *s, struct half *h)
{
	h->begun = true;
	h->sized = false;
	h->unit = h->state;
	h->n = 0;
	return head_length(s, h);
}

/* Completes a unit and begins the next one. */
static enum verdict
proceed(struct talk *t, int side)
{
	struct rfb        *s = talk_state(t);
	struct half       *h = &s->half[side];
	const enum verdict v = complete(t, side);

	h->begun = false;
	return v == DEAD || h->state == WAIT || begin(s, h) ? v : DEAD;
}

/* Takes a unit, or the available part of it. */
static enum verdict
take(struct talk *t, int side, struct bytes *in)
{
	struct rfb  *s = talk_state(t);
	struct half *h = &s->half[side];

	if (!h->begun && !begin(s, h))
		return DEAD;
	const size_t more = in->n < (size_t)(h->need - h->n) ? in->n : (size_t)(h->need - h->n);
	memcpy(h->head + h->n, in->p, more);
	h->n += (uint8_t)more;
	*in = bytes_skip(*in, more);
	if (h->n < h->need)
		return FINE;
	if (!h->sized) {
		h->sized = true;
		if (!rest_length(h))
			return DEAD;
	}
	const uint32_t n = in->n < h->rest ? (uint32_t)in->n : h->rest;
	*in = bytes_skip(*in, n);
	h->rest -= n;
	return h->rest > 0 ? FINE : proceed(t, side);
}

static void
rfb_feed(struct talk *t, int side, struct bytes in)
{
	const struct rfb *s = talk_state(t);

	if (talk_partial(t) || (s->done && side == TALK_RESP))
		return;
	while (in.n > 0) {
		const enum verdict v = take(t, side, &in);
		if (v != FINE)
			talk_violate(t);
		if (v == DEAD) {
			talk_skip(t);
			return;
		}
	}
}

static void
rfb_gap(struct talk *t, int side, uint64_t len)
{
	(void)side, (void)len;
	talk_skip(t);
}

const struct recogniser recogniser_rfb = {
	.service = SERVICE_RFB,
	.state_size = sizeof(struct rfb),
	.feed = rfb_feed,
	.gap = rfb_gap,
};
