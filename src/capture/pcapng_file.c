/* pcapng_file.c - the newer capture format: blocks that consist of a type, a length, contents, and the length again.
 *
 * Follows draft-ietf-opsawg-pcapng.  A section header gives the byte order of its section and discards the interfaces
 * of the previous one; interface descriptions are numbered in order; packets come in enhanced, simple and obsolete
 * packet blocks; all other blocks are skipped.  Every interface has its own link type, snapshot length and unit of
 * time.
 *
 * Zeek 8.2 has a source of its own (src/iosource/pcapng/Source.cc, over LightPcapNg), which falls short of the draft.
 * With `as_zeek` it is followed to the packet:
 *   - a block of a big-endian section is the end (there it is a silent one); a header alone does no harm;
 *   - simple and obsolete packet blocks are stepped over, as are packets without bytes or of an unknown interface;
 *   - the first if_tsresol counts, in units of its own (zeek_units()); if_tsoffset and options too long are ignored;
 *   - of bytes captured beyond a packet's length there are only zeros.
 * What is damaged ends the file for both.
 */
#include "capture/capfile.h"
#include "capture/dlt.h"

#include <stdlib.h>

#define BYTE_ORDER_MAGIC 0x1a2b3c4du

enum {
	BLOCK_SECTION = 0x0a0d0d0a, /* a palindrome, the same in both byte orders */
	BLOCK_INTERFACE = 1,
	BLOCK_PACKET = 2, /* obsolete */
	BLOCK_SIMPLE = 3,
	BLOCK_ENHANCED = 6,
};

#define BLOCK_EDGES    12 /* type and length before the contents, length after them */
#define BLOCK_MAX      (STREAM_MAX - 4)
#define SECTION_MIN    28
#define ENHANCED_MIN   32         /* an enhanced packet without bytes */
#define INTERFACES_MAX (1u << 20) /* per section; a limit for damaged files */

enum { OPTION_END = 0, OPTION_TSRESOL = 9, OPTION_TSOFFSET = 14 };

struct block {
	uint32_t     type, size;
	struct bytes body; /* the contents */
};

struct option {
	unsigned     code;
	struct bytes value;
};

bool
pcapng_file_detect(struct bytes head)
{
	const uint8_t *p = bytes_at(head, 0, 12);

	return p && load_le32(p) == BLOCK_SECTION &&
	       (load_le32(p + 8) == BYTE_ORDER_MAGIC || load_be32(p + 8) == BYTE_ORDER_MAGIC);
}

static inline uint16_t
load16(const struct capfile *f, const uint8_t *p)
{
	return f->big_endian ? load_be16(p) : load_le16(p);
}

static inline uint32_t
load32(const struct capfile *f, const uint8_t *p)
{
	return f->big_endian ? load_be32(p) : load_le32(p);
}

static uint64_t
load64(const struct capfile *f, const uint8_t *p)
{
	uint64_t first = load32(f, p), second = load32(f, p + 4);

	return f->big_endian ? first << 32 | second : second << 32 | first;
}

/* Brings the next block into the window, which may move.  Returns CONNLOG_OK, CONNLOG_END or an error. */
static int
fill_block(struct capfile *f, char *err, size_t err_size)
{
	const uint8_t *p;
	uint32_t       size;

	if (!stream_fill(&f->in, BLOCK_EDGES)) {
		struct bytes b = stream_bytes(&f->in);
		if (b.n == 0 && f->in.status == CONNLOG_OK)
			return CONNLOG_END;
		return f->in.status == CONNLOG_OK
		           ? capfile_damaged(f, err, err_size, "the file ends after %zu bytes of a block", b.n)
		           : capfile_short(f, BLOCK_EDGES, err, err_size);
	}
	p = stream_bytes(&f->in).p;
	if (load_le32(p) == BLOCK_SECTION) {
		f->big_endian = load_be32(p + 8) == BYTE_ORDER_MAGIC;
		if (load32(f, p + 8) != BYTE_ORDER_MAGIC)
			return capfile_damaged(f, err, err_size, "a section begins without the byte-order magic");
	}
	size = load32(f, p + 4);
	if (size < BLOCK_EDGES || size % 4 != 0 || size > BLOCK_MAX)
		return capfile_damaged(f, err, err_size, "a block of type 0x%08x says %u bytes, which cannot be", load32(f, p),
		                       size);
	if (!stream_fill(&f->in, size))
		return capfile_short(f, size, err, err_size);
	return CONNLOG_OK;
}

