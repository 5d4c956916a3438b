/* measure.c - see measure.h. */
#include "conn/measure.h"

#include <string.h>

static const size_t sizes[MEASURE_PARTS] = {
	[MEASURE_RTT] = sizeof(struct measure_rtt),
	[MEASURE_STREAM] = sizeof(struct measure_streams),
};

void
measure_layout_init(struct measure_layout *l, uint32_t wanted)
{
	if (wanted & MEASURE(MEASURE_STREAM)) /* which asks how long the handshake took */
		wanted |= MEASURE(MEASURE_RTT);
	*l = (struct measure_layout){ .wanted = wanted };
	for (int part = 0; part < MEASURE_PARTS; part++)
		if (wanted & MEASURE(part)) {
			l->at[part] = (uint16_t)l->size;
			l->size += (uint32_t)((sizes[part] + 7) & ~(size_t)7);
		}
}

/* Exchanges two objects of `n` bytes. */
static void
swap(void *a, void *b, size_t n)
{
	unsigned char *x = a, *y = b;

	for (size_t i = 0; i < n; i++) {
		const unsigned char first = x[i];
		x[i] = y[i];
		y[i] = first;
	}
}

#define SWAP(two) swap(&(two)[0], &(two)[1], sizeof(two)[0])

/* A handshake that is not over belongs to the roles as they were. */
static void
flip_rtt(struct measure_rtt *r)
{
	SWAP(r->half);
	if (r->stage != STAGE_DONE)
		r->stage = STAGE_BEGIN;
}

void
measure_flip(const struct measure_layout *l, void *object)
{
	char *at = object;

	if (l->wanted & MEASURE(MEASURE_RTT))
		flip_rtt((struct measure_rtt *)(void *)(at + l->at[MEASURE_RTT]));
	if (l->wanted & MEASURE(MEASURE_STREAM)) {
		struct measure_streams *s = (struct measure_streams *)(void *)(at + l->at[MEASURE_STREAM]);
		SWAP(s->side);
	}
}
