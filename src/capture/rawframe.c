/* rawframe.c - see rawframe.h.
 *
 * Options of pcapng are copied; those of big-endian sections are turned around where the draft says that they are numbers.  A packet of
 * a pcap file gets an interface that says what the file's header says.
 */
#include "capture/rawframe.h"

enum {
	BLOCK_PACKET = 2,
	BLOCK_SIMPLE = 3,
	BLOCK_ENHANCED = 6,
	OPTION_END = 0,
	OPTION_TSRESOL = 9,
	PACKET_FIXED = 20, /* before the bytes of a packet */
	INTERFACE_FIXED = 8,
};

static uint16_t
load16(const struct capfile *f, const uint8_t *p)
{
	return f->big_endian ? load_be16(p) : load_le16(p);
}

static uint32_t
load32(const struct capfile *f, const uint8_t *p)
{
	return f->big_endian ? load_be32(p) : load_le32(p);
}

/* How many bytes of an option's value are one number, by its code; 1: they are bytes. */
static unsigned
interface_number(unsigned code)
{
	switch (code) {
	case 8:  /* if_speed */
	case 14: /* if_tsoffset */
	case 16: /* if_txspeed */
	case 17: /* if_rxspeed */
		return 8;
	case 10: /* if_tzone */
		return 4;
	default:
		return 1;
	}
}

static unsigned
packet_number(unsigned code)
{
	switch (code) {
	case 4: /* epb_dropcount */
	case 5: /* epb_packetid */
		return 8;
	case 2: /* epb_flags */
	case 6: /* epb_queue */
		return 4;
	default:
		return 1;
	}
}

/* Copies the options up to the first that is damaged, without the end. */
static void
copy_options(const struct capfile *f, struct bytes b, unsigned (*number)(unsigned code), struct outbuf *out)
{
	for (;;) {
		const uint8_t *h = bytes_at(b, 0, 4);
		const unsigned code = h ? load16(f, h) : OPTION_END, n = h ? load16(f, h + 2) : 0;
		const uint8_t *value = bytes_at(b, 4, n);
		if (code == OPTION_END || !value)
			return;
		outbuf_le(out, code, 2);
		outbuf_le(out, n, 2);
		const unsigned size = number(code);
		for (unsigned i = 0; i < n; i++)
			outbuf_char(out, (char)(f->big_endian && size == n ? value[n - 1 - i] : value[i]));
		outbuf_put(out, "\0\0\0", -n & 3);
		b = bytes_skip(b, 4 + ((n + 3) & ~3u));
	}
}

static void
put_interface(const struct capfile *f, struct outbuf *out)
{
	outbuf_le(out, f->pcap.linktype, 2);
	outbuf_le(out, 0, 2);
	outbuf_le(out, f->pcap.said, 4);
	if (f->pcap.nanoseconds) {
		outbuf_le(out, OPTION_TSRESOL, 2);
		outbuf_le(out, 1, 2);
		outbuf_put(out, "\x09\0\0", 4);
	}
}

static void
copy_interface(const struct capfile *f, const struct pcapng_interface *i, struct outbuf *out)
{
	const struct bytes b = { i->description, i->description_n };

	outbuf_le(out, load16(f, b.p), 2);
	outbuf_le(out, 0, 2);
	outbuf_le(out, load32(f, b.p + 4), 4);
	copy_options(f, bytes_skip(b, INTERFACE_FIXED), interface_number, out);
}

/* The window is moved on to behind the block. */
static const struct pcapng_interface *
from_block(const struct capfile *f, const connlog_packet *p, struct rawframe *r, struct bytes *options)
{
	const uint8_t *end = f->in.buf + f->in.pos, *block = end - load32(f, end - 4), *body = block + 8;
	const uint32_t type = load32(f, block);

	*options = (struct bytes){ NULL, 0 };
	if (type == BLOCK_SIMPLE) {
		r->time = 0;
		return &f->pcapng.at[0];
	}
	r->time = (uint64_t)load32(f, body + 4) << 32 | load32(f, body + 8);
	if (type == BLOCK_ENHANCED) {
		const size_t fixed = PACKET_FIXED + ((p->caplen + 3u) & ~(size_t)3);
		*options = bytes_skip((struct bytes){ body, (size_t)(end - 4 - body) }, fixed);
	}
	return &f->pcapng.at[type == BLOCK_PACKET ? load16(f, body) : load32(f, body)];
}

bool
rawframe_of(const struct capfile *f, const connlog_packet *p, struct outbuf *scratch, struct rawframe *out)
{
	struct bytes options = { NULL, 0 };

	scratch->n = 0;
	*out = (struct rawframe){ .sec = p->sec,
		                      .nsec = p->nsec,
		                      .link = p->link,
		                      .caplen = p->caplen,
		                      .len = p->len,
		                      .data = { p->data, p->caplen } };
	if (f->pcapng.n > 0) {
		const struct pcapng_interface *i = from_block(f, p, out, &options);
		copy_interface(f, i, scratch);
	} else {
		out->time =
			f->pcap.nanoseconds ? (uint64_t)p->sec * 1000000000 + p->nsec : (uint64_t)p->sec * 1000000 + p->nsec / 1000;
		put_interface(f, scratch);
	}
	const size_t interface = scratch->n;
	copy_options(f, options, packet_number, scratch);
	if (scratch->failed)
		return false;
	const uint8_t *at = (const uint8_t *)scratch->p;
	out->interface = (struct bytes){ at, interface };
	out->options = (struct bytes){ at + interface, scratch->n - interface };
	return true;
}
