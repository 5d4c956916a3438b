/* json.h - what the readers of Zeek's JSON with other names share with json.c. */
#ifndef CONNLOG_READ_JSON_H
#define CONNLOG_READ_JSON_H

#include "read/json_line.h"

struct member {
	const char *name; /* lives as long as the reader */
	size_t      n;
	struct slot slot;
};

/* The state of a file; the first member of each such format's state. */
struct json {
	struct member members[FIELDS_MAX]; /* seen so far */
	size_t        n, due;
};

/* Parses a line and calls `member` for each of its members.  Returns as json_line() does. */
enum read_result json_object(struct connlog_reader *r, char *p, size_t n, json_member_fn member);
/* Stores a member under Zeek's name for it. */
enum read_result json_member(struct connlog_reader *r, struct text name, const struct json_value *v);

/* Returns whether the first line, as far as it was read, contains that name in quotes; for detecting formats. */
bool json_has_member(struct text head, const char *name);

#endif
