/* rewrite.c - see rewrite.h.
 *
 * Frames, and datagrams put together from their fragments, are items in one queue.  A fragment is a part of the item it came in.  The decoder's own
 * reassembly says when a datagram is complete, and of which parts; these are named by the number of their item and their place in it.  When
 * a datagram is masked, and so are all that have come in fragments inside of it, its bytes are copied back into its parts.
 */
#include "archive/rewrite.h"

#include <stdlib.h>

#include "archive/mask.h"
#include "base/more.h"
#include "decode/frag.h"

enum {
	QUEUE_FIRST = 64,           /* items */
	QUEUE_BYTES_MAX = 64 << 20, /* of frames that wait */
	PARTS_MAX = 1 << 16,        /* of an item */
	INTERFACE_FIXED = 8,        /* bytes before an interface's options */
};

/* A fragment's payload. */
struct part {
	size_t   at, n;  /* in the item's bytes */
	uint32_t offset; /* in the datagram's payload */
	uint32_t header; /* length of the headers that the datagram has if this fragment came first */
};

struct item {
	bool             is_frame;
	size_t           index; /* of the frame, as it came */
	struct rawframe  frame;
	double           ts;
	struct outbuf    bytes; /* the new ones; those of a frame stand behind what is said of it */
	size_t           data;  /* where they begin */
	struct mask_sum *sums;
	size_t           n_sums;
	struct part     *parts;
	size_t           n_parts, parts_room;
	size_t           waiting; /* parts whose datagrams are not there yet */
	uint64_t        *from;    /* of a datagram: its parts, in the order in which they came */
	size_t           n_from;
};

struct rewriter {
	const connlog_anonymizer    *with;
	bool                         keep_payload;
	const struct decode_options *options;
	tour_fn                      next_fn;
	void                        *next_arg;

	struct item *items; /* a ring: the item of number n is at n & mask */
	size_t       mask;
	uint64_t     first, next, masked; /* numbers: of the oldest item, of the next new one, of the next to be masked */
	size_t       held;                /* bytes of all items */
	uint64_t    *ready;               /* datagrams that can be put back */
	size_t       n_ready, ready_room;

	struct frags           frags;
	struct decode_counters counters;
	struct siphash_key     key;
	struct tracer          tracer;
	uint64_t              *whole; /* the parts of the datagram that is complete; allocated */
	size_t                 n_whole;
	double                 now;
	bool                   failed; /* out of memory, or libcrypto failed */
};

static struct item *
item_at(const struct rewriter *r, uint64_t number)
{
	return &r->items[number & r->mask];
}

/* ---- the queue ---------------------------------------------------------------------------------------------------------------- */

static bool
grow(struct rewriter *r)
{
	const size_t room = r->items ? 2 * (r->mask + 1) : QUEUE_FIRST;
	struct item *items = calloc(room, sizeof *items);

	if (!items)
		return false;
	for (uint64_t n = r->next - (r->items ? r->mask + 1 : 0); n != r->next; n++) /* with the memory of free ones */
		items[n & (room - 1)] = *item_at(r, n);
	free(r->items);
	r->items = items;
	r->mask = room - 1;
	return true;
}

/* Returns a new item at the queue's end; NULL when out of memory. */
static struct item *
push(struct rewriter *r)
{
	if ((!r->items || r->next - r->first == r->mask + 1) && !grow(r))
		return NULL;
	struct item *t = item_at(r, r->next++);
	t->bytes.n = 0;
	t->n_parts = t->waiting = t->n_sums = t->n_from = 0;
	t->ts = r->now;
	return t;
}

static void
pop(struct rewriter *r)
{
	struct item *t = item_at(r, r->first++);

	r->held -= t->bytes.n;
	free(t->sums);
	free(t->from);
	t->sums = NULL;
	t->from = NULL;
}

/* ---- fragments ---------------------------------------------------------------------------------------------------------------- */

static uint64_t
name_part(uint64_t item, size_t part)
{
	return item << 16 | part;
}

/* Returns the part and its item, or NULL if the item has left the queue. */
static const struct part *
find_part(const struct rewriter *r, uint64_t name, struct item **item)
{
	const uint64_t number = name >> 16;

	if (number < r->first)
		return NULL;
	*item = item_at(r, number);
	return &(*item)->parts[name & 0xffff];
}

/* Of a tracer: the last part of the item that is being masked belongs to the datagram. */
static void
on_piece(void *arg, const struct dissection *d, struct trail *t)
{
	struct rewriter *r = arg;

	(void)d;
	if (!trail_add(t, name_part(r->masked, item_at(r, r->masked)->n_parts - 1)))
		r->failed = true;
}

