/* contents.c - see contents.h. */
#include "event/contents.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "track/tcp.h"

struct contents_file {
	int fd;
};

enum { NAME_ROOM = 4096 };

/* addr_to_uri. */
static void
address_text(struct addr a, char out[ADDR_TEXT_MAX + 2])
{
	char         text[ADDR_TEXT_MAX];
	const size_t n = addr_format(&a, text);

	snprintf(out, ADDR_TEXT_MAX + 2, addr_is_v4(&a) ? "%.*s" : "[%.*s]", (int)n, text);
}

/* generate_extraction_filename.  Returns false if the name is too long. */
static bool
file_name(const struct contents *ct, const struct conn *c, int side, char out[NAME_ROOM])
{
	const char *prefix = ct->opt->extraction_prefix ? ct->opt->extraction_prefix : "";
	char        orig[ADDR_TEXT_MAX + 2], resp[ADDR_TEXT_MAX + 2];

	address_text(conn_host(ct->s, c, ORIG), orig);
	address_text(conn_host(ct->s, c, RESP), resp);
	const int n = snprintf(out, NAME_ROOM, "%s%s%s:%u-%s:%u_%s.dat", prefix, *prefix ? "_" : "", orig, c->p[ORIG], resp,
	                       c->p[RESP], side == ORIG ? "orig" : "resp");
	return n > 0 && n < NAME_ROOM;
}

static void
fail(struct contents *ct, uint32_t handle, bool is_orig, const char *msg)
{
	ct->failures++;
	if (conn_wants(ct->s, CONNLOG_EVENT_CONTENTS_FILE_WRITE_FAILURE))
		conn_raise(ct->s, handle, CONNLOG_EVENT_CONTENTS_FILE_WRITE_FAILURE,
		           (connlog_value[]){ event_bool(is_orig), event_text(msg, strlen(msg)) });
}

/* Reports once, for all files, why they are incomplete. */
static void
tell_once(struct contents *ct, const char *what, const char *name)
{
	char text[NAME_ROOM + 200];

	if (ct->told)
		return;
	ct->told = true;
	snprintf(text, sizeof text, "cannot %s %s: %s; contents of connections are missing", what, name, strerror(errno));
	ct->tell(ct->tell_arg, text);
}

static void
begin_side(struct contents *ct, uint32_t handle, int side)
{
	struct conn *c = conn_at(ct->s, handle);
	char         name[NAME_ROOM], msg[NAME_ROOM + 200];

	if (tcp_side(tcp_at(ct->s, c), side)->flags & EP_RECORD)
		return;
	errno = ENAMETOOLONG;
	const int      fd = file_name(ct, c, side, name) ? open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666) : -1;
	const uint32_t file = fd >= 0 ? slab_alloc(&ct->files) : 0;
	if (!file) {
		if (fd >= 0)
			close(fd);
		snprintf(msg, sizeof msg, "cannot open %s: %s", name, strerror(errno));
		tell_once(ct, "open", name);
		fail(ct, handle, side == ORIG, msg);
		return;
	}
	*(struct contents_file *)slab_at(&ct->files, file) = (struct contents_file){ fd };
	ct->opened++;
	ct->s->recorder = &ct->recorder;
	tcp_record_begin(ct->s, handle, side, file);
}

/* Returns false, with errno set, if not everything could be written. */
static bool
write_all(struct contents *ct, uint32_t file, const void *bytes, size_t n)
{
	const struct contents_file *f = slab_at(&ct->files, file);
	const char                 *p = bytes;

	while (n > 0) {
		const ssize_t done = write(f->fd, p, n);
		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return false;
		ct->bytes += (uint64_t)done;
		p += done;
		n -= (size_t)done;
	}
	return true;
}

/* `failure` is Zeek's message when writing fails. */
static void
put(struct contents *ct, uint32_t handle, uint32_t file, bool is_orig, const void *bytes, size_t n, const char *failure)
{
	if (write_all(ct, file, bytes, n))
		return;
	tell_once(ct, "write", "the contents of a connection");
	fail(ct, handle, is_orig, failure);
}

static void
on_bytes(void *arg, uint32_t handle, uint32_t file, bool is_orig, const uint8_t *p, size_t n)
{
	put(arg, handle, file, is_orig, p, n, "TCP reassembler content write failure");
}

static void
on_gap(void *arg, uint32_t handle, uint32_t file, bool is_orig, uint64_t len)
{
	char      mark[40];
	const int n = snprintf(mark, sizeof mark, "\n<<gap %" PRIu64 ">>\n", len);

	put(arg, handle, file, is_orig, mark, (size_t)n, "TCP reassembler gap write failure");
}

static void
on_close(void *arg, uint32_t file)
{
	struct contents            *ct = arg;
	const struct contents_file *f = slab_at(&ct->files, file);

	close(f->fd);
	slab_release(&ct->files, file);
}

void
contents_init(struct contents *ct, struct conn_store *s, const struct contents_options *opt,
              void (*tell)(void *arg, const char *text), void *tell_arg)
{
	*ct = (struct contents){ .s = s, .opt = opt, .tell = tell, .tell_arg = tell_arg };
	ct->recorder = (struct conn_recorder){ .arg = ct, .bytes = on_bytes, .gap = on_gap, .close = on_close };
	slab_init(&ct->files, sizeof(struct contents_file));
	if (opt->default_extract)
		s->events.wanted |= UINT64_C(1) << CONNLOG_EVENT_CONNECTION_ESTABLISHED;
}

void
contents_free(struct contents *ct)
{
	slab_free_all(&ct->files);
}

bool
contents_extract(struct contents *ct, uint32_t handle, bool orig, bool resp)
{
	struct conn *c = conn_at(ct->s, handle);

	if (c->transport != TRANSPORT_TCP)
		return false;
	const bool talks = tcp_is_open(c) && tcp_side(tcp_at(ct->s, c), ORIG)->state != TCP_INACTIVE &&
	                   tcp_side(tcp_at(ct->s, c), RESP)->state != TCP_INACTIVE;
	if (talks) {
		if (orig)
			begin_side(ct, handle, ORIG);
		if (resp)
			begin_side(ct, handle, RESP);
		return true;
	}
	struct conn_extra *x = conn_extra_need(ct->s, handle);
	if (!x)
		return false;
	x->extract |= (uint8_t)(orig << ORIG | resp << RESP);
	ct->s->events.wanted |= UINT64_C(1) << CONNLOG_EVENT_CONNECTION_ESTABLISHED;
	return true;
}

void
contents_established(struct contents *ct, uint32_t handle)
{
	const struct conn_extra *x = conn_extra_at(ct->s, conn_at(ct->s, handle));
	const uint8_t            sides = ct->opt->default_extract ? 1 << ORIG | 1 << RESP : x ? x->extract : 0;

	for (int side = ORIG; side <= RESP; side++)
		if (sides & 1 << side)
			begin_side(ct, handle, side);
}
