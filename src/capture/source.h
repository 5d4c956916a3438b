/* source.h - a source of packets inside the library: one table of functions.
 *
 * An implementation (files.c, live.c) embeds `struct connlog_source` as its first member and fills in `ops`; source.c
 * dispatches the public functions to it.  Nothing else of a source is visible outside.
 */
#ifndef CONNLOG_CAPTURE_SOURCE_H
#define CONNLOG_CAPTURE_SOURCE_H

#include <stdarg.h>

#include "base/bytes.h"
#include "connlog_live.h"

struct windows;

/* Bytes in memory that the source's file still has. */
struct source_extent {
	struct bytes at;     /* until the next read */
	uint64_t     offset; /* of at.p in the file */
	int          fd;     /* of the file, which can be read at any offset */
	uint64_t     opened; /* which of the source's files it is */
};

struct source_ops {
	int (*read)(connlog_source *s, connlog_packet *p, size_t max, char *err, size_t err_size);
	void (*progress)(const connlog_source *s, connlog_source_progress *out);
	void (*stop)(connlog_source *s); /* async-signal-safe */
	void (*free)(connlog_source *s);
	/* NULL if there are none. */
	bool (*interface)(const connlog_source *s, size_t i, connlog_interface_progress *out);
	struct windows *(*lend)(connlog_source *s, bool on);
	bool (*ring)(const connlog_source *s, size_t i, size_t ring, connlog_ring_progress *out);
	bool (*extent)(const connlog_source *s, struct source_extent *out);
	connlog_source *(*copy)(connlog_source *s);
};

struct connlog_source {
	const struct source_ops *ops;
};

/* Writes a message to `err`, truncated to fit and always terminated.  Returns `code`, so that a failure is reported and
 * returned in one line. */
__attribute__((format(printf, 4, 5))) int source_fail(char *err, size_t err_size, int code, const char *format, ...);

/* Lends the windows of the packets that were read last and of all that follow: they stay in place until they are
 * returned (windows.h).  Returns NULL if that is not possible.  With `on` false lending ends; all windows must have been
 * returned. */
struct windows *source_lend(connlog_source *s, bool on);

/* Returns false unless the packets of the last read lie in a plain file that can be read again. */
bool source_extent(const connlog_source *s, struct source_extent *out);

/* Returns another source of the same packets, for another thread; NULL where there is none: what is read must be plain regular
 * files, of which nothing has been read yet.  The copy gives packets and failures as the source does. */
connlog_source *source_copy(connlog_source *s);

/* Creates a source for one capture in memory, which must outlive it; for tests and the fuzzer.  Returns NULL and writes
 * a message to `err` on failure. */
connlog_source *source_memory(const uint8_t *data, size_t n, const char *bpf, char *err, size_t err_size);

#endif
