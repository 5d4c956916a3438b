/* read.h - what a format that is read has to offer, and what it works with.
 *
 * A format is a row in read_formats[] (formats.c): it says whether a file begins like it, and turns a line into the
 * reader's record.  reader.c opens the files, finds the format, cuts the lines and tells what is wrong.  A line is handed
 * out where it lies in the file's window and may be written over: texts are unescaped in place, and the record points into it.
 *
 * A format first says what columns there are (columns.h), then sets the values of a line (values.h).
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
	READ_BAD,     /* reader_bad() has said what is wrong */
};

struct read_format {
	const char *name;
	/* Does a file begin like this?  `head` begins with no blank; it may end within a line.  NULL: only --from names it. */
	bool (*detect)(struct text head);
	size_t state_size; /* of what the format remembers of a file: reader.state, all zeros at its beginning */
	/* At a file's beginning, before the first line; NULL: nothing to do. */
	void (*begin)(struct connlog_reader *r);
	enum read_result (*line)(struct connlog_reader *r, char *p, size_t n); /* without its end, \n or \r\n */
	/* => Where a line that begins at p ends (the place of its \n), NULL where it goes on behind p + n.  NULL: at the first. */
	char *(*line_end)(char *p, size_t n);
	/* The columns show only in the lines: the first of them are read twice, so that they are known before the first. */
	bool columns_in_lines;
	bool empty_lines; /* they are handed out, too; without it they say nothing */
};

/* A name or a type of a column that the schema does not know: kept as long as the reader, for who writes them. */
struct read_name {
	struct read_name *next;
	char              text[];
};

struct connlog_reader {
	char                    **paths;
	size_t                    paths_n, next_path;
	struct bytes              memory; /* what the first file begins with, or all there is where there are no paths */
	const struct read_format *wanted; /* --from, or NULL */
	volatile sig_atomic_t     stop;
	void (*on_wait)(void *arg); /* connlog_reader_on_wait(), or NULL */
	void *on_wait_arg;

	/* The file that is being read. */
	struct stream             in;
	bool                      open;
	const char               *name;
	const struct read_format *format;
	void                     *state;
	uint64_t                  line, next_line;
	bool                      cut; /* the line was too long: what is left of it is to be dropped */

	/* Its columns (columns.c). */
	struct field_set  columns;
	bool              columns_changed;
	bool              columns_told; /* the first have been */
	struct extra      extras[FIELDS_MAX];
	size_t            extras_n;
	struct read_name *names;
	size_t            names_n;

	/* The line's record; `texts` are the elements of its sets, of which as many fit as the line has bytes. */
	struct record record;
	struct arena  arena; /* for connlog_record_set() */
	struct text   literals[COLUMNS];
	struct text  *texts;
	size_t        texts_n, texts_room;
	bool          pending; /* the record is there, its columns had to be told first */

	struct outbuf scratch; /* for a text on its way */
	uint64_t      records, bad, done_bytes;
	char          why[256];
};

/* \xHH is a byte and \\ a backslash, any other backslash stands for itself; in place. => The text that is left. (tsv.c) */
struct text text_unescape(struct text t);

/* => Where a text of the line may be written over. */
static inline char *
text_place(struct text t)
{
	return (char *)(uintptr_t)t.p;
}

/* Says what is wrong with a line. => READ_BAD */
__attribute__((format(printf, 2, 3))) enum read_result reader_bad(struct connlog_reader *r, const char *format, ...);

/* Reads from memory, which is to outlive the reader; otherwise as connlog_reader_files(). */
struct connlog_reader *reader_memory(struct bytes memory, const char *format, char *err, size_t err_size);

/* => The format of that name, or NULL; and the one that a file begins like (formats.c). */
const struct read_format *read_format_find(const char *name);
const struct read_format *read_format_detect(struct text head);

extern const struct read_format read_zeek, read_bro2;              /* tsv.c */
extern const struct read_format read_json;                         /* json.c */
extern const struct read_format read_ossem;                        /* ossem.c */
extern const struct read_format read_ecs;                          /* ecs.c */
extern const struct read_format read_bro0, read_bro1, read_bro1_5; /* bro1.c */
extern const struct read_format read_csv;                          /* csv.c */

#endif
