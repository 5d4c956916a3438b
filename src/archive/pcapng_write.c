/* pcapng_write.c - see pcapng_write.h. */
#include "archive/pcapng_write.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/more.h"

enum {
	BLOCK_SECTION = 0x0a0d0d0a,
	BLOCK_INTERFACE = 1,
	BLOCK_ENHANCED = 6,
	OPTION_COMMENT = 1,
	OPTION_USERAPPL = 4,
	OPTION_MAX = 0xfff0,   /* bytes of a text */
	FLUSH_SIZE = 64 << 10, /* bytes */
	INTERFACES_MAX = 1 << 16,
};

static void
put_padded(struct outbuf *b, struct bytes p)
{
	outbuf_put(b, (const char *)p.p, p.n);
	outbuf_put(b, "\0\0\0", -p.n & 3);
}

static void
put_option(struct outbuf *b, unsigned code, const char *text)
{
	const struct bytes p = bytes_head((struct bytes){ (const uint8_t *)text, strlen(text) }, OPTION_MAX);

	outbuf_le(b, code, 2);
	outbuf_le(b, (unsigned)p.n, 2);
	put_padded(b, p);
}

/* Returns the offset of the block. */
static size_t
begin_block(struct outbuf *b, uint32_t type)
{
	const size_t at = b->n;

	outbuf_le(b, type, 4);
	outbuf_le(b, 0, 4);
	return at;
}

static void
end_block(struct outbuf *b, size_t at)
{
	outbuf_le(b, 0, 4); /* the end of the options */
	const uint32_t size = (uint32_t)(b->n + 4 - at);
	outbuf_le(b, size, 4);
	if (!b->failed)
		for (int i = 0; i < 4; i++)
			b->p[at + 4 + (size_t)i] = (char)(size >> 8 * i);
}

static int
no_memory(char *err, size_t err_size)
{
	snprintf(err, err_size, "out of memory");
	return CONNLOG_NO_MEMORY;
}

static int
flush(struct pcapng_writer *w, size_t least, char *err, size_t err_size)
{
	if (w->buf.failed)
		return no_memory(err, err_size);
	if (w->buf.n < least)
		return CONNLOG_OK;
	const int status = connlog_sink_write(w->sink, w->buf.p, w->buf.n, err, err_size);
	w->buf.n = 0;
	return status;
}

int
pcapng_open(struct pcapng_writer *w, const char *path, const char *const *comments, size_t n, char *err,
            size_t err_size)
{
	*w = (struct pcapng_writer){ .sink = connlog_sink_file(path, err, err_size) };
	if (!w->sink)
		return CONNLOG_IO;
	const size_t at = begin_block(&w->buf, BLOCK_SECTION);
	outbuf_le(&w->buf, 0x1a2b3c4d, 4);
	outbuf_le(&w->buf, 1, 4);          /* version 1.0 */
	outbuf_le(&w->buf, 0xffffffff, 4); /* the length is unknown */
	outbuf_le(&w->buf, 0xffffffff, 4);
	put_option(&w->buf, OPTION_USERAPPL, "connlog " CONNLOG_VERSION);
	for (size_t i = 0; i < n; i++)
		put_option(&w->buf, OPTION_COMMENT, comments[i]);
	end_block(&w->buf, at);
	return flush(w, FLUSH_SIZE, err, err_size);
}

static bool
is_interface(const struct outbuf *i, struct bytes b)
{
	return i->n == b.n && memcmp(i->p, b.p, b.n) == 0;
}

/* Adds an interface description. Returns false when out of memory. */
static bool
add_interface(struct pcapng_writer *w, struct bytes b)
{
	struct outbuf *all = more(w->interfaces, w->n, &w->room, sizeof *all, INTERFACES_MAX);

	if (!all)
		return false;
	w->interfaces = all;
	struct outbuf *i = &w->interfaces[w->n];
	*i = (struct outbuf){ 0 };
	outbuf_put(i, (const char *)b.p, b.n);
	if (i->failed) {
		outbuf_free(i);
		return false;
	}
	w->last = w->n++;
	const size_t at = begin_block(&w->buf, BLOCK_INTERFACE);
	outbuf_put(&w->buf, (const char *)b.p, b.n);
	end_block(&w->buf, at);
	return true;
}

/* Makes `last` the interface, which it usually is already. Returns false when out of memory. */
static bool
find_interface(struct pcapng_writer *w, struct bytes b)
{
	if (w->n > 0 && is_interface(&w->interfaces[w->last], b))
		return true;
	for (size_t i = 0; i < w->n; i++)
		if (is_interface(&w->interfaces[i], b)) {
			w->last = i;
			return true;
		}
	return add_interface(w, b);
}

int
pcapng_packet(struct pcapng_writer *w, const struct rawframe *r, const char *comment, char *err, size_t err_size)
{
	if (!find_interface(w, r->interface))
		return no_memory(err, err_size);
	const size_t at = begin_block(&w->buf, BLOCK_ENHANCED);
	outbuf_le(&w->buf, (uint32_t)w->last, 4);
	outbuf_le(&w->buf, (uint32_t)(r->time >> 32), 4);
	outbuf_le(&w->buf, (uint32_t)r->time, 4);
	outbuf_le(&w->buf, r->caplen, 4);
	outbuf_le(&w->buf, r->len, 4);
	put_padded(&w->buf, r->data);
	outbuf_put(&w->buf, (const char *)r->options.p, r->options.n);
	if (comment)
		put_option(&w->buf, OPTION_COMMENT, comment);
	end_block(&w->buf, at);
	return flush(w, FLUSH_SIZE, err, err_size);
}

int
pcapng_close(struct pcapng_writer *w, char *err, size_t err_size)
{
	const int status = flush(w, 1, err, err_size);

	return status == CONNLOG_OK ? connlog_sink_close(w->sink, err, err_size) : status;
}

void
pcapng_free(struct pcapng_writer *w)
{
	for (size_t i = 0; i < w->n; i++)
		outbuf_free(&w->interfaces[i]);
	free(w->interfaces);
	outbuf_free(&w->buf);
	connlog_sink_free(w->sink);
	*w = (struct pcapng_writer){ 0 };
}
