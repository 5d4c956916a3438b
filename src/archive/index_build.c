/* index_build.c - makes an index: see index.h.
 *
 * Every packet is decoded to its addresses, regardless of its checksums and of the depth of its tunnels, so that the
 * pairs of a block include those of all packets that any engine counts there. A fragment counts with the addresses of
 * its own header; the content of its datagram, once that is complete, counts for all blocks with fragments of it.
 */
#include <stdlib.h>
#include <string.h>

#include "archive/index.h"
#include "archive/keyset.h"
#include "archive/marks.h"
#include "base/more.h"
#include "capture/capfile.h"
#include "decode/ip.h"
#include "decode/quoted.h"
#include "decode/straight.h"
#include "decode/trail.h"
#include "decode/udp_tunnel.h"

enum { BATCH = 64, EARLIER_MAX = 1024 };

/* The pairs of the current block: a hash table; 0 marks an empty slot. */
struct pairs {
	uint64_t *at;
	size_t    n, room;
	uint64_t  last; /* the most recently added one */
};

struct builder {
	struct index   *x;
	struct decoder *dec;
	struct tracer   tracer;
	struct pairs    pairs;
	uint64_t        number;               /* of the current frame */
	uint64_t        first;                /* of the block's first frame */
	uint64_t        earlier[EARLIER_MAX]; /* frames that hold fragments of the current content */
	size_t          n_earlier;
	uint64_t       *block_first; /* the first frames of the previous blocks */
	struct marks    marks;
	size_t          blocks_room, first_room, late_room;
	bool            failed; /* out of memory */
};

/* ---- pairs ------------------------------------------------------------------------------------------------------------------ */

static bool
pairs_grow(struct pairs *p)
{
	const size_t room = p->room ? p->room * 2 : 1024;
	uint64_t    *at = calloc(room, sizeof *at);

	if (!at)
		return false;
	for (size_t i = 0; i < p->room; i++) {
		if (!p->at[i])
			continue;
		size_t k = p->at[i] & (room - 1);
		while (at[k])
			k = (k + 1) & (room - 1);
		at[k] = p->at[i];
	}
	free(p->at);
	p->at = at;
	p->room = room;
	return true;
}

static bool
pairs_add(struct pairs *p, uint64_t pair)
{
	if (pair == p->last)
		return true;
	if (2 * p->n >= p->room && !pairs_grow(p))
		return false;
	size_t k = pair & (p->room - 1);
	while (p->at[k] && p->at[k] != pair)
		k = (k + 1) & (p->room - 1);
	p->n += !p->at[k];
	p->at[k] = p->last = pair;
	return true;
}

/* Returns the block that contains the frame. */
static uint32_t
block_of(const struct builder *b, uint64_t number)
{
	size_t lo = 0, hi = b->x->n;

	while (hi - lo > 1) {
		const size_t mid = lo + (hi - lo) / 2;
		if (b->block_first[mid] <= number)
			lo = mid;
		else
			hi = mid;
	}
	return (uint32_t)lo;
}

/* Adds a pair that is in a datagram with fragments in frames of earlier blocks. */
static void
add_late(struct builder *b, uint64_t pair)
{
	struct index *x = b->x;
	uint32_t      before = UINT32_MAX;

	for (size_t i = 0; i < b->n_earlier; i++) {
		if (b->earlier[i] >= b->first)
			continue;
		const uint32_t block = block_of(b, b->earlier[i]);
		if (block == before)
			continue;
		struct index_late *late = more(x->late, x->n_late, &b->late_room, sizeof *late, UINT32_MAX);
		if (!late) {
			b->failed = true;
			return;
		}
		x->late = late;
		x->late[x->n_late++] = (struct index_late){ block, pair };
		before = block;
	}
}

static void
add(struct builder *b, const struct addr *one, const struct addr *other)
{
	const uint64_t pair = index_pair(one, other);

	if (!pairs_add(&b->pairs, pair))
		b->failed = true;
	if (b->n_earlier > 0)
		add_late(b, pair);
}

/* ---- frames ----------------------------------------------------------------------------------------------------------------- */

