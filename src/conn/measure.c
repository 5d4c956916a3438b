/* measure.c - see measure.h. */
#include "conn/measure.h"

#include <string.h>

static const size_t sizes[MEASURE_PARTS] = {
	[MEASURE_RTT] = sizeof(struct measure_rtt),       [MEASURE_STREAM] = sizeof(struct measure_streams),
	[MEASURE_HEADER] = sizeof(struct measure_header), [MEASURE_SYN] = sizeof(struct measure_syn),
	[MEASURE_FLAGS] = sizeof(struct measure_flags),   [MEASURE_PAYLOAD] = sizeof(struct measure_payload),
	[MEASURE_TIMES] = sizeof(struct measure_times),   [MEASURE_SIZES] = sizeof(struct measure_sizes),
};

void
measure_layout_init(struct measure_layout *l, uint32_t wanted, uint64_t payload_max)
{
	if (wanted & MEASURE(MEASURE_STREAM)) /* the stream needs the duration of the handshake */
		wanted |= MEASURE(MEASURE_RTT);
	*l = (struct measure_layout){ .wanted = wanted };
	l->payload_max = (uint8_t)(payload_max < FIRST_PAYLOAD_MAX ? payload_max : FIRST_PAYLOAD_MAX);
	for (int part = 0; part < MEASURE_PARTS; part++)
		if (wanted & MEASURE(part)) {
			l->at[part] = (uint16_t)l->size;
			const size_t size = sizes[part] + (part == MEASURE_PAYLOAD ? 2 * (size_t)l->payload_max : 0);
			l->size += (uint32_t)((size + 7) & ~(size_t)7);
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

/* Flips a measurement. A handshake that is not complete belongs to the previous roles. */
static void
flip_rtt(struct measure_rtt *r)
{
	SWAP(r->half);
	if (r->stage != STAGE_DONE)
		r->stage = STAGE_BEGIN;
}

static void
flip_payload(struct measure_payload *p, size_t max)
{
	SWAP(p->n);
	swap(p->bytes, p->bytes + max, max);
}

static void
flip_part(const struct measure_layout *l, enum measure_part part, void *at)
{
	switch (part) {
	case MEASURE_RTT:
		flip_rtt(at);
		break;
	case MEASURE_STREAM:
		SWAP(((struct measure_streams *)at)->side);
		break;
	case MEASURE_HEADER: {
		struct measure_header *h = at;
		SWAP(h->first), SWAP(h->least), SWAP(h->most), SWAP(h->dscp), SWAP(h->seen);
		break;
	}
	case MEASURE_SYN: {
		struct measure_syn *y = at;
		SWAP(y->mss), SWAP(y->scale), SWAP(y->has);
		break;
	}
	case MEASURE_FLAGS:
		SWAP(((struct measure_flags *)at)->n);
		break;
	case MEASURE_PAYLOAD:
		flip_payload(at, l->payload_max);
		break;
	case MEASURE_TIMES: {
		struct measure_times *t = at;
		SWAP(t->last), SWAP(t->mean), SWAP(t->squares), SWAP(t->n);
		break;
	}
	default:
		SWAP(((struct measure_sizes *)at)->n);
	}
}

void
measure_flip(const struct measure_layout *l, void *object)
{
	for (int part = 0; part < MEASURE_PARTS; part++)
		if (l->wanted & MEASURE(part))
			flip_part(l, part, (char *)object + l->at[part]);
}
