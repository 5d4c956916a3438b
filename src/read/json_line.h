/* json_line.h - parses a JSON object on one line, member by member, for every format based on JSON.
 *
 * Nested objects are flattened: their members' names are joined with a dot ("id.orig_h"), so nested and flat logs look alike.
 * Strings are unescaped in place.
 */
#ifndef CONNLOG_READ_JSON_LINE_H
#define CONNLOG_READ_JSON_LINE_H

#include "read/columns.h"

enum json_kind { JSON_TEXT, JSON_NUMBER, JSON_BOOL, JSON_NULL, JSON_LIST };

struct json_value {
	enum json_kind  kind;
	enum json_kind  element; /* of a list: the kind of all elements, JSON_TEXT if they differ or there are none */
	struct text     text;    /* unescaped; a number as written; T or F */
	struct text_set list;    /* the same for each element; for a nested object or list its JSON verbatim */
};

/* Returns READ_RECORD, or the result of reader_bad(). */
typedef enum read_result (*json_member_fn)(struct connlog_reader *r, struct text name, const struct json_value *v);

/* Calls `member` for each member.  Returns READ_RECORD, or READ_BAD after reader_bad(). */
enum read_result json_line(struct connlog_reader *r, char *p, size_t n, json_member_fn member);

/* Sets a column from a value; null leaves it unset.  Strings are converted back from what Zeek's JSON writer made of them:
 * \xHH is a byte if that writer would have written it so.  Returns READ_RECORD, or READ_BAD after reader_bad(). */
enum read_result json_set(struct connlog_reader *r, struct slot slot, const struct json_value *v);

/* Returns Zeek's name for the value's type. */
struct text json_type(const struct json_value *v);

#endif
