/* history.c - see history.h. Histories are short: up to fifteen letters are stored in the connection; longer ones move
 * into its extra, up to max_history letters. */
#include "conn/history.h"

#include <stdlib.h>
#include <string.h>

/* Moves the text into the extra, with room for one more letter.  Returns NULL when out of memory. */
static struct conn_extra *
history_spill(struct conn_store *s, uint32_t handle)
{
	const struct conn_cold *cold = conn_cold_at(s, conn_at(s, handle));
	struct conn_extra      *x = conn_extra_need(s, handle);

	if (!x)
		return NULL;
	if (x->history && x->history_len < x->history_room)
		return x;
	const uint32_t room = x->history ? 2 * x->history_room : 4 * HISTORY_INLINE;
	char          *text = realloc(x->history, room);
	if (!text)
		return NULL;
	if (!x->history) {
		memcpy(text, cold->history, HISTORY_INLINE);
		x->history_len = HISTORY_INLINE;
	}
	x->history = text;
	x->history_room = room;
	return x;
}

static void
add(struct conn_store *s, uint32_t handle, const struct conn *c, char letter)
{
	if ((c->flags & CONN_EMBRYO) && !s->tracker->open(s, handle)) {
		s->counters.history_cut++;
		return;
	}
	struct conn_cold *cold = conn_cold_at(s, c);
	if (cold->history_len < HISTORY_INLINE) {
		cold->history[cold->history_len++] = letter;
		return;
	}
	const struct conn_extra *have = conn_extra_at(s, c);
	if (have && have->history_len >= s->opt->max_history) {
		s->counters.history_cut++;
		return;
	}
	struct conn_extra *x = history_spill(s, handle);
	if (!x) {
		s->counters.history_cut++;
		return;
	}
	x->history[x->history_len++] = letter;
	cold->history_len = HISTORY_INLINE + 1;
}

void
history_add(struct conn_store *s, uint32_t handle, char letter)
{
	add(s, handle, conn_at(s, handle), letter);
}

bool
history_once(struct conn_store *s, uint32_t handle, uint32_t bits, char letter)
{
	struct conn *c = conn_at(s, handle);

	if (c->hist_seen & bits)
		return true;
	c->hist_seen = (uint16_t)(c->hist_seen | bits);
	add(s, handle, c, letter);
	return false;
}

uint32_t
history_scaled(struct conn_store *s, uint32_t handle, struct scaled *n, char letter)
{
	if (n->threshold == 0)
		n->threshold = 1;
	if (++n->count != n->threshold)
		return 0;
	const uint32_t reached = n->threshold;
	history_add(s, handle, letter);
	if (n->threshold * 10 <= n->threshold)
		n->count = 0; /* wrapped around: keep the threshold, count again */
	else
		n->threshold *= 10;
	return reached;
}

void
history_set(struct conn_store *s, uint32_t handle, const char *text)
{
	conn_cold_at(s, conn_at(s, handle))->history_len = 0;
	for (; *text; text++)
		history_add(s, handle, *text);
}

const char *
history_text(const struct conn_store *s, uint32_t handle, size_t *len)
{
	const struct conn *c = conn_at(s, handle);

	if (c->flags & CONN_EMBRYO) {
		*len = c->hist_seen != 0;
		return "S";
	}
	const struct conn_cold *cold = conn_cold_at(s, c);
	if (cold->history_len <= HISTORY_INLINE) {
		*len = cold->history_len;
		return cold->history;
	}
	const struct conn_extra *x = conn_extra_at(s, c);
	*len = x->history_len;
	return x->history;
}
