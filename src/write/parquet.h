/* parquet.h - an Apache Parquet file being written: what the parts of the writer share.
 *
 * A file consists of row groups and, at its end, metadata that says where everything is, so it can be written to a
 * pipe.  A row group has one chunk per column, and a chunk has pages: possibly a dictionary of the values, then data
 * pages that hold values or their numbers in the dictionary.  Values are gathered by the page (parquet_column.c),
 * encoded (parquet_encode.c, parquet_dict.c) and compressed (parquet_page.c); a row group is kept until it is complete
 * (parquet.c), because a chunk's pages are contiguous.  The metadata is written by parquet_meta.c.
 *
 * Every column is optional, so that logs from different sources have the same columns and can be read as one
 * table.  Source: apache/parquet-format, src/main/thrift/parquet.thrift, Encodings.md and LogicalTypes.md.
 */
#ifndef CONNLOG_WRITE_PARQUET_H
#define CONNLOG_WRITE_PARQUET_H

#include "connlog_parquet.h"
#include "write/format.h"
#include "write/thrift.h"

/* Numbers defined by the format. */
enum pq_type { PQ_BOOLEAN = 0, PQ_INT32 = 1, PQ_INT64 = 2, PQ_DOUBLE = 5, PQ_BYTE_ARRAY = 6, PQ_FIXED = 7 };
enum pq_encoding { PQ_PLAIN = 0, PQ_RLE = 3, PQ_RLE_DICTIONARY = 8 };
enum pq_page { PQ_DATA_PAGE = 0, PQ_DICTIONARY_PAGE = 2 };

enum {
	PQ_PAGE_ROWS = 16384,      /* most rows of a page */
	PQ_PAGE_BYTES = 1 << 20,   /* approximate bytes of a page's texts */
	PQ_BOUND_BYTES = 64,       /* longest bound; longer ones are left out */
	PQ_DICT_BYTES = 1 << 20,   /* approximate bytes of a dictionary */
	PQ_DICT_ENTRIES = 1 << 16, /* of a dictionary */
};

/* How a column's values are kept, and what type readers see. */
enum pq_kind {
	PQ_KIND_TIME, /* microseconds since the epoch, UTC */
	PQ_KIND_DOUBLE,
	PQ_KIND_COUNT,
	PQ_KIND_INT,
	PQ_KIND_PORT,
	PQ_KIND_BOOL,
	PQ_KIND_TEXT,
	PQ_KIND_LIST,    /* of texts */
	PQ_KIND_ADDRESS, /* text */
	PQ_KIND_BINARY_ADDRESS,
	PQ_KINDS
};

struct pq_kind_info {
	enum pq_type type;
	unsigned     width;    /* bytes of a value as it is kept; 0: a text after its length in four bytes */
	bool         as_text;  /* kept as an address, written as a text */
	bool         distinct; /* a dictionary is not tried */
};
extern const struct pq_kind_info pq_kinds[PQ_KINDS];

/* The distinct values of a chunk. */
struct pq_dict {
	struct outbuf entries; /* as they are kept */
	struct outbuf places;  /* for texts: the offset of each, 32 bits */
	uint32_t     *slots;   /* the number of an entry and 1; 0: free */
	uint32_t      room;    /* of the slots, a power of two */
	uint32_t      n;
	bool          given_up; /* by this row group, since it does not help */
	unsigned      rest;     /* how many of the next row groups will not try one */
};

/* The least and the greatest value of a chunk. */
struct pq_bounds {
	bool    any, unknown; /* unknown: a value is too long, or not a number */
	size_t  least_n, greatest_n;
	uint8_t least[PQ_BOUND_BYTES], greatest[PQ_BOUND_BYTES];
};