static void
on_fragment(void *arg, const struct dissection *d, struct trail *t)
{
	struct builder  *b = arg;
	const uint8_t   *ip = d->at.data.p;
	struct ip_header h;

	if (d->at.data.n >= 20 && ip[0] >> 4 == 4) {
		ip4_parse(d->at.data, &h);
		add(b, &h.src, &h.dst);
	} else if (d->at.data.n >= 40) {
		ip6_parse(d->at.data, &h);
		add(b, &h.src, &h.dst);
	}
	(void)trail_add(t, b->number); /* frames that are not remembered can only be missed in an earlier block */
	for (size_t i = 0; i < b->n_earlier; i++) /* the fragment itself was in a datagram that came in fragments */
		(void)trail_add(t, b->earlier[i]);
}

static void
on_whole(void *arg, const struct dissection *d, const struct trail *t)
{
	struct builder *b = arg;

	(void)d;
	for (size_t i = 0; i < t->n && b->n_earlier < EARLIER_MAX; i++)
		if (t->at[i] != b->number)
			b->earlier[b->n_earlier++] = t->at[i];
}

/* Examines a datagram that may be a tunnel, whichever side is the responder. */
static void
look_inside(struct builder *b, struct dissection *d, const struct pkt *p, uint16_t port,
            const struct decode_options *opt)
{
	struct udp_tunnel_state st = { 0 };
	struct inner            in;
	bool                    note_x;

	if (!udp_tunnel_possible(port, p->data) || udp_tunnel(opt, p, port, true, &st, &in, &note_x) != UDP_TUNNEL_INNER)
		return;
	const struct encap shell = { .src = p->src, .dst = p->dst, .proto = p->proto, .type = in.type };
	decode_inner(b->dec, d, p, &in, &shell);
}

static void
add_packet(struct builder *b, const struct pkt *p)
{
	struct pkt inner;

	add(b, &p->src, &p->dst);
	if (p->transport == TRANSPORT_ICMP && quoted_packet(p, &inner))
		add(b, &inner.src, &inner.dst);
}

static void
add_frame(struct builder *b, const connlog_packet *raw, const struct decode_options *opt, double now)
{
	struct dissection d;
	struct pkt        p;

	b->n_earlier = 0;
	if (decode_straight(b->dec, raw, now, &p)) {
		add(b, &p.src, &p.dst);
		return;
	}
	decode_begin(b->dec, &d, raw, now);
	while (decode_next(b->dec, &d, &p)) {
		add_packet(b, &p);
		if (p.transport != TRANSPORT_UDP || p.deep)
			continue;
		look_inside(b, &d, &p, p.dport, opt);
		if (p.sport != p.dport)
			look_inside(b, &d, &p, p.sport, opt);
	}
}

/* ---- blocks ----------------------------------------------------------------------------------------------------------------- */

static bool
begin_block(struct builder *b, const struct capfile *f)
{
	struct index       *x = b->x;
	struct index_block *blocks = more(x->blocks, x->n, &b->blocks_room, sizeof *blocks, SIZE_MAX);

	if (blocks)
		x->blocks = blocks;
	uint64_t *first = blocks ? more(b->block_first, x->n, &b->first_room, sizeof *first, SIZE_MAX) : NULL;
	if (!first)
		return false;
	b->block_first = first;
	struct index_block *k = &blocks[x->n];
	*k = (struct index_block){ .offset = stream_position(&f->in), .from = INT64_MAX, .to = INT64_MIN };
	if (x->n > 0) {
		k->mark = blocks[x->n - 1].mark;
		k->marks = blocks[x->n - 1].marks;
	}
	if (!marks_note(&b->marks, f, &k->mark, &k->marks))
		return false;
	b->block_first[x->n++] = b->first = b->number;
	return true;
}

/* Writes the block's pairs. */
static bool
end_block(struct builder *b)
{
	struct index_block *k = &b->x->blocks[b->x->n - 1];
	size_t              n = 0;
	const size_t        before = b->x->codes.n;

	for (size_t i = 0; i < b->pairs.room; i++)
		if (b->pairs.at[i])
			b->pairs.at[n++] = b->pairs.at[i];
	keyset_write(&b->x->codes, b->pairs.at, n);
	if (b->pairs.room)
		memset(b->pairs.at, 0, b->pairs.room * sizeof *b->pairs.at);
	b->pairs.n = 0;
	b->pairs.last = 0;
	k->pairs = (uint32_t)n;
	k->packets = (uint32_t)(b->number - b->first);
	k->code.n = b->x->codes.n - before;
	return !b->x->codes.failed && !b->failed;
}

