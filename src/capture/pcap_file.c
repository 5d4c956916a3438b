/* pcap_file.c - the classic capture format: a file header, then records, each a header and the packet's bytes.
 *
 * Follows draft-ietf-opsawg-pcap and, where that leaves room, libpcap's sf-pcap.c, which Zeek uses: the magic number
 * gives the byte order and the unit of times; a packet longer than the file's snapshot length is truncated to it, and
 * an implausibly long one means damage.  Alexey Kuznetzov's variant has eight more bytes in each record
 * header.  Versions before 2.3 have the two lengths in the opposite order.
 */
#include "capture/capfile.h"
#include "capture/dlt.h"

#define MAGIC_MICROSECONDS 0xa1b2c3d4u
#define MAGIC_NANOSECONDS  0xa1b23c4du
#define MAGIC_KUZNETZOV    0xa1b2cd34u

#define FILE_HEADER      24
#define RECORD_HEADER    16
#define RECORD_KUZNETZOV 24

enum { PCAP_LENGTHS_NORMAL, PCAP_LENGTHS_MAYBE_SWAPPED, PCAP_LENGTHS_SWAPPED };

static bool
is_magic(uint32_t v)
{
	return v == MAGIC_MICROSECONDS || v == MAGIC_NANOSECONDS || v == MAGIC_KUZNETZOV;
}

bool
pcap_file_detect(struct bytes head)
{
	const uint8_t *p = bytes_at(head, 0, 4);

	return p && (is_magic(load_le32(p)) || is_magic(load_be32(p)));
}

static inline uint32_t
load32(const uint8_t *p, bool big_endian)
{
	return big_endian ? load_be32(p) : load_le32(p);
}

struct record {
	uint32_t caplen, len; /* from the record, in the normal order */
};

static inline struct record
record_lengths(const uint8_t *h, uint8_t lengths, bool big_endian)
{
	struct record r = { load32(h + 8, big_endian), load32(h + 12, big_endian) };

	if (__builtin_expect(lengths != PCAP_LENGTHS_NORMAL, 0))
		if (lengths == PCAP_LENGTHS_SWAPPED || r.caplen > r.len)
			return (struct record){ r.len, r.caplen };
	return r;
}

/* Handles a fraction of a second or more, or a negative one, as libpcap 1.10 does: it takes both fields as signed if
 * the file has our byte order (that of the machines Zeek runs on), and as unsigned if it has to swap them. */
static void
odd_fraction(connlog_packet *p, uint32_t fraction, bool nanoseconds, bool big_endian)
{
	int64_t part = big_endian ? (int64_t)fraction : (int32_t)fraction;
	int64_t micro = nanoseconds ? part / 1000 : part;
	int64_t sec = micro / 1000000 - (micro % 1000000 < 0);

	p->sec += sec;
	p->nsec = (uint32_t)(micro - sec * 1000000) * 1000;
}

static inline void
record_time(connlog_packet *p, const uint8_t *h, bool nanoseconds, bool big_endian)
{
	uint32_t fraction = load32(h + 4, big_endian);

	p->sec = big_endian ? (int64_t)load_be32(h) : (int32_t)load_le32(h);
	p->nsec = nanoseconds ? fraction : fraction * 1000;
	if (__builtin_expect(fraction >= (nanoseconds ? 1000000000u : 1000000u), 0))
		odd_fraction(p, fraction, nanoseconds, big_endian);
}

/* Returns the records that are completely in the window, and their number.  This is the hot path, specialised for each
 * kind of file. */
__attribute__((always_inline)) static inline size_t
take(struct capfile *f, connlog_packet *p, size_t max, bool nanoseconds, bool big_endian)
{
	/* local copies, since any store to `p` might have changed `f` */
	const struct pcap_layout k = f->pcap;
	struct bytes             b = stream_bytes(&f->in);
	size_t                   n;

	for (n = 0; n < max && b.n >= k.header; n++) {
		const uint8_t      *h = b.p;
		const struct record r = record_lengths(h, k.lengths, big_endian);
		if (r.caplen > b.n - k.header || r.caplen > k.max)
			break;
		p[n].data = h + k.header;
		p[n].caplen = r.caplen < k.snaplen ? r.caplen : k.snaplen;
		p[n].len = r.len;
		p[n].link = k.link;
		p[n].flags = 0;
		record_time(&p[n], h, nanoseconds, big_endian);
		b = (struct bytes){ h + k.header + r.caplen, b.n - k.header - r.caplen };
	}
	f->in.pos = f->in.end - b.n;
	return n;
}

static size_t
take_any(struct capfile *f, connlog_packet *p, size_t max)
{
	if (f->big_endian)
		return take(f, p, max, f->pcap.nanoseconds, true);
	return f->pcap.nanoseconds ? take(f, p, max, true, false) : take(f, p, max, false, false);
}