/* Parses the block at `b`.  Returns false if it is incomplete or damaged. */
static inline bool
get_block(const struct capfile *f, struct bytes b, struct block *k)
{
	const uint8_t *p = bytes_at(b, 0, BLOCK_EDGES);

	if (!p)
		return false;
	k->type = load32(f, p);
	k->size = load32(f, p + 4);
	if (k->size < BLOCK_EDGES || k->size % 4 != 0)
		return false;
	p = bytes_at(b, 0, k->size);
	if (!p)
		return false;
	k->body = (struct bytes){ p + 8, k->size - BLOCK_EDGES };
	return load32(f, p + k->size - 4) == k->size;
}

/* Takes the next option off `b`; one that exceeds its block has no `value.p`.  Returns false after the last one. */
static bool
next_option(const struct capfile *f, struct bytes *b, struct option *o)
{
	const uint8_t *p = bytes_at(*b, 0, 4); /* blocks are multiples of four bytes, so nothing remains */

	if (!p || load16(f, p) == OPTION_END)
		return false;
	o->code = load16(f, p);
	o->value.n = load16(f, p + 2);
	o->value.p = bytes_at(*b, 4, o->value.n);
	*b = bytes_skip(*b, 4 + ((o->value.n + 3) & ~(size_t)3));
	return true;
}

/* Returns the units per second that an if_tsresol gives, or 0 if they do not fit into 64 bits. */
static uint64_t
draft_units(uint8_t resolution)
{
	unsigned power = resolution & 0x7fu;
	uint64_t units = 1;

	if (resolution & 0x80)
		return power < 64 ? units << power : 0;
	if (power > 19)
		return 0;
	while (power-- > 0)
		units *= 10;
	return units;
}

/* Returns the same as Zeek's source computes it: twice as many if it is a power of two, truncated to 32 bits.  Returns
 * 0 if nothing remains, where Zeek divides by zero, or if its arithmetic is undefined. */
static uint32_t
zeek_units(uint8_t resolution)
{
	uint64_t units = draft_units(resolution);

	if (units > INT64_MAX)
		return 0;
	return (uint32_t)(resolution & 0x80 ? units * 2 : units);
}

/* Parses the interface's options.  Returns NULL, or what is wrong with them. */
static const char *
interface_options(const struct capfile *f, struct pcapng_interface *i, struct bytes b)
{
	struct option o;

	while (next_option(f, &b, &o)) {
		if (!o.value.p)
			return "an interface's option is longer than its block";
		if (o.code == OPTION_TSRESOL) {
			i->resolution = o.value.n == 1 ? draft_units(o.value.p[0]) : 0;
			if (i->resolution == 0)
				return "an interface's if_tsresol cannot be";
		} else if (o.code == OPTION_TSOFFSET) {
			if (o.value.n != 8)
				return "an interface's if_tsoffset is not 8 bytes long";
			i->offset = load64(f, o.value.p);
		}
	}
	return NULL;
}

static const char *
interface_options_as_zeek(const struct capfile *f, struct pcapng_interface *i, struct bytes b)
{
	struct option o;

	while (next_option(f, &b, &o) && o.value.p) {
		if (o.code == OPTION_TSRESOL) {
			if (o.value.n > 0)
				i->resolution = zeek_units(o.value.p[0]);
			break;
		}
	}
	return i->resolution ? NULL : "Zeek's pcapng source cannot count time in an interface's if_tsresol";
}

/* Returns false when out of memory. */
static bool
keep_description(struct pcapng_interface *i, struct bytes body)
{
	i->description = malloc(body.n);
	i->description_n = (uint32_t)body.n;
	if (i->description)
		memcpy(i->description, body.p, body.n);
	return i->description != NULL;
}

static void
forget_interfaces(struct capfile *f)
{
	for (size_t i = 0; f->pcapng.keep && i < f->pcapng.n; i++)
		free(f->pcapng.at[i].description);
	f->pcapng.n = 0;
}

