/* index.h - the index of one capture: which address pairs are in each megabyte of it, and when.
 *
 * It is stored next to the capture as .NAME.connlog-index. docs/EXTRACT.md describes the format; numbers are
 * little-endian.
 */
#ifndef CONNLOG_ARCHIVE_INDEX_H
#define CONNLOG_ARCHIVE_INDEX_H

#include "base/addr.h"
#include "base/bytes.h"
#include "base/outbuf.h"
#include "capture/source.h"

#define INDEX_BLOCK (1u << 20) /* bytes of a capture per block */

/* A part of a capture; a compressed capture has one part. */
struct index_block {
	uint64_t offset; /* of its first packet */
	int64_t  from,
		to; /* the lowest and the highest time of its packets, in nanoseconds; from > to: no packet has a valid time */
	uint32_t     packets;
	uint32_t     pairs; /* in `code` (keyset.h) */
	struct bytes code;
	uint32_t     mark, marks; /* pcapng: the index's marks that have to be read first (capfile_resume()) */
};

/* A pair in a datagram that is completed in a later block. */
struct index_late {
	uint32_t block;
	uint64_t pair;
};

/* Identifies the version of a capture. */
struct index_file {
	uint64_t size;
	int64_t  mtime; /* nanoseconds */
	uint64_t head;  /* hash of its first bytes */
};

struct index {
	struct index_file   file;
	bool                packed; /* the capture is compressed */
	uint64_t            packets;
	struct index_block *blocks;
	uint64_t           *marks;
	struct index_late  *late;
	size_t              n, n_marks, n_late;
	struct outbuf       codes;  /* while the index is made */
	uint8_t            *memory; /* file contents, after reading */
};

/* Returns the hash of the two addresses, in either order; it is never 0. */
uint64_t index_pair(const struct addr *a, const struct addr *b);

/* Returns the name of a capture's index, allocated; NULL when out of memory. */
char *index_path(const char *capture);
/* Describes the capture in its current state. Returns 0 or errno. */
int index_file_of(const char *capture, struct index_file *out);

/* Appends the index as bytes. */
void index_write(const struct index *x, struct outbuf *out);
/* Corrects the checksum of an index, which is its last bytes; used by the fuzzer. */
void index_seal(uint8_t *p, size_t n);
/* Parses an index; `b` must remain valid. Returns false if it is not an index or is damaged. */
bool index_parse(struct bytes b, struct index *out);
/* Reads the capture's index.  Returns 0; ENOENT if there is none; ESTALE if it is of another version of the capture; EBADMSG if
 * it is damaged; or another errno. */
int  index_load(const char *capture, struct index *out);
void index_free(struct index *x);

/* Returns whether the block may have one of `m` pairs, which are sorted. */
bool index_has_any(const struct index *x, size_t block, const uint64_t *pairs, size_t m);

/* Reads a capture and makes its index. `tick` is called now and then with the number of bytes read, and may be NULL; a
 * result other than CONNLOG_OK ends the function. Returns CONNLOG_OK, or an error with a message; the index has to be
 * freed in either case. */
int index_build(const char *capture, struct index *out, int (*tick)(void *arg, uint64_t bytes), void *arg, char *err,
                size_t err_size);

#endif
