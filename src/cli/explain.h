/* explain.h - the pieces that `connlog explain` prints. */
#ifndef CONNLOG_CLI_EXPLAIN_H
#define CONNLOG_CLI_EXPLAIN_H

#include "cli/story.h"
#include "cli/term.h"
#include "cli/view.h"

/* All letters and all states (explain_words.c). */
void explain_legend(const struct term *t);
/* One state, with an example (explain_words.c). */
void explain_state(const struct term *t, const struct story_state *s);

/* A history step by step, the originator on the left, the responder on the right (explain_steps.c).
 * Returns false when out of memory. */
bool explain_steps(const struct term *t, enum story_proto proto, connlog_text history);

/* A record's whole story (explain_record.c).  Returns false when out of memory. */
bool explain_record(const struct term *t, const struct view *v, const connlog_record *r);

#endif
