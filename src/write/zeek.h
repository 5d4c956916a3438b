/* zeek.h - what header and rows of Zeek's tab-separated log have in common. */
#ifndef CONNLOG_WRITE_ZEEK_H
#define CONNLOG_WRITE_ZEEK_H

#include "write/format.h"

/* Writes a text at `p`, in a set or as a value of its own.  Returns where it ends. (zeek_row.c) */
char *zeek_put_escaped(const struct zeek_style *s, char *p, struct text t, bool in_set);

/* A record's line, as format.record has it. (zeek_row.c) */
char *zeek_record(const struct connlog_writer *w, char *p, const struct record *r);

/* Can the writer's records go the short way at all? (zeek_straight.c) */
bool zeek_is_straight(const struct connlog_writer *w);

/* The same line as zeek_record() makes, of a writer that zeek_is_straight().  Returns NULL where the record is not like those
 * that nearly all are. (zeek_straight.c) */
char *zeek_straight(char *p, const struct record *r);

#endif
