/* pattern.h - regular expressions through PCRE2, if the build has it (CONNLOG_PCRE2). */
#ifndef CONNLOG_WHERE_PATTERN_H
#define CONNLOG_WHERE_PATTERN_H

#include "record/record.h"

/* A compiled expression, which several threads may use, and the memory that each of them needs. */
struct pattern;
struct pattern_room;

/* Compiles an expression. Returns NULL with a message in `err`, and in *at the offset of the error in the
 * expression. */
struct pattern *pattern_new(struct text expression, bool caseless, size_t *at, char *err, size_t err_size);
void            pattern_free(struct pattern *p);

/* Returns NULL when out of memory. */
struct pattern_room *pattern_room_new(void);
void                 pattern_room_free(struct pattern_room *room);

/* Searches for the expression anywhere in the text, as bytes. Work and memory are limited; if a limit is exceeded, the
 * result is PATTERN_GIVEN_UP. */
enum pattern_answer { PATTERN_NO, PATTERN_YES, PATTERN_GIVEN_UP };
enum pattern_answer pattern_find(const struct pattern *p, struct pattern_room *room, struct text t);

#endif