struct pq_column {
	const char  *name;
	enum pq_kind kind;
	bool         distinct; /* from pq_kind_info, or because it is a uid */
	/* The page so far. */
	struct outbuf levels;  /* a byte per value: 1 if it is set, 0 if not; in lists 2, and 1 for an empty list */
	struct outbuf repeats; /* for lists: 1 if the value belongs to the same row as the one before */
	struct outbuf values;  /* the set values, as they are kept */
	uint32_t      set;     /* how many */
	/* The chunk so far. */
	struct pq_dict   dict;
	struct pq_bounds bounds;
	struct outbuf    pages;   /* finished */
	uint64_t         entries; /* in the pages: values and nulls */
	uint64_t         nulls;
	uint64_t         raw_bytes; /* of the pages, uncompressed */
	uint32_t         plain_pages, dict_pages;
};

struct parquet {
	struct connlog_parquet_options o;
	struct pq_column              *columns; /* one per field of the writer */
	size_t                         n;
	uint64_t                       group_rows, group_bytes;
	uint64_t                       rows, offset; /* of the file so far */
	uint32_t                       groups_n;
	struct outbuf                  groups; /* the metadata of each row group */
	/* Memory used for one page at a time. */
	struct outbuf body, packed, numbers, bits;
	void         *zstd;   /* ZSTD_CCtx */
	bool          failed; /* out of memory, or zstd failed */
};

/* ---- parquet_encode.c ---- */

/* Appends numbers of `bits` bits each, as runs of equal numbers and groups of eight. */
void pq_put_hybrid(struct outbuf *out, const uint32_t *v, size_t n, unsigned width);
/* The same for levels, after their length; `most` is the greatest possible level. */
void pq_put_levels(struct outbuf *out, const struct outbuf *levels, unsigned most, struct outbuf *numbers);
/* Appends booleans, which are kept one per byte, one per bit. */
void pq_put_bools(struct outbuf *out, const char *v, size_t n);
/* Appends addresses as texts, each after its length. */
void pq_put_addresses(struct outbuf *out, const char *v, size_t n);

/* ---- parquet_dict.c ---- */

/* Stores the number of each of the page's values in `numbers`.  Returns false and leaves the dictionary as it was if it
 * would get too large or does not help; the row group then gives it up. */
bool pq_dict_number(struct pq_column *c, struct outbuf *numbers);
/* Empties it for the next row group. */
void pq_dict_clear(struct pq_dict *d);
void pq_dict_free(struct pq_dict *d);

/* ---- parquet_bounds.c ---- */

/* Updates the bounds with `n` values in the form in which they are written. */
void pq_bounds_take(struct pq_bounds *b, enum pq_type type, const char *values, size_t n);

/* ---- parquet_page.c ---- */

/* Encodes and compresses the values that the column has gathered, if any, into its pages. */
void pq_end_page(struct parquet *q, struct pq_column *c);
/* Appends the chunk to `out`: the dictionary page, if there is one, and all others.  Returns the size of the dictionary
 * page in bytes. */
size_t pq_put_chunk(struct parquet *q, struct pq_column *c, struct outbuf *out);

/* ---- parquet_column.c ---- */

bool pq_column_init(struct pq_column *c, const struct field *f, bool binary_addresses);
void pq_column_free(struct pq_column *c);
/* Empties the chunk. */
void pq_column_clear(struct pq_column *c);
/* Adds the record's value, which can complete the page. */
void pq_column_take(struct parquet *q, struct pq_column *c, const struct field *f, const struct cell *cell,
                    const struct record *r);

/* ---- parquet_meta.c ---- */

/* The metadata of a column's chunk in the file. */
struct pq_chunk {
	uint64_t at;    /* its first byte in the file */
	uint64_t dict;  /* bytes of the dictionary page */
	uint64_t bytes; /* of all its pages */
};
void pq_meta_chunk(struct outbuf *out, const struct pq_column *c, const struct pq_chunk *chunk);
/* Writes the end of the file. */
void pq_meta_footer(struct outbuf *out, const struct parquet *q);

/* ---- parquet.c ---- */

/* Returns the bytes of memory that a writer of this format holds. */
size_t parquet_held(const connlog_writer *w);

#endif