static void
on_whole(void *arg, const struct dissection *d, const struct trail *t)
{
	struct rewriter *r = arg;

	(void)d;
	r->whole = malloc((t->n + 1) * sizeof *r->whole);
	r->n_whole = r->whole ? t->n : 0;
	r->failed |= !r->whole;
	if (r->n_whole > 0)
		memcpy(r->whole, t->at, t->n * sizeof *r->whole);
}

/* Adds a datagram that is complete, to be masked after the current item. */
static void
add_datagram(struct rewriter *r, struct bytes whole)
{
	struct item *t = push(r);

	if (!t) {
		free(r->whole);
		r->failed = true;
		return;
	}
	t->is_frame = false;
	t->from = r->whole;
	t->n_from = r->n_whole;
	outbuf_put(&t->bytes, (const char *)whole.p, whole.n);
	t->data = 0;
	r->held += t->bytes.n;
	r->failed |= t->bytes.failed;
}

static void
on_fragment(void *arg, const struct mask *m, const struct ip_header *h, struct bytes ip)
{
	struct rewriter  *r = arg;
	struct item      *t = item_at(r, r->masked);
	struct part      *parts = more(t->parts, t->n_parts, &t->parts_room, sizeof *parts, PARTS_MAX);
	struct ip_header  copy = *h, whole_header;
	struct bytes      whole;
	struct frag_input in = { .h = &copy, .ip = ip, .ts = r->now, .now = r->now, .tracer = &r->tracer };

	if (!parts) {
		r->failed = true;
		return;
	}
	t->parts = parts;
	t->parts[t->n_parts++] = (struct part){ .at = m->at + h->hdr_len,
		                                    .n = h->total_len - h->hdr_len,
		                                    .offset = h->offset,
		                                    .header = h->hdr_len - (h->version == 6 ? 8u : 0u) };
	t->waiting++;
	if (frag_add(&r->frags, r->options, &r->counters, &r->key, &in, &whole, &whole_header) == FRAG_WHOLE)
		add_datagram(r, bytes_head(whole, whole_header.total_len));
}

/* Copies a datagram's bytes back into its fragments. */
static void
put_back(struct rewriter *r, const struct item *d)
{
	struct item       *t;
	const struct part *first = d->n_from > 0 ? find_part(r, d->from[0], &t) : NULL;

	for (size_t i = 0; first && i < d->n_from; i++) {
		const struct part *p = find_part(r, d->from[i], &t);
		if (!p)
			continue;
		const struct bytes b =
			bytes_skip((struct bytes){ (const uint8_t *)d->bytes.p, d->bytes.n }, first->header + p->offset);
		if (b.n > 0)
			memcpy(t->bytes.p + t->data + p->at, b.p, b.n < p->n ? b.n : p->n);
		if (--t->waiting > 0 || t->is_frame)
			continue;
		uint64_t *ready = more(r->ready, r->n_ready, &r->ready_room, sizeof *ready, SIZE_MAX / sizeof *ready);
		if (!ready) {
			r->failed = true;
			return;
		}
		r->ready = ready;
		r->ready[r->n_ready++] = d->from[i] >> 16;
	}
}

/* Completes a datagram, and those whose last missing part that was. */
static void
complete(struct rewriter *r, uint64_t number)
{
	for (;;) {
		const struct item *d = item_at(r, number);
		mask_finish(d->sums, d->n_sums, (uint8_t *)d->bytes.p);
		put_back(r, d);
		if (r->n_ready == 0)
			return;
		number = r->ready[--r->n_ready];
	}
}

/* ---- frames ------------------------------------------------------------------------------------------------------------------- */

/* Masks the bytes of an item, which `old` holds. */
static void
mask_item(struct rewriter *r, struct bytes old)
{
	const uint64_t number = r->masked;
	struct item   *t = item_at(r, number);
	struct mask    m = { .with = r->with,
		                 .keep_payload = r->keep_payload,
		                 .whole = !t->is_frame,
		                 .old = old,
		                 .new = (uint8_t *)t->bytes.p + t->data,
		                 .fragment = on_fragment,
		                 .arg = r };

	if (t->is_frame)
		mask_frame(&m, t->frame.link);
	else
		mask_datagram(&m);
	r->failed |= m.failed;
	t = item_at(r, number); /* the queue may have grown */
	t->sums = m.sums;
	t->n_sums = m.n_sums;
	r->masked++;
	if (!t->is_frame && t->waiting == 0 && !r->failed)
		complete(r, number);
}

/* Masks the datagrams that the last frame has completed, and those that these complete. */
static void
mask_datagrams(struct rewriter *r)
{
	while (r->masked < r->next && !r->failed) {
		struct item *t = item_at(r, r->masked);
		uint8_t     *old = malloc(t->bytes.n + 1);
		if (!old) {
			r->failed = true;
			return;
		}
		memcpy(old, t->bytes.p, t->bytes.n);
		memset(t->bytes.p, 0, t->bytes.n);
		mask_item(r, (struct bytes){ old, t->bytes.n });
		free(old);
	}
}

