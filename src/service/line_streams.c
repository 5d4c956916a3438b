/* line_streams.c - see line_streams.h. */
#include "service/line_streams.h"

void
line_streams_begin(struct talk *t, line_fn take)
{
	struct line_streams *s = talk_state(t);

	s->side[0].flags = s->side[1].flags = LINES_CR | LINES_LF;
	s->take = take;
}

static void
cut(struct talk *t, int side, struct bytes b)
{
	struct line_streams *s = talk_state(t);
	struct bytes         line;
	uint64_t             full;

	while (lines_next(&s->side[side], talk_budget(t), &b, &line, &full) != LINES_MORE)
		s->take(t, side, line, full);
}

void
line_streams_feed(struct talk *t, int side, struct bytes b)
{
	const struct line_streams *s = talk_state(t);

	if (s->raw)
		s->take(t, side, b, b.n);
	else
		cut(t, side, b);
}

void
line_streams_eof(struct talk *t, int side)
{
	const struct line_streams *s = talk_state(t);

	if (lines_unfinished(&s->side[side]))
		cut(t, side, lines_lf);
}

void
line_streams_flipped(struct talk *t)
{
	struct line_streams *s = talk_state(t);

	lines_swap(s->side);
}

void
line_streams_end(struct talk *t)
{
	struct line_streams *s = talk_state(t);

	lines_clear_both(s->side, talk_budget(t));
}

void
line_streams_upgrade(struct talk *t)
{
	struct line_streams *s = talk_state(t);

	s->raw = true;
	talk_hand_over(t, SERVICE_SSL);
}

void
line_streams_pass(struct talk *t, int side, struct bytes b)
{
	if (b.n > 0)
		talk_pass(t, side, b);
}
