/* json.h - JSON as Zeek writes it, for the formats that have their own names (json.c). */
#ifndef CONNLOG_WRITE_JSON_H
#define CONNLOG_WRITE_JSON_H

#include "write/json_value.h"

/* Each writes at `p`.  Returns where it ends. */
char *json_put_value(char *p, const struct connlog_writer *w, const struct cell *c, const struct record *r);
/* ,"PREFIXNAME":VALUE */
char *json_put_extra(char *p, const char *prefix, const struct extra *x);
/* A record as a flat object on a line, under the format's names. */
char *json_record(const struct connlog_writer *w, char *p, const struct record *r);

#endif
