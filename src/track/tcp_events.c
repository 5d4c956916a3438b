/* tcp_events.c - events that report a packet's header (TCPSessionAdapter.cc: build_syn_packet_val, GeneratePacketEvent,
 * ParseTCPOptions), and tcp_rexmit (analyzer/protocol/tcp/TCP.cc: TCPStats_Endpoint), which needs to know the windows
 * that were offered (init_window, update_window) and the identification of the latest IP packet.
 *
 * Nothing here runs unless one of these events is handled.
 */
#include "track/tcp.h"

#define OPTIONS_MAX 40 /* bytes */

enum { OPT_END, OPT_NOP, OPT_MSS, OPT_WINDOW_SCALE, OPT_SACK_OK, OPT_SACK, OPT_TIMESTAMPS = 8, OPT_QUICK_START = 27 };
enum { OPT_USER_TIMEOUT = 28, OPT_AUTH = 29, OPT_FAST_OPEN = 34 };

/* Returns the bytes of the header's options, as far as they were captured. */
static struct bytes
options_of(const struct pkt *p)
{
	const size_t end = 4u * p->tcp_off;

	if (end <= 20 || p->payload.n < end)
		return (struct bytes){ NULL, 0 };
	return (struct bytes){ p->payload.p + 20, end - 20 };
}

/* Splits the header's options.  Returns their number and stores in at[i] where each begins. */
static size_t
cut_options(struct bytes b, const uint8_t *at[OPTIONS_MAX])
{
	size_t n = 0;

	while (b.n > 0) {
		const unsigned kind = b.p[0];
		const size_t   len = kind <= OPT_NOP ? 1 : b.n > 1 ? b.p[1] : 0;
		if (len == 0 || len > b.n)
			break;
		at[n++] = b.p;
		b.p += len;
		b.n -= len;
		if (kind == OPT_END)
			break;
	}
	return n;
}

static unsigned
option_length(const uint8_t *o)
{
	return o[0] <= OPT_NOP ? 1 : o[1];
}

static uint32_t
be(const uint8_t *p, int n)
{
	uint32_t v = 0;
	while (n-- > 0)
		v = v << 8 | *p++;
	return v;
}

/* What the options of a SYN offer. */
struct syn_options {
	int      window_scale; /* -1: none */
	uint32_t mss;
	bool     sack_ok, has_times;
	uint32_t value, echo;
};

static void
take_syn_option(struct syn_options *out, const uint8_t *o, unsigned len)
{
	if (o[0] == OPT_SACK_OK) {
		out->sack_ok = true;
	} else if (o[0] == OPT_MSS && len >= 4) {
		out->mss = be(o + 2, 2);
	} else if (o[0] == OPT_WINDOW_SCALE && len >= 3) {
		out->window_scale = o[2];
	} else if (o[0] == OPT_TIMESTAMPS && len >= 10) {
		out->has_times = true;
		out->value = be(o + 2, 4);
		out->echo = be(o + 6, 4);
	}
}

static struct syn_options
read_syn_options(const struct pkt *p)
{
	struct syn_options out = { .window_scale = -1 };
	const uint8_t     *at[OPTIONS_MAX];
	const size_t       n = cut_options(options_of(p), at);

	for (size_t i = 0; i < n; i++)
		take_syn_option(&out, at[i], option_length(at[i]));
	return out;
}

void
tcp_raise_syn(const struct tcp_ctx *x, const struct pkt *p, bool is_orig)
{
	const struct syn_options o = read_syn_options(p);
	connlog_value            value = event_count(o.value), echo = event_count(o.echo);

	value.set = echo.set = o.has_times;
	const connlog_field fields[] = {
		{ "is_orig", event_bool(is_orig) },
		{ "DF", event_bool(p->df) },
		{ "ttl", event_count(p->ttl) },
		{ "size", event_count(p->ip_len) },
		{ "win_size", event_count(p->tcp_win) },
		{ "win_scale", { .type = CONNLOG_INT, .set = true, .integer = o.window_scale } },
		{ "MSS", event_count(o.mss) },
		{ "SACK_OK", event_bool(o.sack_ok) },
		{ "TSval", value },
		{ "TSecr", echo },
	};
	const connlog_value pkt = { .type = CONNLOG_RECORD,
		                        .set = true,
		                        .record = { fields, sizeof fields / sizeof *fields } };
	conn_raise(x->s, x->handle, CONNLOG_EVENT_CONNECTION_SYN_PACKET, &pkt);
}

