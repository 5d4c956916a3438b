/* pcapng_write.h - writes a pcapng file (draft-ietf-opsawg-pcapng): one section, interfaces as needed, packets with
 * comments. */
#ifndef CONNLOG_ARCHIVE_PCAPNG_WRITE_H
#define CONNLOG_ARCHIVE_PCAPNG_WRITE_H

#include "base/outbuf.h"
#include "capture/rawframe.h"
#include "connlog.h"

struct pcapng_writer {
	connlog_sink  *sink;
	struct outbuf  buf;
	struct outbuf *interfaces; /* the contents of their blocks */
	size_t         n, room;
	size_t         last; /* the one used last */
};

/* Opens the file and writes the section header with these comments, each terminated. Returns CONNLOG_OK, or an error
 * with a message; the writer has to be freed in either case. */
int pcapng_open(struct pcapng_writer *w, const char *path, const char *const *comments, size_t n, char *err,
                size_t err_size);
/* Writes a packet with one additional comment, NULL for none. */
int pcapng_packet(struct pcapng_writer *w, const struct rawframe *r, const char *comment, char *err, size_t err_size);
/* Completes the file, which gets its name only then. */
int  pcapng_close(struct pcapng_writer *w, char *err, size_t err_size);
void pcapng_free(struct pcapng_writer *w);

#endif
