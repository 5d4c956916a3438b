/* zeek.h - what header and rows of Zeek's tab-separated log have in common. */
#ifndef CONNLOG_WRITE_ZEEK_H
#define CONNLOG_WRITE_ZEEK_H

#include "write/format.h"

/* Writes a text at `p`, in a set or as a value of its own. => Where it ends. (zeek_row.c) */
char *zeek_put_escaped(const struct zeek_style *s, char *p, struct text t, bool in_set);

/* A record's line, as format.record has it. (zeek_row.c) */
char *zeek_record(const struct connlog_writer *w, char *p, const struct record *r);

#endif
