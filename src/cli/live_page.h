/* live_page.h - `connlog live --web`: the page of a running sensor (sensor/web.h), and what is told it. */
#ifndef CONNLOG_CLI_LIVE_PAGE_H
#define CONNLOG_CLI_LIVE_PAGE_H

#include "connlog.h"
#include "sensor/talkers.h"
#include "sensor/web.h"

struct live_page;
struct metrics;
struct settings;

/* Opens the page's address and reads its token; `*out` becomes NULL without --web.  Returns false after a message, with the exit_code in
 * *code. */
bool live_page_open(struct live_page **out, const struct settings *s, int *code);
void live_page_free(struct live_page *p);
/* Begins to answer.  Returns false after a message. */
bool live_page_begin(struct live_page *p);

/* A connlog_record_fn: keeps a record for the page. */
int live_page_record(void *page, const connlog_record *r);
/* Must be called at least once a second; `now` is clock_steady(). */
void live_page_tick(struct live_page *p, double now);
/* Hands over the present counters; once a second. */
void live_page_state(struct live_page *p, const struct metrics *m, const struct talker_rates *talkers, size_t n);
/* Returns whether somebody is shown the top talkers. */
bool live_page_wants_talkers(const struct live_page *p);

void live_page_count(struct live_page *p, struct web_counts *out);

/* What the page needs of the process's memory, in bytes. */
uint64_t live_page_memory(const struct settings *s);

#endif