static void
raise_packet(const struct tcp_ctx *x, const struct pkt *p, bool is_orig, uint64_t seq, uint64_t ack)
{
	static const struct {
		uint8_t flag;
		char    letter;
	} letters[] = {
		{ TCP_SYN, 'S' }, { TCP_FIN, 'F' }, { TCP_RST, 'R' }, { TCP_ACK, 'A' }, { TCP_PSH, 'P' }, { TCP_URG, 'U' },
	};
	char   flags[6];
	size_t n = 0;

	for (size_t i = 0; i < sizeof letters / sizeof *letters; i++)
		if (p->tcp_flags & letters[i].flag)
			flags[n++] = letters[i].letter;
	conn_raise(x->s, x->handle, CONNLOG_EVENT_TCP_PACKET,
	           (connlog_value[]){ event_bool(is_orig), event_text(flags, n), event_count(seq),
	                              event_count(p->tcp_flags & TCP_ACK ? ack : 0), event_count((uint64_t)p->data_len),
	                              event_bytes(p->data.p, p->data.n) });
}

/* The fields of TCP::Option. */
enum { F_KIND, F_LENGTH, F_DATA, F_MSS, F_SCALE, F_SACK, F_SEND, F_ECHO, F_RATE, F_TTL_DIFF, F_NONCE, F_COUNT };

struct option_fields {
	connlog_field at[F_COUNT];
	uint64_t      sack[8];
};

/* Options with a valid length are parsed; the others are passed on as bytes. */
static void
fill_option(struct option_fields *f, const uint8_t *o, unsigned len)
{
	static const char *const names[F_COUNT] = { "kind",         "length",   "data",           "mss",
		                                        "window_scale", "sack",     "send_timestamp", "echo_timestamp",
		                                        "rate",         "ttl_diff", "qs_nonce" };
	bool                     known = false;

	for (int i = 0; i < F_COUNT; i++)
		f->at[i] = (connlog_field){ names[i], { .type = CONNLOG_COUNT, .set = false } };
	f->at[F_KIND].value = event_count(o[0]);
	f->at[F_LENGTH].value = event_count(len);
	switch (o[0]) {
	case OPT_MSS:
		if ((known = len == 4))
			f->at[F_MSS].value = event_count(be(o + 2, 2));
		break;
	case OPT_WINDOW_SCALE:
		if ((known = len == 3))
			f->at[F_SCALE].value = event_count(o[2]);
		break;
	case OPT_SACK:
		if ((known = len == 10 || len == 18 || len == 26 || len == 34)) {
			const size_t n = (len - 2) / 4;
			for (size_t i = 0; i < n; i++)
				f->sack[i] = be(o + 2 + 4 * i, 4);
			f->at[F_SACK].value = (connlog_value){ .type = CONNLOG_COUNTS, .set = true, .counts = { f->sack, n } };
		}
		break;
	case OPT_TIMESTAMPS:
		if ((known = len == 10)) {
			f->at[F_SEND].value = event_count(be(o + 2, 4));
			f->at[F_ECHO].value = event_count(be(o + 6, 4));
		}
		break;
	case OPT_QUICK_START:
		if ((known = len == 8)) {
			f->at[F_RATE].value = event_count(o[2]);
			f->at[F_TTL_DIFF].value = event_count(o[3]);
			f->at[F_NONCE].value = event_count(be(o + 4, 4));
		}
		break;
	case OPT_SACK_OK:
		known = len == 2;
		break;
	case OPT_USER_TIMEOUT:
		known = len == 4;
		break;
	case OPT_AUTH:
		known = len >= 4;
		break;
	case OPT_FAST_OPEN:
		known = len == 2 || (len >= 6 && len <= 18);
		break;
	default:
		break;
	}
	if (!known && len > 2)
		f->at[F_DATA].value = event_bytes(o + 2, len - 2);
}

static void
raise_options(const struct tcp_ctx *x, const struct pkt *p, bool is_orig)
{
	const uint8_t       *at[OPTIONS_MAX];
	struct option_fields fields[OPTIONS_MAX];
	connlog_fields       list[OPTIONS_MAX];
	const struct bytes   b = options_of(p);
	const size_t         n = cut_options(b, at);

	if (b.n == 0)
		return;
	for (size_t i = 0; i < n && conn_wants(x->s, CONNLOG_EVENT_TCP_OPTION); i++)
		conn_raise(x->s, x->handle, CONNLOG_EVENT_TCP_OPTION,
		           (connlog_value[]){ event_bool(is_orig), event_count(at[i][0]), event_count(option_length(at[i])) });
	if (!conn_wants(x->s, CONNLOG_EVENT_TCP_OPTIONS))
		return;
	for (size_t i = 0; i < n; i++) {
		fill_option(&fields[i], at[i], option_length(at[i]));
		list[i] = (connlog_fields){ fields[i].at, F_COUNT };
	}
	conn_raise(
		x->s, x->handle, CONNLOG_EVENT_TCP_OPTIONS,
		(connlog_value[]){ event_bool(is_orig), { .type = CONNLOG_RECORDS, .set = true, .records = { list, n } } });
}

