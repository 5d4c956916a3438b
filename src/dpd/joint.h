/* joint.h - several automata walked as one.
 *
 * A direction's rules are several automata, because one for all of them would have too many states; but those that traffic
 * comes to are few.  A joint state stands for one state of each; the table of joint states is filled as bytes ask for it, and
 * begun anew when it is full: it is a memory of what the automata answer, so nothing depends on its size.
 */
#ifndef CONNLOG_DPD_JOINT_H
#define CONNLOG_DPD_JOINT_H

#include "dpd/dfa.h"

#define JOINT_MAX 3

struct joint;

/* Automata may be NULL: there is nothing in that place.  They are the caller's.  Returns NULL when out of memory. */
struct joint *joint_new(struct dfa *const automata[JOINT_MAX], unsigned max_states);
void          joint_free(struct joint *j);

/* Goes on from each automaton's state over the bytes.  Returns the bits of the patterns that accept. */
uint64_t joint_run(struct joint *j, uint16_t states[JOINT_MAX], const uint8_t *p, size_t n);

/* The same from the start over bytes that nothing follows, without the automata of the bits `but` (1 << place), and those for
 * which there are too few bytes. */
uint64_t joint_match(struct joint *j, unsigned but, const uint8_t *p, size_t n);

/* Returns how often the table was full (tests). */
unsigned joint_renewed(const struct joint *j);

#endif
