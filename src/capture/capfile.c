/* capfile.c - opens a capture by its content, and words the errors about damaged ones. */
#include "capture/capfile.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int
capfile_damaged(const struct capfile *f, char *err, size_t err_size, const char *format, ...)
{
	char    what[200];
	va_list ap;

	va_start(ap, format);
	vsnprintf(what, sizeof what, format, ap);
	va_end(ap);
	return source_fail(err, err_size, CONNLOG_BAD_INPUT, "%s: packet %" PRIu64 " at byte %" PRIu64 "%s: %s", f->name,
	                   f->packets + 1, stream_position(&f->in), stream_packed(&f->in) ? " of the unpacked data" : "",
	                   what);
}

int
capfile_short(const struct capfile *f, size_t size, char *err, size_t err_size)
{
	int status = f->in.status;

	if (status == CONNLOG_OK)
		return capfile_damaged(f, err, err_size, "the record says %zu bytes but the file ends %zu bytes later", size,
		                       stream_bytes(&f->in).n);
	capfile_damaged(f, err, err_size, "%s", f->in.why);
	return status;
}

/* Returns a hint on how to read a file that is not a capture, or "". */
static const char *
advice(struct bytes head)
{
	static const struct {
		const char *magic;
		size_t      n;
		const char *text;
	} known[] = {
		{ "\3757zXZ", 5, ": it is compressed with xz, unpack it first" },
		{ "BZh", 3, ": it is compressed with bzip2, unpack it first" },
		{ "\x04\x22\x4d\x18", 4, ": it is compressed with lz4, unpack it first" },
		{ "PK\x03\x04", 4, ": it is a zip archive, unpack it first" },
		{ "snoop\0", 6, ": it is a snoop capture, convert it with `editcap -F pcap`" },
	};

	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
		const uint8_t *p = bytes_at(head, 0, known[i].n);
		if (p && memcmp(p, known[i].magic, known[i].n) == 0)
			return known[i].text;
	}
	return "";
}

static int
begin(struct capfile *f, char *err, size_t err_size)
{
	struct bytes head;

	stream_fill(&f->in, 24);
	head = stream_bytes(&f->in);
	if (pcapng_file_detect(head))
		return pcapng_file_begin(f, err, err_size);
	f->as_zeek = false;
	if (pcap_file_detect(head))
		return pcap_file_begin(f, err, err_size);
	if (f->in.status != CONNLOG_OK)
		return source_fail(err, err_size, f->in.status, "%s: %s", f->name, f->in.why);
	if (head.n == 0)
		return source_fail(err, err_size, CONNLOG_BAD_INPUT, "%s: is empty: no capture", f->name);
	return source_fail(err, err_size, CONNLOG_BAD_INPUT, "%s: is no pcap or pcapng capture%s", f->name, advice(head));
}

int
capfile_open(struct capfile *f, const char *path, bool as_zeek, size_t window, const volatile sig_atomic_t *stop,
             char *err, size_t err_size)
{
	int status;

	memset(f, 0, sizeof *f);
	f->name = strcmp(path, "-") == 0 ? "standard input" : path;
	f->as_zeek = as_zeek;
	status = stream_open(&f->in, path, window, stop);
	if (status != CONNLOG_OK)
		return source_fail(err, err_size, status, "%s: %s", f->name, f->in.why);
	return begin(f, err, err_size);
}

int
capfile_open_memory(struct capfile *f, struct bytes memory, size_t window, char *err, size_t err_size)
{
	int status;

	memset(f, 0, sizeof *f);
	f->name = "memory";
	status = stream_open_memory(&f->in, memory, window);
	if (status != CONNLOG_OK)
		return source_fail(err, err_size, status, "%s: %s", f->name, f->in.why);
	return begin(f, err, err_size);
}

bool
capfile_is_plain(const char *path)
{
	uint8_t   head[12];
	const int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return false;
	const ssize_t n = read(fd, head, sizeof head);
	close(fd);
	const struct bytes b = { head, n > 0 ? (size_t)n : 0 };
	return pcapng_file_detect(b) || pcap_file_detect(b);
}

void
capfile_close(struct capfile *f)
{
	stream_close(&f->in);
	pcapng_file_free(f);
}

int
capfile_resume(struct capfile *f, const uint64_t *marks, size_t n, uint64_t offset, char *err, size_t err_size)
{
	for (size_t i = 0; i < n; i++) {
		const int status = pcapng_file_mark(f, marks[i], err, err_size);
		if (status != CONNLOG_OK)
			return status;
	}
	if (!stream_seek(&f->in, offset))
		return source_fail(err, err_size, CONNLOG_IO, "%s: is no plain file", f->name);
	return CONNLOG_OK;
}
