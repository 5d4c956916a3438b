/* http_talk.c - the recogniser of HTTP (http.c), and its state between chunks.
 *
 * While it is fed, there is a complete `struct http`. If the chunk ends with a message, as most do, the state of the
 * dialogue fits into a few bytes (struct http_rest), from which the complete one is made again for the next chunk;
 * otherwise the complete one stays allocated until a chunk ends between messages.
 */
#include "service/web/http.h"

#include <stdlib.h>
#include <string.h>

static const uint16_t ports[] = { 80, 81, 631, 1080, 3128, 8000, 8080, 8888, 0 };

_Static_assert(sizeof(struct http_rest) <= 48, "with its talk and inspection one and a half cache lines");

static struct http *
wake(struct talk *t, struct http *room)
{
	struct http_rest *r = talk_state(t);

	r->busy = true;
	if (r->whole)
		return r->whole;
	*room = (struct http){ .t = t, .d = r->d };
	for (int side = 0; side < 2; side++) {
		struct http_side *s = &room->side[side];
		s->delivery = -1;
		s->stage = r->side[side].stage;
		s->lines.last = r->side[side].last;
		s->lines.flags = r->side[side].flags;
		s->lines.line_first = r->side[side].line_first;
	}
	return room;
}

static void
keep(struct http_rest *r, const struct http *h)
{
	r->d = h->d;
	for (int side = 0; side < 2; side++) {
		const struct http_side *s = &h->side[side];
		r->side[side].stage = s->stage;
		r->side[side].last = s->lines.last;
		r->side[side].flags = s->lines.flags;
		r->side[side].line_first = s->lines.line_first;
	}
}

static void
drop(struct http *h)
{
	for (int side = 0; side < 2; side++) {
		lines_clear(&h->side[side].lines, talk_budget(h->t));
		http_message_free(h, side);
	}
}

static bool
side_rests(const struct http_side *s)
{
	return s->lines.held.length == 0 && s->lines.plain == 0 && s->remaining == 0 && s->delivery == -1 && !s->message;
}

/* Called after feeding. When out of memory for an incomplete message, inspection ends. */
static void
lie_down(struct http *h)
{
	struct http_rest *r = talk_state(h->t);

	r->busy = false;
	r->handed_over = h->d.handed_over;
	if (!side_rests(&h->side[0]) || !side_rests(&h->side[1])) {
		if (r->whole)
			return;
		r->whole = malloc(sizeof *h);
		if (r->whole) {
			*r->whole = *h;
			return;
		}
		drop(h);
		talk_skip(h->t);
	}
	for (int side = 0; side < 2; side++)
		if (h->side[side].lines.held.p)
			lines_clear(&h->side[side].lines, talk_budget(h->t));
	keep(r, h);
	if (r->whole) {
		free(r->whole);
		r->whole = NULL;
	}
}

void
http_feed(struct talk *t, int side, struct bytes in)
{
	struct http room, *h = wake(t, &room);

	http_take(h, side, in);
	lie_down(h);
}

static void
feed(struct talk *t, int side, struct bytes in)
{
	if (!http_straight(t, side, in))
		http_feed(t, side, in);
}

static void
gap(struct talk *t, int side, uint64_t len)
{
	struct http room, *h = wake(t, &room);

	http_miss(h, side, len);
	lie_down(h);
}

static void
eof(struct talk *t, int side)
{
	struct http room, *h = wake(t, &room);

	http_stream_over(h, side);
	lie_down(h);
}

static void
interrupted(struct talk *t)
{
	struct http room, *h = wake(t, &room);

	http_cut(h);
	lie_down(h);
}

/* Exchanges the sides' states after a flip. */
static void
exchange(struct http *h)
{
	struct http_side  *a = &h->side[TALK_ORIG], *b = &h->side[TALK_RESP];
	const struct lines lines = a->lines;
	const int64_t      delivery = a->delivery;
	const bool         dead = a->dead;

	a->lines = b->lines;
	a->delivery = b->delivery;
	a->dead = b->dead;
	b->lines = lines;
	b->delivery = delivery;
	b->dead = dead;
}

static void
flipped(struct talk *t)
{
	const struct http_rest *r = talk_state(t);
	struct http             room;

	if (r->busy || r->handed_over) /* a child that is being fed, or could be, may have done it */
		return;
	struct http *h = wake(t, &room);
	if (h->d.asked || h->d.replied)
		talk_skip(t);
	else
		exchange(h);
	lie_down(h);
}

static void
begin(struct talk *t)
{
	struct http_rest *r = talk_state(t);

	r->side[0].flags = r->side[1].flags = LINES_CR | LINES_LF;
}

static void
end(struct talk *t)
{
	struct http_rest *r = talk_state(t);

	if (r->whole)
		drop(r->whole);
	free(r->whole);
}

const struct recogniser recogniser_http = {
	.service = SERVICE_HTTP,
	.tcp_ports = ports,
	.state_size = sizeof(struct http_rest),
	.feed = feed,
	.begin = begin,
	.gap = gap,
	.eof = eof,
	.cut = interrupted,
	.flipped = flipped,
	.end = end,
};