/* Brings the next record into the window.  Returns CONNLOG_OK, CONNLOG_END or an error. */
static int
next_record(struct capfile *f, char *err, size_t err_size)
{
	struct record r;

	if (!stream_fill(&f->in, f->pcap.header)) {
		if (stream_bytes(&f->in).n == 0 && f->in.status == CONNLOG_OK)
			return CONNLOG_END;
		return f->in.status == CONNLOG_OK
		           ? capfile_damaged(f, err, err_size, "the file ends after %zu of the record header's %zu bytes",
		                             stream_bytes(&f->in).n, f->pcap.header)
		           : capfile_short(f, f->pcap.header, err, err_size);
	}
	r = record_lengths(stream_bytes(&f->in).p, f->pcap.lengths, f->big_endian);
	if (r.caplen > f->pcap.max)
		return capfile_damaged(f, err, err_size, "the record says %u bytes, more than a packet can have (%u)", r.caplen,
		                       f->pcap.max);
	if (!stream_fill(&f->in, f->pcap.header + r.caplen))
		return capfile_short(f, f->pcap.header + r.caplen, err, err_size);
	return CONNLOG_OK;
}

static int
pcap_file_next(struct capfile *f, connlog_packet *p, size_t max, char *err, size_t err_size)
{
	size_t n = take_any(f, p, max);

	if (n == 0) {
		int status = next_record(f, err, err_size);
		if (status != CONNLOG_OK)
			return status;
		n = take_any(f, p, max);
	}
	if (dlt_is_foreign(f->pcap.link, f->big_endian))
		for (size_t i = 0; i < n; i++)
			dlt_swap_nflog(f->in.buf + (p[i].data - f->in.buf), p[i].caplen);
	f->packets += n;
	return (int)n;
}

/* Returns how the record headers state the lengths, or -1 for a version that never existed. */
static int
lengths_of_version(unsigned major, unsigned minor)
{
	if (major == 543 && minor == 0) /* DG/UX's tcpdump */
		return PCAP_LENGTHS_SWAPPED;
	if (major != 2 || minor > 4)
		return -1;
	return minor < 3 ? PCAP_LENGTHS_SWAPPED : minor == 3 ? PCAP_LENGTHS_MAYBE_SWAPPED : PCAP_LENGTHS_NORMAL;
}

int
pcap_file_begin(struct capfile *f, char *err, size_t err_size)
{
	const uint8_t *h = bytes_at(stream_bytes(&f->in), 0, FILE_HEADER);
	unsigned       major, minor;
	uint32_t       magic, link;
	int            lengths;

	if (!h) {
		if (f->in.status != CONNLOG_OK)
			return source_fail(err, err_size, f->in.status, "%s: %s", f->name, f->in.why);
		return source_fail(err, err_size, CONNLOG_BAD_INPUT,
		                   "%s: the file ends after %zu of the pcap header's %d bytes", f->name, stream_bytes(&f->in).n,
		                   FILE_HEADER);
	}
	f->big_endian = is_magic(load_be32(h));
	magic = load32(h, f->big_endian);
	major = f->big_endian ? load_be16(h + 4) : load_le16(h + 4);
	minor = f->big_endian ? load_be16(h + 6) : load_le16(h + 6);
	lengths = lengths_of_version(major, minor);
	if (lengths < 0)
		return source_fail(err, err_size, CONNLOG_BAD_INPUT, "%s: pcap version %u.%u is not known", f->name, major,
		                   minor);
	link = load32(h + 20, f->big_endian);
	if (link & 0x03ff0000u) /* the bits above are the length of the frame check sequence */
		return source_fail(err, err_size, CONNLOG_BAD_INPUT,
		                   "%s: the pcap header's link type 0x%08x has reserved bits set", f->name, link);
	f->pcap.lengths = (uint8_t)lengths;
	f->pcap.nanoseconds = magic == MAGIC_NANOSECONDS;
	f->pcap.header = magic == MAGIC_KUZNETZOV ? RECORD_KUZNETZOV : RECORD_HEADER;
	f->pcap.linktype = (uint16_t)link;
	f->pcap.said = load32(h + 16, f->big_endian);
	f->pcap.link = dlt_from_linktype(link & 0xffff);
	f->pcap.max = dlt_snaplen_max(f->pcap.link);
	f->pcap.snaplen = dlt_snaplen(f->pcap.link, f->pcap.said);
	if (magic == MAGIC_KUZNETZOV && f->pcap.link == DLT_EN10MB)
		f->pcap.snaplen += 14; /* cooked captures were given an artificial Ethernet header */
	f->next = pcap_file_next;
	f->in.pos += FILE_HEADER;
	return CONNLOG_OK;
}
