/* read.h - the interface between the reader and the formats it can read.
 *
 * A format is a row in read_formats[] (formats.c): it detects its files and turns a line into the reader's record.  reader.c
 * opens the files, detects the format, splits lines and reports errors.  A line is passed where it lies in the file's window
 * and may be overwritten: strings are unescaped in place, and the record points into it.
 *
 * A format first declares the columns (columns.h), then sets the values of a line (values.h).
 */
#ifndef CONNLOG_READ_READ_H
#define CONNLOG_READ_READ_H

#include "base/arena.h"
#include "base/outbuf.h"
#include "capture/stream.h"
#include "record/schema.h"

struct connlog_reader;

enum read_result {
	READ_RECORD,
	READ_NOTHING, /* a header, a comment, an empty line */
	READ_BAD,     /* reader_bad() has reported what is wrong */
};

struct read_format {
	const char *name;
	/* Returns whether a file begins like this.  `head` does not start with a blank and may end within a line.  NULL: only selected
	 * by --from. */
	bool (*detect)(struct text head);
	size_t state_size; /* of the format's state of a file: reader.state, zeroed at its beginning */
	/* Called at the beginning of a file, before the first line; may be NULL. */
	void (*begin)(struct connlog_reader *r);
	enum read_result (*line)(struct connlog_reader *r, char *p, size_t n); /* without its \n or \r\n */
	/* Returns the \n that ends the line starting at p, or NULL if it continues past p + n.  NULL: lines end at the first \n. */
	char *(*line_end)(char *p, size_t n);
	/* Columns are only visible in the lines, so the first lines are read twice to know them in advance. */
	bool columns_in_lines;
	bool empty_lines; /* pass them to the format, too; otherwise they are skipped */
};

/* The name or type of a column that is not in the schema; lives as long as the reader, since writers use it. */
struct read_name {
	struct read_name *next;
	char              text[];
};

struct connlog_reader {
	char                    **paths;
	size_t                    paths_n, next_path;
	struct bytes              memory; /* the beginning of the first file, or the whole input if there are no paths */
	const struct read_format *wanted; /* --from, or NULL */
	volatile sig_atomic_t     stop;
	void (*on_wait)(void *arg); /* connlog_reader_on_wait(), or NULL */
	void *on_wait_arg;

	/* The file being read. */
	struct stream             in;
	bool                      open;
	const char               *name;
	const struct read_format *format;
	void                     *state;
	uint64_t                  line, next_line;
	bool                      cut; /* the line was too long: the rest of it has to be dropped */

	/* Its columns (columns.c). */
	struct field_set  columns;
	bool              columns_changed;
	bool              columns_told; /* the first columns were reported */
	struct extra      extras[FIELDS_MAX];
	size_t            extras_n;
	struct read_name *names;
	size_t            names_n;

	/* The record of the line; `texts` are the elements of its sets, with room for as many as the line has bytes. */
	struct record record;
	struct arena  arena; /* for connlog_record_set() */
	struct text   literals[COLUMNS];
	struct text  *texts;
	size_t        texts_n, texts_room;
	bool          pending; /* the record is ready, but its columns had to be reported first */

	struct outbuf scratch; /* for temporary strings */
	uint64_t      records, bad, done_bytes;
	char          why[256];
};

/* Unescapes in place: \xHH is a byte, \\ a backslash, any other backslash stands for itself.  Returns the result (tsv.c). */
struct text text_unescape(struct text t);

/* Returns where a string of the line may be overwritten. */
static inline char *
text_place(struct text t)
{
	return (char *)(uintptr_t)t.p;
}

/* Reports what is wrong with a line.  Returns READ_BAD. */
__attribute__((format(printf, 2, 3))) enum read_result reader_bad(struct connlog_reader *r, const char *format, ...);

/* As connlog_reader_files(), but reads from memory, which must outlive the reader. */
struct connlog_reader *reader_memory(struct bytes memory, const char *format, char *err, size_t err_size);

/* Return the format of that name, and the one detected from the beginning of a file; NULL for none (formats.c). */
const struct read_format *read_format_find(const char *name);
const struct read_format *read_format_detect(struct text head);

extern const struct read_format read_zeek, read_bro2;              /* tsv.c */
extern const struct read_format read_json;                         /* json.c */
extern const struct read_format read_ossem;                        /* ossem.c */
extern const struct read_format read_ecs;                          /* ecs.c */
extern const struct read_format read_bro0, read_bro1, read_bro1_5; /* bro1.c */
extern const struct read_format read_csv;                          /* csv.c */

#endif
