/* json_line.h - an object of JSON on a line, member by member: what every format that is JSON reads with.
 *
 * Objects within it are walked through, too: their members have the names of both, with a dot between ("id.orig_h"), so
 * that nested and flat logs look alike.  Texts are unescaped in place.
 */
#ifndef CONNLOG_READ_JSON_LINE_H
#define CONNLOG_READ_JSON_LINE_H

#include "read/columns.h"

enum json_kind { JSON_TEXT, JSON_NUMBER, JSON_BOOL, JSON_NULL, JSON_LIST };

struct json_value {
	enum json_kind  kind;
	enum json_kind  element; /* of a list: what all elements are, JSON_TEXT where they differ or are none */
	struct text     text;    /* unescaped; the number as it stood; T or F */
	struct text_set list;    /* the same for each; of an object or a list in it the JSON as it stood */
};

/* => READ_RECORD, or what reader_bad() answers. */
typedef enum read_result (*json_member_fn)(struct connlog_reader *r, struct text name, const struct json_value *v);

/* Calls `member` for each member. => READ_RECORD, or READ_BAD after reader_bad(). */
enum read_result json_line(struct connlog_reader *r, char *p, size_t n, json_member_fn member);

/* Sets a column out of a value; null leaves it unset.  Texts are what Zeek's JSON writer made of them, and are turned
 * back: \xHH is a byte where that writer would have written it so. => READ_RECORD, or READ_BAD after reader_bad(). */
enum read_result json_set(struct connlog_reader *r, struct slot slot, const struct json_value *v);

/* => The name of the type that a value has in Zeek. */
struct text json_type(const struct json_value *v);

#endif