void
tcp_raise_packet(const struct tcp_ctx *x, const struct pkt *p, bool is_orig, uint64_t seq, uint64_t ack)
{
	if (conn_wants(x->s, CONNLOG_EVENT_TCP_PACKET))
		raise_packet(x, p, is_orig, seq, ack);
	if (conn_wants(x->s, CONNLOG_EVENT_TCP_OPTION) || conn_wants(x->s, CONNLOG_EVENT_TCP_OPTIONS))
		raise_options(x, p, is_orig);
}

/* Returns the statistics of the connection's packets, creating them if necessary; NULL when out of memory. */
static struct tcp_stats *
stats_need(const struct tcp_ctx *x)
{
	struct tcp_rare *r = tcp_widen(x) ? tcp_timers(x->s, x->t) : NULL;

	if (r && !r->stats)
		r->stats = slab_alloc(&x->s->tcp_stats);
	return r && r->stats ? slab_at(&x->s->tcp_stats, r->stats) : NULL;
}

/* init_window: a SYN offers a window scale, or announces that there is none. */
static void
offer_scale(struct tcp_stats_ep *from, struct tcp_stats_ep *to, const struct pkt *p)
{
	const int scale = read_syn_options(p).window_scale;

	if (scale < 0) {
		from->scale = 0;
		if (p->tcp_flags & TCP_ACK)
			to->scale = 0;
		return;
	}
	from->scale = (uint8_t)(scale > 14 ? 14 : scale);
	from->win_seq = p->tcp_seq;
	from->win_ack = p->tcp_ack;
	to->win_seq = p->tcp_ack;
	to->win_ack = p->tcp_seq;
}

void
tcp_stats_window(const struct tcp_ctx *x, const struct tcp_ep *ep, const struct pkt *p)
{
	struct tcp_stats *st = stats_need(x);

	if (!st)
		return;
	const int            side = ep == &x->t->ep[1];
	struct tcp_stats_ep *from = &st->ep[side];
	if (!(p->tcp_flags & (TCP_SYN | TCP_FIN | TCP_RST)) && ep->state != TCP_CLOSED && ep->state != TCP_RESET &&
	    tcp_delta(p->tcp_seq, from->win_seq) >= 0 && tcp_delta(p->tcp_ack, from->win_ack) >= 0) {
		from->window = (uint32_t)p->tcp_win << from->scale;
		from->win_ack = p->tcp_ack;
		from->win_seq = p->tcp_seq;
	}
	if (p->tcp_flags & TCP_SYN)
		offer_scale(from, &st->ep[!side], p);
}

/* IP_Hdr::ID: IPv6 has none outside of fragments. */
static uint16_t
ip_id(const struct pkt *p)
{
	return p->ip_version == 4 && p->ip.n >= 6 ? (uint16_t)be(p->ip.p + 4, 2) : 0;
}

static int
swapped_delta(uint16_t a, uint16_t b)
{
	return (int16_t)((uint16_t)(a << 8 | a >> 8) - (uint16_t)(b << 8 | b >> 8));
}

/* Returns whether the packet left its host before the one that arrived earlier. Some hosts count in the other byte
 * order. */
static bool
is_out_of_order(uint16_t id, uint16_t last)
{
	const int big = (int16_t)(id - last), little = swapped_delta(id, last);
	const int delta = (big > 0 ? big : -big) < (little > 0 ? little : -little) ? big : little;
	return delta < 0 && delta > -256;
}

void
tcp_stats_packet(const struct tcp_ctx *x, const struct pkt *p, bool is_orig, uint64_t seq)
{
	struct tcp_stats *st = stats_need(x);

	if (!st)
		return;
	/* The statistics belong to the endpoints that were originator and responder when the connection began; a flip since
	 * then exchanges the packets, but not these. */
	const int            side = !is_orig;
	struct tcp_stats_ep *e = &st->ep[side];
	const struct tcp_ep *ep = &x->t->ep[side];
	const uint16_t       id = ip_id(p);

	if (++e->packets == 1) {
		e->last_id = id;
		return;
	}
	if (id == e->last_id || is_out_of_order(id, e->last_id))
		return;
	e->last_id = id;
	const uint64_t len = p->data.n, top = seq + len;
	if ((int64_t)(top - e->top) > 0) {
		e->top = top;
		return;
	}
	const int32_t in_flight = tcp_delta(ep->last, ep->ack);
	conn_raise(x->s, x->handle, CONNLOG_EVENT_TCP_REXMIT,
	           (connlog_value[]){ event_bool(tcp_is_orig(x->t, ep)), event_count(seq), event_count(len),
	                              event_count(in_flight > 0 ? (uint64_t)in_flight : 0),
	                              event_count(st->ep[!side].window) });
}
