/* contents.h - writes the contents of TCP connections to files (Zeek: base/protocols/conn/contents.zeek, base/utils/files.zeek).
 *
 * Each side has a file, PREFIX_ORIG:PORT-RESP:PORT_orig.dat and …_resp.dat, from connection_established on; a hole is marked
 * by "<<gap N>>" between newlines.  A file that cannot be opened or written raises contents_file_write_failure and, once, a
 * notice; everything else continues.
 */
#ifndef CONNLOG_EVENT_CONTENTS_H
#define CONNLOG_EVENT_CONTENTS_H

#include "conn/conn.h"

struct contents_options {
	bool  default_extract;   /* Conn::default_extract: all connections */
	char *extraction_prefix; /* Conn::extraction_prefix */
};

struct contents {
	struct conn_store             *s;
	const struct contents_options *opt;
	struct conn_recorder           recorder;
	struct slab                    files; /* struct contents_file */
	void (*tell)(void *arg, const char *text);
	void    *tell_arg;
	bool     told;
	uint64_t opened, bytes, failures;
};

void contents_init(struct contents *ct, struct conn_store *s, const struct contents_options *opt,
                   void (*tell)(void *arg, const char *text), void *tell_arg);
void contents_free(struct contents *ct);

/* Starts recording the connection's contents: now if both sides have been seen, otherwise at connection_established.
 * Returns false if the connection is not TCP, or when out of memory. */
bool contents_extract(struct contents *ct, uint32_t handle, bool orig, bool resp);

/* To be called at connection_established, after all handlers. */
void contents_established(struct contents *ct, uint32_t handle);

#endif
