/* parquet.h - a file of Apache Parquet on its way: what the parts of its writer share.
 *
 * A file is row groups and, at its end, metadata that says where everything lies, so it can be written to a pipe.  A row group has a
 * chunk a column, a chunk pages: perhaps a dictionary of the values that there are, then data pages that hold values or their
 * numbers in the dictionary.  Values are gathered by the page (parquet_column.c), encoded (parquet_encode.c, parquet_dict.c) and
 * compressed (parquet_page.c); a row group is kept until it is complete (parquet.c), because a chunk's pages lie together.
 * What is told of it all is in parquet_meta.c.
 *
 * Every column is optional, so that logs of different origin have the same columns and can be read as one table.  Source:
 * apache/parquet-format, src/main/thrift/parquet.thrift, Encodings.md and LogicalTypes.md.
 */
#ifndef CONNLOG_WRITE_PARQUET_H
#define CONNLOG_WRITE_PARQUET_H

#include "connlog_parquet.h"
#include "write/format.h"
#include "write/thrift.h"

/* Numbers of the format's. */
enum pq_type { PQ_BOOLEAN = 0, PQ_INT32 = 1, PQ_INT64 = 2, PQ_DOUBLE = 5, PQ_BYTE_ARRAY = 6, PQ_FIXED = 7 };
enum pq_encoding { PQ_PLAIN = 0, PQ_RLE = 3, PQ_RLE_DICTIONARY = 8 };
enum pq_page { PQ_DATA_PAGE = 0, PQ_DICTIONARY_PAGE = 2 };

enum {
	PQ_PAGE_ROWS = 16384,      /* of a page, at most */
	PQ_PAGE_BYTES = 1 << 20,   /* of a page's texts, about */
	PQ_BOUND_BYTES = 64,       /* of the least and the greatest value: longer ones are not told */
	PQ_DICT_BYTES = 1 << 20,   /* of a dictionary, about */
	PQ_DICT_ENTRIES = 1 << 16, /* of a dictionary */
};

/* How a column's values are kept and what readers are told of them. */
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
	unsigned     width;    /* bytes of a value as it is kept; 0: a text behind its length in four bytes */
	bool         as_text;  /* it is kept as an address and written as a text */
	bool         distinct; /* a dictionary is not even tried */
};
extern const struct pq_kind_info pq_kinds[PQ_KINDS];

/* The values that there are, each once. */
struct pq_dict {
	struct outbuf entries; /* as they are kept */
	struct outbuf places;  /* of texts: where each begins, 32 bits */
	uint32_t     *slots;   /* the number of an entry and 1; 0: free */
	uint32_t      room;    /* of the slots, a power of two */
	uint32_t      n;
	bool          given_up; /* by this row group: it does not help */
	unsigned      rest;     /* row groups to come that do not even try */
};

/* The least and the greatest value of a chunk. */
struct pq_bounds {
	bool    any, unknown; /* unknown: one is too long to be told, or is no number */
	size_t  least_n, greatest_n;
	uint8_t least[PQ_BOUND_BYTES], greatest[PQ_BOUND_BYTES];
};

struct pq_column {
	const char  *name;
	enum pq_kind kind;
	bool         distinct; /* as of pq_kind_info, or because it is a uid */
	/* The page so far. */
	struct outbuf levels;  /* a byte a value: 1 it is set (2 in a list, where 1 is one without elements), 0 it is not */
	struct outbuf repeats; /* of a list: 1 the value is of the same row as the one before */
	struct outbuf values;  /* those that are set, as they are kept */
	uint32_t      set;     /* how many */
	/* The chunk so far. */
	struct pq_dict   dict;
	struct pq_bounds bounds;
	struct outbuf    pages;   /* finished */
	uint64_t         entries; /* in the pages: values and nulls */
	uint64_t         nulls;
	uint64_t         raw_bytes; /* of the pages, before they were compressed */
	uint32_t         plain_pages, dict_pages;
};

struct parquet {
	struct connlog_parquet_options o;
	struct pq_column              *columns; /* one for each of the writer's fields */
	size_t                         n;
	uint64_t                       group_rows, group_bytes;
	uint64_t                       rows, offset; /* of the file so far */
	uint32_t                       groups_n;
	struct outbuf                  groups; /* the metadata of each */
	/* Memory for one page at a time. */
	struct outbuf body, packed, numbers, bits;
	void         *zstd;   /* ZSTD_CCtx */
	bool          failed; /* out of memory, or zstd refused */
};

/* ---- parquet_encode.c ---- */

/* Appends numbers of so many bits each as runs of equal ones and groups of eight. */
void pq_put_hybrid(struct outbuf *out, const uint32_t *v, size_t n, unsigned width);
/* The same for levels, behind their length; `most` is the greatest that there can be. */
void pq_put_levels(struct outbuf *out, const struct outbuf *levels, unsigned most, struct outbuf *numbers);
/* Booleans that are kept a byte each, a bit each. */
void pq_put_bools(struct outbuf *out, const char *v, size_t n);
/* Addresses as texts behind their lengths. */
void pq_put_addresses(struct outbuf *out, const char *v, size_t n);

/* ---- parquet_dict.c ---- */

/* Finds the number of each of the page's values, which are then in `numbers`.  Returns false, and leaves the dictionary as it was, where
 * it would get too large or is no gain: the row group gives it up. */
bool pq_dict_number(struct pq_column *c, struct outbuf *numbers);
/* Empties it for the next row group. */
void pq_dict_clear(struct pq_dict *d);
void pq_dict_free(struct pq_dict *d);

/* ---- parquet_bounds.c ---- */

/* Takes `n` values as they are written into the bounds. */
void pq_bounds_take(struct pq_bounds *b, enum pq_type type, const char *values, size_t n);

/* ---- parquet_page.c ---- */

/* Encodes and compresses what the column has gathered, if anything, into its pages. */
void pq_end_page(struct parquet *q, struct pq_column *c);
/* Appends the chunk to `out`: the dictionary's page, if there is one, and all others.  Returns the bytes of the first. */
size_t pq_put_chunk(struct parquet *q, struct pq_column *c, struct outbuf *out);

/* ---- parquet_column.c ---- */

bool pq_column_init(struct pq_column *c, const struct field *f, bool binary_addresses);
void pq_column_free(struct pq_column *c);
/* Forgets the chunk. */
void pq_column_clear(struct pq_column *c);
/* Takes the record's value, which can end the page. */
void pq_column_take(struct parquet *q, struct pq_column *c, const struct field *f, const struct cell *cell,
                    const struct record *r);

/* ---- parquet_meta.c ---- */

/* A column's chunk in the file: all that is told of it. */
struct pq_chunk {
	uint64_t at;    /* its first byte in the file */
	uint64_t dict;  /* bytes of the dictionary's page */
	uint64_t bytes; /* of all its pages */
};
void pq_meta_chunk(struct outbuf *out, const struct pq_column *c, const struct pq_chunk *chunk);
/* The file's end. */
void pq_meta_footer(struct outbuf *out, const struct parquet *q);

/* ---- parquet.c ---- */

/* Returns the bytes of memory that a writer of this format has. */
size_t parquet_held(const connlog_writer *w);

#endif
