/* connlog_archive.h - finds the packets behind records in captures. docs/EXTRACT.md describes it; connlog.h has the
 * rest of the interface, and states the conventions that hold for all of it.
 *
 *     connlog_extractor *x = connlog_extractor_new(paths, n, &options, err, sizeof err);
 *     connlog_extractor_want(x, record);                     // one of a log's, or of an engine's
 *     connlog_extractor_find(x, err, sizeof err);            // reads the captures
 *     connlog_extractor_write(x, "out.pcapng", err, sizeof err);
 */
#ifndef CONNLOG_ARCHIVE_H
#define CONNLOG_ARCHIVE_H

#include "connlog_anonymize.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct connlog_extractor connlog_extractor;

/* The strings are copied; the rest must exist as long as the extractor. */
typedef struct connlog_extract_options {
	/* The options that the log was made with, since some of them decide what is counted. NULL: the defaults. */
	const connlog_options *engine;
	const char            *bpf;         /* the filter that the log was made with, or NULL */
	bool                   icmp_errors; /* also take ICMP errors that quote a packet of the connection */
	bool                   no_index;    /* read the captures completely */
	/* Called for captures that cannot be read or are damaged, with a description; NULL: never. */
	connlog_notice_fn notice;
	void             *notice_arg;
	/* Called now and then while captures are read; NULL: never. */
	void (*progress)(void *arg, const connlog_source_progress *at);
	void *progress_arg;
} connlog_extract_options;

/* Creates an extractor for these files and directories, which are read as one stream, as by connlog_source_files().
 * They are read more than once, so standard input and pipes are not possible. `o` may be NULL. Returns NULL and writes
 * a message to `err` on failure. */
CONNLOG_API connlog_extractor *
connlog_extractor_new(const char *const *paths, size_t n, const connlog_extract_options *o, char *err, size_t err_size);
CONNLOG_API void connlog_extractor_free(connlog_extractor *x);

/* Adds a connection by its record, which must have ts, proto and the four columns of id. The duration, packets and IP
 * bytes in the record are compared with what is found. Of several records of one connection (interim records) the last
 * counts. Returns CONNLOG_OK, CONNLOG_BAD_INPUT if a column is missing, or CONNLOG_NO_MEMORY. */
CONNLOG_API int connlog_extractor_want(connlog_extractor *x, const connlog_record *r);

/* Reads the captures and finds the packets.  Returns CONNLOG_OK; CONNLOG_END if connlog_extractor_stop() was called; or an error
 * with a message. */
CONNLOG_API int connlog_extractor_find(connlog_extractor *x, char *err, size_t err_size);

/* How much was read to find the packets. */
typedef struct connlog_extract_work {
	size_t   captures, indexed; /* files, and how many of them have a usable index */
	size_t   stale, damaged;    /* files whose index is of another version of the capture; whose index is damaged */
	unsigned walks; /* passes over the captures: 1, or more if something did not match and more had to be read */
	uint64_t bytes; /* of the captures, as stored on disk */
} connlog_extract_work;
CONNLOG_API void connlog_extractor_work(const connlog_extractor *x, connlog_extract_work *out);

/* What was found for a connection. */
typedef struct connlog_extracted {
	const char *uid;   /* from its record, "" if that had none */
	bool        found; /* there is a connection with its tuple and start */
	bool        exact; /* and it matches the record */
	uint64_t    packets, fragments,
		icmp_errors;      /* packets counted, further fragments of these, and errors about the connection */
	char difference[160]; /* what differs if it is not exact, otherwise "" */
} connlog_extracted;
/* Stores the connection at index `i`, in the order of addition, in `*out`. Returns false past the last one. */
CONNLOG_API bool connlog_extractor_at(const connlog_extractor *x, size_t i, connlog_extracted *out);

/* Writes the packets of all connections to one pcapng file, each once, in the order of the captures; or those of each
 * connection to a file UID.pcapng in an existing directory. Link types, interfaces, lengths and times are those of the
 * captures. The section's comment names the connections, and each packet's comment the connections that it belongs to.
 * A connection without packets gets no file. A file gets its name when it is complete. Return CONNLOG_OK, or an error
 * with a message. */
CONNLOG_API int connlog_extractor_write(connlog_extractor *x, const char *path, char *err, size_t err_size);
CONNLOG_API int connlog_extractor_write_each(connlog_extractor *x, const char *directory, char *err, size_t err_size);

/* Makes the writing functions write other addresses and uids than those of the captures, so that the packets can be shared: those that
 * connlog_anonymize() makes of records, in the headers of all layers and tunnels, in ARP and in what ICMP errors quote, with checksums
 * made right again.  Everything else that could hold an address is zeros: payload, unless `keep_payload`, values of options, padding; names
 * and comments of pcapng are left out.  The extractor has a copy of its own.  Returns CONNLOG_OK or CONNLOG_NO_MEMORY. */
CONNLOG_API int connlog_extractor_anonymize(connlog_extractor *x, const connlog_anonymizer *a, bool keep_payload);

/* ---- indexes */

/* The result for one capture. */
typedef struct connlog_indexed {
	const char *path;      /* of the capture */
	bool        was_there; /* a valid index existed and was kept */
	uint64_t    bytes;     /* of the capture */
	uint64_t    packets;
	uint64_t    index_bytes;
} connlog_indexed;

typedef struct connlog_index_options {
	bool anew; /* replace existing, valid indexes */
	/* Called for each capture once its index exists; NULL: never. */
	void (*indexed)(void *arg, const connlog_indexed *i);
	/* Called for captures that cannot be indexed, or only up to the damage, with a description; NULL: never. */
	connlog_notice_fn notice;
	/* Called now and then with the number of bytes read of the current capture; NULL: never. Return anything but
	 * CONNLOG_OK to stop. */
	int (*progress)(void *arg, const char *path, uint64_t bytes);
	void *arg; /* for all three functions */
} connlog_index_options;

/* Makes the indexes of these files and of those in these directories; the index of DIR/NAME is DIR/.NAME.connlog-index.
 * connlog_extractor_find() uses it while the capture is unchanged. `o` may be NULL. Returns CONNLOG_OK;
 * CONNLOG_BAD_INPUT if `notice` was called; or the reason for an early end, with a message. */
CONNLOG_API int
connlog_index_files(const char *const *paths, size_t n, const connlog_index_options *o, char *err, size_t err_size);

/* Makes finding and writing stop early, the latter with an error and without files. Async-signal-safe. */
CONNLOG_API void connlog_extractor_stop(connlog_extractor *x);

#ifdef __cplusplus
}
#endif
#endif
