/* connlog_archive.h - the part of libconnlog's interface that finds the packets behind records in captures.  docs/EXTRACT.md
 * describes it; connlog.h has the rest of the interface, and says what holds for all of it.
 *
 *     connlog_extractor *x = connlog_extractor_new(paths, n, &options, err, sizeof err);
 *     connlog_extractor_want(x, record);                     // one of a log's, or of an engine's
 *     connlog_extractor_find(x, err, sizeof err);            // reads the captures
 *     connlog_extractor_write(x, "out.pcapng", err, sizeof err);
 */
#ifndef CONNLOG_ARCHIVE_H
#define CONNLOG_ARCHIVE_H

#include "connlog.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct connlog_extractor connlog_extractor;

/* The strings are copied; the rest is to be there as long as the extractor. */
typedef struct connlog_extract_options {
	/* Those that the log was made with: what counts depends on some of them.  NULL: the defaults. */
	const connlog_options *engine;
	const char            *bpf;         /* the filter that it was made with, or NULL */
	bool                   icmp_errors; /* take ICMP errors that quote a packet of the connection, too */
	bool                   no_index;    /* read all of the captures */
	/* Called for captures that cannot be read or are damaged, with what is wrong; NULL: nobody is told. */
	connlog_notice_fn notice;
	void             *notice_arg;
	/* Called now and then while captures are read; NULL: never. */
	void (*progress)(void *arg, const connlog_source_progress *at);
	void *progress_arg;
} connlog_extract_options;

/* Makes an extractor for these files and directories, which connlog_source_files() would read as one stream; they are read more than
 * once, so standard input and pipes cannot be among them.  `o` may be NULL.  Returns NULL and writes a message to `err` on failure. */
CONNLOG_API connlog_extractor *
connlog_extractor_new(const char *const *paths, size_t n, const connlog_extract_options *o, char *err, size_t err_size);
CONNLOG_API void connlog_extractor_free(connlog_extractor *x);

/* Adds a connection, by its record: ts, proto and the four columns of id are needed.  What the record says of duration, packets and
 * IP bytes is compared with what is found.  Of several records of one connection (interim ones) the last counts.
 * Returns CONNLOG_OK, CONNLOG_BAD_INPUT if a column is missing, or CONNLOG_NO_MEMORY. */
CONNLOG_API int connlog_extractor_want(connlog_extractor *x, const connlog_record *r);

/* Reads the captures and finds the packets.  Returns CONNLOG_OK; CONNLOG_END if connlog_extractor_stop() was called; or an error
 * with a message. */
CONNLOG_API int connlog_extractor_find(connlog_extractor *x, char *err, size_t err_size);

/* How much finding has read. */
typedef struct connlog_extract_work {
	size_t   captures, indexed; /* files, and those of them with an index that could be used */
	size_t   stale, damaged;    /* that have an index of another version of the capture, or a damaged one */
	unsigned walks;             /* over the captures: 1, more if something did not add up and more was read */
	uint64_t bytes;             /* of captures, as they are on the disk */
} connlog_extract_work;
CONNLOG_API void connlog_extractor_work(const connlog_extractor *x, connlog_extract_work *out);

/* What was found of a connection. */
typedef struct connlog_extracted {
	const char *uid;                          /* of its record, "" if that had none */
	bool        found;                        /* a connection with its tuple and start is there */
	bool        exact;                        /* and what its record says of it holds */
	uint64_t packets, fragments, icmp_errors; /* that were counted, the other fragments of these, and those about it */
	char     difference[160];                 /* what is wrong if it is not exact, "" otherwise */
} connlog_extracted;
/* Stores the connection at index `i`, in the order in which they were added, in `*out`.  Returns false past the last one. */
CONNLOG_API bool connlog_extractor_at(const connlog_extractor *x, size_t i, connlog_extracted *out);

/* Writes the packets of all connections into one pcapng file, each once, in the order of the captures; or those of each into a file
 * UID.pcapng in an existing directory.  Link types, interfaces, lengths and times are those of the captures.  The section's comment
 * names the connections, and each packet's comment those that it is of.  A connection without packets has no file.
 * A file gets its name when it is complete.  Return CONNLOG_OK, or an error with a message. */
CONNLOG_API int connlog_extractor_write(connlog_extractor *x, const char *path, char *err, size_t err_size);
CONNLOG_API int connlog_extractor_write_each(connlog_extractor *x, const char *directory, char *err, size_t err_size);

/* ---- indexes --------------------------------------------------------------------------------------------------------------- */

/* What became of a capture's index. */
typedef struct connlog_indexed {
	const char *path;      /* of the capture */
	bool        was_there; /* a good index was there, and is left as it is */
	uint64_t    bytes;     /* of the capture */
	uint64_t    packets;
	uint64_t    index_bytes;
} connlog_indexed;

typedef struct connlog_index_options {
	bool anew; /* make indexes anew that are there and good */
	/* Called for each capture when its index is there; NULL: never. */
	void (*indexed)(void *arg, const connlog_indexed *i);
	/* Called for captures that cannot be indexed, or only as far as they are not damaged, with what is wrong; NULL: nobody is told. */
	connlog_notice_fn notice;
	/* Called now and then with the bytes of the current capture that were read; NULL: never.  Return anything but CONNLOG_OK to stop. */
	int (*progress)(void *arg, const char *path, uint64_t bytes);
	void *arg; /* of all three */
} connlog_index_options;

/* Makes the indexes of these files and of those in these directories: of DIR/NAME it is DIR/.NAME.connlog-index.
 * connlog_extractor_find() uses it as long as the capture is what it was.  `o` may be NULL.  Returns CONNLOG_OK; CONNLOG_BAD_INPUT if
 * notice was called; or what ended it, with a message. */
CONNLOG_API int
connlog_index_files(const char *const *paths, size_t n, const connlog_index_options *o, char *err, size_t err_size);

/* Makes finding and writing end early, the latter with an error and without its files.  Async-signal-safe. */
CONNLOG_API void connlog_extractor_stop(connlog_extractor *x);

#ifdef __cplusplus
}
#endif
#endif