static void
note_time(struct index_block *k, const connlog_packet *p, double *now)
{
	if (p->sec < 0 || p->sec > INT64_MAX / 1000000000 - 1)
		return;
	const int64_t t = p->sec * 1000000000 + p->nsec;
	const double  seconds = packet_seconds(p->sec, p->nsec);

	if (t < k->from)
		k->from = t;
	if (t > k->to)
		k->to = t;
	if (seconds > *now)
		*now = seconds;
}

/* ---- the capture ------------------------------------------------------------------------------------------------------------ */

static int
no_memory(char *err, size_t err_size)
{
	return source_fail(err, err_size, CONNLOG_NO_MEMORY, "out of memory");
}

static int
read_capture(struct builder *b, struct capfile *f, const struct decode_options *opt,
             int (*tick)(void *arg, uint64_t bytes), void *arg, char *err, size_t err_size)
{
	connlog_packet packets[BATCH];
	uint64_t       end = 0;
	double         now = 0;

	for (int n = 0, status;; b->x->packets += (uint64_t)n) {
		const uint64_t at = stream_position(&f->in);
		if (b->x->n == 0 || (!b->x->packed && at >= end)) {
			if ((b->x->n > 0 && !end_block(b)) || !begin_block(b, f))
				return no_memory(err, err_size);
			end = at + INDEX_BLOCK;
			if (tick && (status = tick(arg, f->in.raw)) != CONNLOG_OK)
				return source_fail(err, err_size, status, "interrupted");
		}
		n = f->next(f, packets, BATCH, err, err_size);
		if (n < 0)
			return end_block(b) ? n : no_memory(err, err_size);
		for (int i = 0; i < n; i++, b->number++) {
			note_time(&b->x->blocks[b->x->n - 1], &packets[i], &now);
			add_frame(b, &packets[i], opt, now);
		}
		decode_batch_end(b->dec);
	}
}

static int
by_block(const void *va, const void *vb)
{
	const struct index_late *a = va, *b = vb;

	return (a->block > b->block) - (a->block < b->block);
}

/* The location of the codes is known once all are written. */
static void
finish(struct index *x, const struct marks *marks)
{
	const uint8_t *code = (const uint8_t *)x->codes.p;

	for (size_t i = 0; i < x->n; code += x->blocks[i++].code.n)
		x->blocks[i].code.p = code;
	x->marks = marks->at;
	x->n_marks = marks->n;
	if (x->n_late > 0)
		qsort(x->late, x->n_late, sizeof *x->late, by_block);
}

int
index_build(const char *capture, struct index *out, int (*tick)(void *arg, uint64_t bytes), void *arg, char *err,
            size_t err_size)
{
	struct builder       *b = calloc(1, sizeof *b);
	struct decode_options opt;
	struct capfile        f = { .name = NULL };
	int                   status;

	*out = (struct index){ .memory = NULL };
	if (!b)
		return no_memory(err, err_size);
	decode_options_default(&opt);
	opt.ignore_checksums = true;
	opt.tunnel_max_depth = ENCAP_MAX;
	opt.max_depth = 0;
	opt.delay_teredo_confirmation = false;
	b->x = out;
	b->dec = decoder_new(&opt);
	b->tracer = (struct tracer){ b, on_fragment, on_whole };
	status = index_file_of(capture, &out->file) == 0
	             ? capfile_open(&f, capture, false, STREAM_WINDOW, NULL, err, err_size)
	             : source_fail(err, err_size, CONNLOG_IO, "%s: cannot be read", capture);
	if (status == CONNLOG_OK && b->dec) {
		decoder_trace(b->dec, &b->tracer);
		out->packed = stream_packed(&f.in);
		status = read_capture(b, &f, &opt, tick, arg, err, err_size);
	}
	if (!b->dec)
		status = no_memory(err, err_size);
	if (f.name)
		capfile_close(&f);
	decoder_free(b->dec);
	finish(out, &b->marks);
	free(b->pairs.at);
	free(b->block_first);
	free(b);
	return status == CONNLOG_END ? CONNLOG_OK : status;
}
