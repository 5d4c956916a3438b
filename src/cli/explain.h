/* explain.h - the parts that `connlog explain` prints. */
#ifndef CONNLOG_CLI_EXPLAIN_H
#define CONNLOG_CLI_EXPLAIN_H

#include "cli/story.h"
#include "cli/term.h"
#include "cli/view.h"

/* Prints all letters and all states.  Defined in explain_words.c. */
void explain_legend(const struct term *t);
/* Prints one state with an example.  Defined in explain_words.c. */
void explain_state(const struct term *t, const struct story_state *s);

/* Prints a history step by step, the originator on the left and the responder on the right.  Returns false when out of
 * memory.  Defined in explain_steps.c. */
bool explain_steps(const struct term *t, enum story_proto proto, connlog_text history);

/* Prints a record's whole story.  Returns false when out of memory.  Defined in explain_record.c. */
bool explain_record(const struct term *t, const struct view *v, const connlog_record *r);

#endif
