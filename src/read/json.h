/* json.h - what readers of Zeek's JSON under other names share with that of Zeek's own (json.c). */
#ifndef CONNLOG_READ_JSON_H
#define CONNLOG_READ_JSON_H

#include "read/json_line.h"

struct member {
	const char *name; /* stays with the reader */
	size_t      n;
	struct slot slot;
};

/* A file's state: the first member of the state of each such format. */
struct json {
	struct member members[FIELDS_MAX]; /* that have been seen */
	size_t        n, due;
};

/* Reads a line, `member` being given each of its members. => As json_line(). */
enum read_result json_object(struct connlog_reader *r, char *p, size_t n, json_member_fn member);
/* Takes a member under Zeek's name of it. */
enum read_result json_member(struct connlog_reader *r, struct text name, const struct json_value *v);

/* => Whether the first line, as far as it is there, has that name in quotes: for telling formats apart. */
bool json_has_member(struct text head, const char *name);

#endif
