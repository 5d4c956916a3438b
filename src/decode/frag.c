/* frag.c - datagrams reassembled from fragments.
 *
 * As in Zeek (src/Frag.cc, src/Reassem.cc):
 *   - a datagram is identified by addresses and identification, not by protocol;
 *   - the header of the first fragment to arrive becomes the datagram's, but the protocol after an IPv6 fragment
 *     header is that of the fragment with offset 0;
 *   - bytes that have arrived are kept, later ones only fill holes;
 *   - the end of the last fragment is the size; a fragment that extends further makes it larger;
 *   - the datagram is complete when nothing is missing up to that size. Bytes after a hole beyond the size are left out;
 *   - frag_timeout runs from the first fragment, by packet time.
 *
 * The bytes are stored in one block, header first, which becomes the datagram once it is complete; base/ranges.h
 * records which of them have arrived. The table is limited (max_fragments, max_fragment_bytes): the oldest datagram is
 * dropped.
 */
#include "decode/frag.h"

#include <stdlib.h>

#include "base/ranges.h"

/* A block of memory that becomes the datagram. */
struct frag_whole {
	struct frag_whole *next; /* in the list of returned datagrams */
	size_t             room;
	uint8_t            b[];
};

struct frag_entry {
	struct frag_entry *chain;         /* same bucket */
	struct frag_entry *older, *newer; /* in order of their first fragments */
	struct addr        src, dst;
	uint32_t           id;
	uint32_t           size;    /* of the datagram's payload; 0: not known yet */
	uint32_t           hdr_len; /* the datagram's, without the fragment header */
	uint8_t            version, next;
	double             expires;
	size_t             bytes, bucket;
	struct frag_whole *block;
	struct ranges      have;
	struct trail       trail;
};

static size_t
bucket_of(const struct frags *f, const struct siphash_key *key, const struct ip_header *h)
{
	uint64_t words[5] = { [4] = h->id };
	memcpy(words, h->src.b, 16);
	memcpy(words + 2, h->dst.b, 16);
	return (size_t)siphash13(key, words, 5) & f->mask;
}

static bool
init(struct frags *f, const struct decode_options *opt)
{
	size_t buckets = 64;
	while (buckets < opt->max_fragments && buckets < 65536)
		buckets *= 2;
	f->bucket = calloc(buckets, sizeof(struct frag_entry *));
	f->mask = buckets - 1;
	return f->bucket != NULL;
}

/* Removes an entry from the table and frees it, except for its block. */
static struct frag_whole *
take_out(struct frags *f, struct frag_entry *e)
{
	struct frag_entry **at = &f->bucket[e->bucket];
	while (*at != e)
		at = &(*at)->chain;
	*at = e->chain;
	*(e->older ? &e->older->newer : &f->oldest) = e->newer;
	*(e->newer ? &e->newer->older : &f->newest) = e->older;
	f->n--;
	f->bytes -= e->bytes;
	struct frag_whole *block = e->block;
	ranges_clear(&e->have);
	free(e->trail.at);
	free(e);
	return block;
}

static void
give_up(struct frags *f, struct frag_entry *e)
{
	free(take_out(f, e));
}

static struct frag_entry *
find(struct frags *f, const struct ip_header *h, size_t bucket)
{
	struct frag_entry *e = f->bucket[bucket];
	while (e && !(e->id == h->id && addr_equal(&e->src, &h->src) && addr_equal(&e->dst, &h->dst)))
		e = e->chain;
	return e;
}

static struct frag_entry *
create(struct frags *f, const struct decode_options *opt, const struct frag_input *in, size_t bucket)
{
	const struct ip_header *h = in->h;
	struct frag_entry      *e = calloc(1, sizeof *e);
	if (!e)
		return NULL;
	e->src = h->src;
	e->dst = h->dst;
	e->id = h->id;
	e->version = h->version;
	e->hdr_len = h->version == 6 ? h->hdr_len - 8u : h->hdr_len;
	e->next = h->next;
	e->expires = in->ts + opt->frag_timeout;
	e->bytes = sizeof *e;
	e->bucket = bucket;
	e->block = malloc(sizeof *e->block + e->hdr_len);
	if (!e->block) {
		free(e);
		return NULL;
	}
	e->block->room = e->hdr_len;
	memcpy(e->block->b, in->ip.p, e->hdr_len);
	e->bytes += sizeof *e->block + e->hdr_len;

	e->chain = f->bucket[bucket];
	f->bucket[bucket] = e;
	e->older = f->newest;
	*(f->newest ? &f->newest->newer : &f->oldest) = e;
	f->newest = e;
	f->n++;
	f->bytes += e->bytes;
	return e;
}

/* Makes room for `end` bytes after the header: at least doubles the block, so that growing is cheap. */
static bool
grow(struct frags *f, struct frag_entry *e, size_t end)
{
	size_t need = e->hdr_len + end, room = e->block->room * 2;
	if (need <= e->block->room)
		return true;
	if (room < need)
		room = need;
	struct frag_whole *block = realloc(e->block, sizeof *block + room);
	if (!block)
		return false;
	f->bytes += room - block->room;
	e->bytes += room - block->room;
	block->room = room;
	e->block = block;
	return true;
}

