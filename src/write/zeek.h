/* zeek.h - what the header and the rows of Zeek's tab-separated log share. */
#ifndef CONNLOG_WRITE_ZEEK_H
#define CONNLOG_WRITE_ZEEK_H

#include "write/format.h"

/* Writes a text at `p`, within a set or as a value.  Returns its end.  Defined in zeek_row.c. */
char *zeek_put_escaped(const struct zeek_style *s, char *p, struct text t, bool in_set);

/* Writes a record's line; see format.record.  Defined in zeek_row.c. */
char *zeek_record(const struct connlog_writer *w, char *p, const struct record *r);

/* Returns whether the writer's records can take the short path at all.  Defined in zeek_straight.c. */
bool zeek_is_straight(const struct connlog_writer *w);

/* Writes the same line as zeek_record(), for a writer that zeek_is_straight().  Returns NULL if the record is not of
 * the usual kind.  Defined in zeek_straight.c. */
char *zeek_straight(char *p, const struct record *r);

#endif