static int
add_interface(struct capfile *f, struct bytes body, char *err, size_t err_size)
{
	struct pcapng_interface i = { .resolution = 1000000 };
	const uint8_t          *p = bytes_at(body, 0, 8);
	const char             *wrong;

	if (!p)
		return capfile_damaged(f, err, err_size, "an interface description of %zu bytes is too short", body.n);
	i.at = stream_position(&f->in);
	i.link = dlt_from_linktype(load16(f, p));
	i.snaplen = dlt_snaplen(i.link, load32(f, p + 4));
	wrong = (f->as_zeek ? interface_options_as_zeek : interface_options)(f, &i, bytes_skip(body, 8));
	if (wrong)
		return capfile_damaged(f, err, err_size, "%s", wrong);
	if (f->pcapng.n == f->pcapng.room) {
		size_t                   room = f->pcapng.room ? f->pcapng.room * 2 : 8;
		struct pcapng_interface *at = room <= INTERFACES_MAX ? realloc(f->pcapng.at, room * sizeof *at) : NULL;
		if (!at)
			return source_fail(err, err_size, CONNLOG_NO_MEMORY, "%s: too many interfaces (%zu) for the memory",
			                   f->name, f->pcapng.n);
		f->pcapng.at = at;
		f->pcapng.room = room;
	}
	if (f->pcapng.keep && !keep_description(&i, body))
		return source_fail(err, err_size, CONNLOG_NO_MEMORY, "%s: no memory for its interfaces", f->name);
	f->pcapng.at[f->pcapng.n++] = i;
	return CONNLOG_OK;
}

/* Any version is read as 1.0, as in Zeek's reader: no version differs in the parts used here. */
static int
begin_section(struct capfile *f, struct bytes body, char *err, size_t err_size)
{
	if (body.n < SECTION_MIN - BLOCK_EDGES)
		return capfile_damaged(f, err, err_size, "a section header of %zu bytes is too short", body.n);
	forget_interfaces(f);
	f->pcapng.section = stream_position(&f->in);
	return CONNLOG_OK;
}

static inline void
set_time(connlog_packet *p, const struct pcapng_interface *i, uint64_t t)
{
	uint64_t fraction;

	switch (i->resolution) { /* constants, since a division by a variable costs ten times as much */
	case 1000000:
		p->sec = (int64_t)(t / 1000000 + i->offset);
		p->nsec = (uint32_t)(t % 1000000) * 1000;
		return;
	case 1000000000:
		p->sec = (int64_t)(t / 1000000000 + i->offset);
		p->nsec = (uint32_t)(t % 1000000000);
		return;
	}
	fraction = t % i->resolution;
	p->sec = (int64_t)(t / i->resolution + i->offset);
	p->nsec = (uint32_t)((unsigned __int128)fraction * 1000000000u / i->resolution);
}

/* Returns a writable pointer into the window. */
static uint8_t *
writable(const struct capfile *f, const uint8_t *p)
{
	return f->in.buf + (p - f->in.buf);
}

/* Determines the length of a packet block's header and where its fields are.  Returns 1, 0 if the block is to be
 * skipped, or an error. */
static int
take_packet(struct capfile *f, const struct block *k, connlog_packet *p, char *err, size_t err_size)
{
	const struct pcapng_interface *i;
	const size_t                   fixed = k->type == BLOCK_SIMPLE ? 4 : 20;
	const uint8_t                 *h = bytes_at(k->body, 0, fixed);
	uint32_t                       number = 0;
	uint64_t                       t = 0;

	if (!h)
		return capfile_damaged(f, err, err_size, "a packet block of %u bytes is too short", k->size);
	if (k->type != BLOCK_SIMPLE)
		number = k->type == BLOCK_ENHANCED ? load32(f, h) : load16(f, h);
	if (number >= f->pcapng.n && f->as_zeek)
		return 0;
	if (number >= f->pcapng.n)
		return capfile_damaged(f, err, err_size, "it is of interface %u, which the file does not describe", number);
	i = &f->pcapng.at[number];
	if (k->type == BLOCK_SIMPLE) { /* from the first interface, without a time */
		p->len = load32(f, h);
		p->caplen = p->len < i->snaplen ? p->len : i->snaplen;
	} else {
		t = (uint64_t)load32(f, h + 4) << 32 | load32(f, h + 8);
		p->caplen = load32(f, h + 12);
		p->len = load32(f, h + 16);
	}
	p->data = bytes_at(k->body, fixed, p->caplen);
	if (!p->data)
		return capfile_damaged(f, err, err_size, "%u captured bytes do not fit into a block of %u", p->caplen, k->size);
	p->link = i->link;
	p->flags = 0;
	set_time(p, i, t);
	if (dlt_is_foreign(p->link, f->big_endian))
		dlt_swap_nflog(writable(f, p->data), p->caplen);
	if (f->as_zeek && p->caplen > p->len)
		memset(writable(f, p->data) + p->len, 0, p->caplen - p->len);
	return !f->as_zeek || (p->caplen > 0 && p->len > 0);
}