/* Copies the new bytes of [lo, hi) and marks them as arrived. */
static bool
insert(struct frags *f, struct frag_entry *e, uint32_t lo, struct bytes data)
{
	size_t   before = ranges_bytes(&e->have);
	uint64_t at = lo, hi = lo + data.n;
	uint8_t *to = e->block->b + e->hdr_len;

	for (uint32_t i = 0; i < e->have.n && at < hi; i++) {
		const struct range *r = ranges_at(&e->have) + i;
		if (at < r->lo && r->lo < hi)
			memcpy(to + at, data.p + (at - lo), r->lo - at);
		else if (at < r->lo)
			break;
		if (at < r->hi)
			at = r->hi;
	}
	if (at < hi)
		memcpy(to + at, data.p + (at - lo), hi - at);
	if (!ranges_add(&e->have, lo, hi))
		return false;
	f->bytes += ranges_bytes(&e->have) - before;
	e->bytes += ranges_bytes(&e->have) - before;
	return true;
}

/* Returns whether everything is there; `size` can grow meanwhile. */
static bool
complete(struct frag_entry *e)
{
	const struct range *r = ranges_at(&e->have);
	if (e->have.n == 0 || r->lo > 0 || e->size == 0 || r->hi < e->size)
		return false;
	e->size = (uint32_t)r->hi;
	return true;
}

/* Adds a fragment's bytes, and what it implies for the size. Returns FRAG_WHOLE if the datagram is complete: a fragment
 * without bytes never completes one. */
static enum frag_answer
add(struct frags *f, struct frag_entry *e, const struct frag_input *in)
{
	const struct ip_header *h = in->h;
	if (h->total_len < h->hdr_len)
		return FRAG_HELD; /* segmentation offloading: unknown */
	uint32_t upper = h->offset + h->total_len - h->hdr_len;
	if (h->offset == 0)
		e->next = h->next;
	if ((!h->more && e->size == 0) || (e->size != 0 && upper > e->size))
		e->size = upper;
	if (upper == h->offset)
		return FRAG_HELD;
	struct bytes data = bytes_head(bytes_skip(in->ip, h->hdr_len), h->total_len - h->hdr_len);
	if (!grow(f, e, upper) || !insert(f, e, h->offset, data))
		return FRAG_NO_MEMORY;
	return complete(e) ? FRAG_WHOLE : FRAG_HELD;
}

/* Removes the datagram from the table and corrects the lengths in its header. */
static void
finish(struct frags *f, struct frag_entry *e, struct bytes *out, struct ip_header *h)
{
	uint32_t           n = e->hdr_len + e->size;
	uint8_t            version = e->version, next = e->next;
	struct frag_whole *block = take_out(f, e);
	unsigned           len = version == 4 ? n : n - 40; /* truncated to 16 bits, as in Zeek */

	block->next = f->done;
	f->done = block;
	block->b[version == 4 ? 2 : 4] = (uint8_t)(len >> 8);
	block->b[version == 4 ? 3 : 5] = (uint8_t)len;
	*out = (struct bytes){ block->b, n };
	if (version == 4)
		ip4_parse(*out, h);
	else
		ip6_parse_reassembled(block->b, n, next, h);
}

static void
trace(const struct frag_input *in, struct frag_entry *e, bool whole)
{
	in->tracer->fragment(in->tracer->arg, in->d, &e->trail);
	if (whole)
		in->tracer->whole(in->tracer->arg, in->d, &e->trail);
}

/* Drops what has timed out. Later datagrams can time out earlier only if packet time ran backwards. */
static void
expire(struct frags *f, const struct decode_options *opt, struct decode_counters *n, double now)
{
	while (opt->frag_timeout > 0 && f->oldest && f->oldest->expires <= now) {
		give_up(f, f->oldest);
		n->fragments_expired++;
	}
}

enum frag_answer
frag_add(struct frags *f, const struct decode_options *opt, struct decode_counters *n, const struct siphash_key *key,
         const struct frag_input *in, struct bytes *out, struct ip_header *h)
{
	if (!f->bucket && !init(f, opt))
		return FRAG_NO_MEMORY;
	expire(f, opt, n, in->now);

	size_t             bucket = bucket_of(f, key, in->h);
	struct frag_entry *e = find(f, in->h, bucket);
	if (e && opt->frag_timeout > 0 && e->expires <= in->now) {
		give_up(f, e);
		n->fragments_expired++;
		e = NULL;
	}
	if (!e)
		e = create(f, opt, in, bucket);
	if (!e)
		return FRAG_NO_MEMORY;
	enum frag_answer answer = add(f, e, in);
	if (in->tracer)
		trace(in, e, answer == FRAG_WHOLE);
	if (answer == FRAG_NO_MEMORY) {
		give_up(f, e);
	} else if (answer == FRAG_WHOLE) {
		finish(f, e, out, h);
		n->datagrams++;
	}
	while (f->n > opt->max_fragments || f->bytes > opt->max_fragment_bytes) {
		give_up(f, f->oldest);
		n->fragments_evicted++;
	}
	return answer;
}

void
frags_release(struct frags *f)
{
	while (f->done) {
		struct frag_whole *next = f->done->next;
		free(f->done);
		f->done = next;
	}
}

size_t
frags_drop(struct frags *f)
{
	const size_t n = f->n;

	while (f->oldest)
		give_up(f, f->oldest); /* NOLINT(clang-analyzer-unix.Malloc): it moves f->oldest on before it frees */
	return n;
}

void
frags_free(struct frags *f)
{
	(void)frags_drop(f);
	frags_release(f);
	free(f->bucket);
	f->bucket = NULL;
}
