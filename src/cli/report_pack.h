/* report_pack.h - a log in memory for `connlog report --diff`: the key, the time and the values as text of each
 * record. */
#ifndef CONNLOG_CLI_REPORT_PACK_H
#define CONNLOG_CLI_REPORT_PACK_H

#include "cli/report.h"

enum { PACK_COLUMNS = 255, PACK_KEY = 2 * 18 + 4, PACK_NONE = -1 };

struct pack_row {
	int64_t usec; /* the time in microseconds; INT64_MIN: none */
	size_t  at;   /* offset in the bytes: the key, then the set values in the order of columns */
	bool    paired;
};

struct pack {
	struct pack_row *rows;
	size_t           n, room;
	uint8_t         *bytes;
	size_t           used, size;
	bool             has[PACK_COLUMNS]; /* columns of the log */
};

/* Returns false when out of memory. */
bool pack_add(struct pack *p, const connlog_record *record, const struct report_row *row);
void pack_columns(struct pack *p, const connlog_columns *columns);
void pack_free(struct pack *p);

/* Removes the rows and frees their memory. */
void pack_empty(struct pack *p);
/* Returns the bytes used by the rows. */
static inline uint64_t
pack_bytes(const struct pack *p)
{
	return p->used + (uint64_t)p->n * sizeof *p->rows;
}

/* Write a row to a file, and append the next one from a file. The latter returns PACK_END after the last one, or
 * PACK_FAILED with `errno` set. */
enum pack_status { PACK_ROW, PACK_END, PACK_FAILED };
bool             pack_write(const struct pack *p, const struct pack_row *row, FILE *f);
enum pack_status pack_read(struct pack *p, FILE *f);

/* Clears the parts of the keys that one of the logs does not have. */
void pack_mask(struct pack *p, const bool compared[PACK_COLUMNS]);
/* Masks the keys, and sorts by key, time and values. Columns that are not `compared` are ignored. */
void pack_sort(struct pack *p, const bool compared[PACK_COLUMNS]);

/* Compares two rows by key, time and values, like memcmp(). */
int pack_compare(const struct pack *of_a, const struct pack_row *a, const struct pack *of_b, const struct pack_row *b,
                 const bool compared[PACK_COLUMNS]);

static inline const uint8_t *
pack_key(const struct pack *p, const struct pack_row *row)
{
	return p->bytes + row->at;
}

/* Iterates over the values of a row: starts with pack_values() and ends when the column is PACK_NONE. */
struct pack_value {
	int            column;
	connlog_text   text;
	const uint8_t *next;
};
struct pack_value pack_values(const struct pack *p, const struct pack_row *row);
struct pack_value pack_next(struct pack_value v);

/* Iterates over two rows side by side: advances to the next column that differs. Returns it, or PACK_NONE. Unset texts
 * have no `p`. */
struct pack_walk {
	struct pack_value a, b;
	connlog_text      text[2];
};
int pack_differ(struct pack_walk *w, const bool compared[PACK_COLUMNS]);

#endif