/* Returns 1 if the block was a packet, 0 if not, or an error. */
static int
take_block(struct capfile *f, const struct block *k, connlog_packet *p, char *err, size_t err_size)
{
	if (f->as_zeek && f->big_endian && k->type != BLOCK_SECTION)
		return capfile_damaged(f, err, err_size,
		                       "Zeek's pcapng source does not read big-endian sections; without pcapng:: connlog does");
	switch (k->type) {
	case BLOCK_ENHANCED:
		return take_packet(f, k, p, err, err_size);
	case BLOCK_SIMPLE:
	case BLOCK_PACKET:
		return f->as_zeek ? 0 : take_packet(f, k, p, err, err_size);
	case BLOCK_INTERFACE:
		return add_interface(f, k->body, err, err_size);
	case BLOCK_SECTION:
		return begin_section(f, k->body, err, err_size);
	default:
		return 0;
	}
}

/* Returns the usual blocks, complete enhanced packets of a known interface in our byte order, and their number.  The
 * first that is anything else is left to take_block().  This is the hot path. */
static size_t
take_plain(struct capfile *f, connlog_packet *p, size_t max)
{
	const struct pcapng_interface *const at = f->pcapng.at;
	const size_t                         interfaces = f->pcapng.n;
	struct bytes                         b = stream_bytes(&f->in);
	size_t                               n = 0;

	if (f->big_endian || f->as_zeek || HOST_BIG_ENDIAN)
		return 0;
	for (; n < max && b.n >= ENHANCED_MIN; n++) {
		const uint8_t *h = b.p;
		const uint32_t size = load_le32(h + 4), number = load_le32(h + 8), caplen = load_le32(h + 20);
		if (load_le32(h) != BLOCK_ENHANCED || size < ENHANCED_MIN || size % 4 != 0 || size > b.n ||
		    load_le32(h + size - 4) != size || number >= interfaces || caplen > size - ENHANCED_MIN)
			break;
		p[n].data = h + 28;
		p[n].caplen = caplen;
		p[n].len = load_le32(h + 24);
		p[n].link = at[number].link;
		p[n].flags = 0;
		set_time(&p[n], &at[number], (uint64_t)load_le32(h + 12) << 32 | load_le32(h + 16));
		b = (struct bytes){ h + size, b.n - size };
	}
	f->in.pos = f->in.end - b.n;
	return n;
}

static int
pcapng_file_next(struct capfile *f, connlog_packet *p, size_t max, char *err, size_t err_size)
{
	struct block k;
	size_t       n = 0;
	int          r;

	while ((n += take_plain(f, p + n, max - n)) < max) {
		/* A section header can change the byte order, so only fill_block() handles one. */
		struct bytes   b = stream_bytes(&f->in);
		const uint8_t *type = bytes_at(b, 0, 4);
		bool           ready = type && load_le32(type) != BLOCK_SECTION && get_block(f, b, &k);
		if (!ready) {
			if (n > 0)
				break; /* the window may move only between calls */
			r = fill_block(f, err, err_size);
			if (r != CONNLOG_OK)
				return r;
			if (!get_block(f, stream_bytes(&f->in), &k))
				return capfile_damaged(f, err, err_size, "a block's two lengths differ");
		}
		r = take_block(f, &k, &p[n], err, err_size);
		if (r < 0 && n == 0)
			return r;
		if (r < 0)
			break; /* returned by the next call */
		n += (size_t)r;
		f->in.pos += k.size;
	}
	f->packets += n;
	return (int)n;
}

int
pcapng_file_begin(struct capfile *f, char *err, size_t err_size)
{
	(void)err;
	(void)err_size;
	f->next = pcapng_file_next; /* the section header is a block like any other */
	return CONNLOG_OK;
}

int
pcapng_file_mark(struct capfile *f, uint64_t mark, char *err, size_t err_size)
{
	connlog_packet p;
	struct block   k;
	int            r;

	if (!stream_seek(&f->in, mark))
		return source_fail(err, err_size, CONNLOG_IO, "%s: is no plain file", f->name);
	r = fill_block(f, err, err_size);
	if (r == CONNLOG_OK && get_block(f, stream_bytes(&f->in), &k))
		r = take_block(f, &k, &p, err, err_size);
	return r == CONNLOG_OK ? r : source_fail(err, err_size, CONNLOG_BAD_INPUT, "%s: has changed", f->name);
}

void
pcapng_file_free(struct capfile *f)
{
	forget_interfaces(f);
	free(f->pcapng.at);
	f->pcapng.at = NULL;
}
