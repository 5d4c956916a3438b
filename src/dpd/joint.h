/* joint.h - runs several automata as one.
 *
 * The rules of a direction form several automata, because a single one would have too many states; but traffic reaches
 * only few of them. A joint state combines one state of each. The table of joint states is filled on demand and emptied
 * when full: it is a cache of the automata's results, so nothing depends on its size.
 */
#ifndef CONNLOG_DPD_JOINT_H
#define CONNLOG_DPD_JOINT_H

#include "dpd/dfa.h"

#define JOINT_MAX 3

struct joint;

/* Makes a joint automaton. Automata may be NULL for unused places; they remain the caller's. Returns NULL when out of
 * memory. */
struct joint *joint_new(struct dfa *const automata[JOINT_MAX], unsigned max_states);
void          joint_free(struct joint *j);

/* Continues from each automaton's state over the bytes.  Returns the bits of the patterns that accept. */
uint64_t joint_run(struct joint *j, uint16_t states[JOINT_MAX], const uint8_t *p, size_t n);

/* Does the same for complete input, from the start. Leaves out the automata in `but` (1 << place) and those that need
 * more bytes than there are. */
uint64_t joint_match(struct joint *j, unsigned but, const uint8_t *p, size_t n);

/* Returns how often the table was full (used by tests). */
unsigned joint_renewed(const struct joint *j);

#endif
