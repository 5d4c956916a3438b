/* contents.h - contents of TCP connections into files (Zeek: base/protocols/conn/contents.zeek, base/utils/files.zeek).
 *
 * A file a side, PREFIX_ORIG:PORT-RESP:PORT_orig.dat and …_resp.dat, from connection_established on; a hole is marked by
 * "<<gap N>>" between newlines.  A file that cannot be opened or written raises contents_file_write_failure, is told once
 * as a notice, and all else goes on.
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

/* The connection's contents are wanted: from now on if it has begun to talk, else from connection_established on.
 * => False where it is none of TCP or there is no memory. */
bool contents_extract(struct contents *ct, uint32_t handle, bool orig, bool resp);

/* To be called at connection_established, when everybody else was told. */
void contents_established(struct contents *ct, uint32_t handle);

#endif
