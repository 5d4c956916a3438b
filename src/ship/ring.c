/* ring.c - see ring.h.
 *
 * A frame is never divided: if it does not fit before the end, padding fills the rest and the frame goes to the
 * beginning. An empty ring also returns to the beginning, so that only that part is ever touched while the other side
 * keeps up.
 */
#include "ship/ring.h"

#include <limits.h>
#include <linux/futex.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sensor/clock.h"

enum { ALIGN = 64, REWIND = 1 << 20 /* bytes: an empty ring is used up to here before it starts over */ };

_Static_assert(sizeof(struct ring_frame) <= ALIGN, "a frame's header fits where padding may stand");

static uint64_t
rounded(uint64_t n)
{
	return (n + ALIGN - 1) / ALIGN * ALIGN;
}

bool
ring_init(struct ring *r, size_t size)
{
	size = rounded(size < RING_LEAST ? RING_LEAST : size);
	void *at = mmap(NULL, ALIGN * 2 + size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	*r = (struct ring){ .size = size };
	if (at == MAP_FAILED)
		return false;
	r->shared = at;
	r->data = (char *)at + (size_t)ALIGN * 2;
	return true;
}

void
ring_free(struct ring *r)
{
	if (r->shared != NULL)
		munmap(r->shared, ALIGN * 2 + r->size);
	r->shared = NULL;
}

size_t
ring_most(const struct ring *r)
{
	return r->size / 2 - ALIGN;
}

/* ---- waiting ------------------------------------------------------------------------------------------------------ */

static void
wait_for(struct ring *r, _Atomic uint32_t *word, uint32_t seen, double seconds)
{
	const struct timespec most = clock_timespec(seconds);

	r->shared->sleepers++;
	if (*word == seen)
		syscall(SYS_futex, word, FUTEX_WAIT, seen, &most, NULL, 0);
	r->shared->sleepers--;
}

static void
wake(struct ring *r, _Atomic uint32_t *word)
{
	(*word)++;
	if (r->shared->sleepers != 0)
		syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

void
ring_wait_filled(struct ring *r, uint32_t filled, double seconds)
{
	wait_for(r, &r->shared->filled, filled, seconds);
}

void
ring_wait_freed(struct ring *r, uint32_t freed, double seconds)
{
	wait_for(r, &r->shared->freed, freed, seconds);
}

void
ring_wake(struct ring *r)
{
	wake(r, &r->shared->filled);
}

/* ---- appending ---------------------------------------------------------------------------------------------------- */

bool
ring_put(struct ring *r, const struct ring_frame *f, const char *p, uint64_t *at)
{
	struct ring_shared *s = r->shared;
	const uint64_t      head = s->head, tail = s->tail, need = rounded(sizeof *f + f->n);
	const size_t        place = tail % r->size;
	uint64_t            skip = 0;

	if (f->n > ring_most(r))
		return false;
	if (place + need > r->size || (head == tail && place > REWIND && r->size - place + need <= r->size))
		skip = r->size - place;
	if (tail + skip + need - head > r->size)
		return false;
	if (skip > 0) {
		const struct ring_frame pad = { .kind = RING_PAD };
		memcpy(r->data + place, &pad, sizeof pad);
	}
	char *to = r->data + (tail + skip) % r->size;
	memcpy(to, f, sizeof *f);
	if (f->n > 0)
		memcpy(to + sizeof *f, p, f->n);
	if (at != NULL)
		*at = tail + skip;
	s->in += f->records;
	s->tail = tail + skip + need;
	wake(r, &s->filled);
	return true;
}

void
ring_close(struct ring *r)
{
	r->shared->closed = 1;
	wake(r, &r->shared->filled);
}

/* ---- taking ------------------------------------------------------------------------------------------------------- */

struct ring_frame *
ring_frame_at(const struct ring *r, uint64_t at)
{
	return (struct ring_frame *)(void *)(r->data + at % r->size);
}

const char *
ring_look(const struct ring *r, uint64_t *at, struct ring_frame *f)
{
	const uint64_t tail = r->shared->tail;

	for (int i = 0; i < 2; i++) {
		const size_t   place = *at % r->size;
		const uint64_t left = tail - *at;
		if (left < ALIGN || left > r->size || place % ALIGN != 0)
			return NULL;
		memcpy(f, r->data + place, sizeof *f);
		if (f->kind != RING_PAD) {
			const bool whole = sizeof *f + f->n <= r->size - place && sizeof *f + f->n <= left;
			return whole ? r->data + place + sizeof *f : NULL;
		}
		*at += r->size - place;
	}
	return NULL;
}

uint64_t
ring_behind(uint64_t at, const struct ring_frame *f)
{
	return at + rounded(sizeof *f + f->n);
}

void
ring_release(struct ring *r, uint64_t to, uint64_t records)
{
	r->shared->out += records;
	r->shared->head = to;
	wake(r, &r->shared->freed);
}

uint64_t
ring_used(const struct ring *r, uint64_t *records)
{
	const uint64_t out = r->shared->out, in = r->shared->in, head = r->shared->head, tail = r->shared->tail;

	*records = in > out ? in - out : 0;
	return tail > head ? tail - head : 0;
}