/* Of what is said of interfaces, their speeds and what the times mean; of packets, flags and counters.  Texts, addresses and hashes of
 * packets are left out. */
static bool
is_number(unsigned code, bool of_interface)
{
	switch (code) {
	case 8:  /* if_speed */
	case 9:  /* if_tsresol */
	case 13: /* if_fcslen */
	case 14: /* if_tsoffset */
	case 16: /* if_txspeed */
	case 17: /* if_rxspeed */
		return of_interface;
	case 2: /* epb_flags */
	case 4: /* epb_dropcount */
	case 6: /* epb_queue */
		return !of_interface;
	default:
		return false;
	}
}

/* Appends the options that are to stay. */
static void
copy_options(struct outbuf *out, struct bytes b, bool of_interface)
{
	while (b.n >= 4) {
		const size_t n = 4 + ((load_le16(b.p + 2) + 3u) & ~3u);
		if (n > b.n)
			return;
		if (n <= 12 && is_number(load_le16(b.p), of_interface))
			outbuf_put(out, (const char *)b.p, n);
		b = bytes_skip(b, n);
	}
}

/* Adds the frame to the queue, with zeros for its bytes. */
static bool
add_frame(struct rewriter *r, size_t index, const struct rawframe *f)
{
	struct item *t = push(r);

	if (!t)
		return false;
	t->is_frame = true;
	t->index = index;
	t->frame = *f;
	outbuf_put(&t->bytes, (const char *)f->interface.p, INTERFACE_FIXED);
	copy_options(&t->bytes, bytes_skip(f->interface, INTERFACE_FIXED), true);
	t->frame.interface.n = t->bytes.n;
	copy_options(&t->bytes, f->options, false);
	t->frame.options.n = t->bytes.n - t->frame.interface.n;
	t->data = t->bytes.n;
	char *to = outbuf_reserve(&t->bytes, f->data.n);
	if (to && f->data.n > 0)
		memset(to, 0, f->data.n);
	outbuf_advance(&t->bytes, to ? f->data.n : 0);
	r->held += t->bytes.n;
	return !t->bytes.failed;
}

/* Hands on the oldest frame. */
static int
emit(struct rewriter *r)
{
	struct item   *t = item_at(r, r->first);
	const uint8_t *p = (const uint8_t *)t->bytes.p;

	mask_finish(t->sums, t->n_sums, (uint8_t *)t->bytes.p + t->data);
	t->frame.interface.p = p;
	t->frame.options.p = p + t->frame.interface.n;
	t->frame.data.p = p + t->data;
	return r->next_fn(r->next_arg, t->index, &t->frame);
}

/* Returns whether the oldest item need not wait any longer. */
static bool
may_go(const struct rewriter *r, const struct item *t)
{
	const double timeout = r->options->frag_timeout;

	return t->waiting == 0 || r->held > QUEUE_BYTES_MAX || (timeout > 0 && r->now - t->ts > timeout);
}

static int
emit_all(struct rewriter *r, bool all)
{
	int status = r->failed ? CONNLOG_NO_MEMORY : CONNLOG_OK;

	while (r->first < r->next && status == CONNLOG_OK && (all || may_go(r, item_at(r, r->first)))) {
		if (item_at(r, r->first)->is_frame)
			status = emit(r);
		pop(r);
	}
	return status;
}

int
rewriter_frame(void *rewriter, size_t i, const struct rawframe *frame)
{
	struct rewriter *r = rewriter;
	const double     now = packet_seconds(frame->sec, frame->nsec);

	if (now > r->now)
		r->now = now;
	if (!add_frame(r, i, frame))
		return CONNLOG_NO_MEMORY;
	mask_item(r, frame->data);
	mask_datagrams(r);
	frags_release(&r->frags);
	return emit_all(r, false);
}

int
rewriter_finish(struct rewriter *r)
{
	return emit_all(r, true);
}

struct rewriter *
rewriter_new(const connlog_anonymizer *with, bool keep_payload, const struct decode_options *options, tour_fn next,
             void *arg)
{
	struct rewriter *r = calloc(1, sizeof *r);

	if (!r)
		return NULL;
	r->with = with;
	r->keep_payload = keep_payload;
	r->options = options;
	r->next_fn = next;
	r->next_arg = arg;
	r->tracer = (struct tracer){ r, on_piece, on_whole };
	return r;
}

void
rewriter_free(struct rewriter *r)
{
	if (!r)
		return;
	while (r->first < r->next)
		pop(r);
	for (size_t i = 0; r->items && i <= r->mask; i++) {
		outbuf_free(&r->items[i].bytes);
		free(r->items[i].parts);
	}
	frags_free(&r->frags);
	free(r->items);
	free(r->ready);
	free(r);
}
