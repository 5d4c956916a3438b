/* dfa.h - a set of patterns as one automaton, built as bytes ask for it.
 *
 * All patterns start at the first byte.  A state stands for the NFA's nodes that are reached; a pattern that has
 * accepted leaves the automaton, so it is reported once.  Bytes that no pattern tells apart share a column.  The number
 * of states is bounded: what would need more is dead from there on, and counted.
 */
#ifndef CONNLOG_DPD_DFA_H
#define CONNLOG_DPD_DFA_H

#include <stddef.h>
#include <stdint.h>

#include "base/ascii.h"

#define DFA_START      0
#define DFA_DEAD       1
#define DFA_STATES_MAX 0x7fff

struct dfa_pattern {
	const char *text;
	uint64_t    bits; /* what is reported when it accepts */
};

struct dfa_size {
	unsigned states, columns;
	size_t   bytes;
	uint64_t lost; /* how often the bound was hit or memory was missing */
};

struct dfa;

/* Patterns of the same text count as one.  => NULL without memory, or where a text is no pattern. */
struct dfa *dfa_new(const struct dfa_pattern *patterns, unsigned n, unsigned max_states);
void        dfa_free(struct dfa *d);

/* Goes on from `state` over the bytes, and adds the bits of what accepts to *accepted.  => The new state. */
uint16_t dfa_run(struct dfa *d, uint16_t state, const uint8_t *p, size_t n, uint64_t *accepted);

/* => The bytes that lead out of a state in which many have been spent, where none of them is above 0x7f; else NULL. */
const struct ascii_set *dfa_exits(const struct dfa *d, uint16_t state);

/* The same from the start over bytes that nothing follows: it ends where too few are left for a pattern to accept. */
void dfa_match(struct dfa *d, const uint8_t *p, size_t n, uint64_t *accepted);

/* => The bits of the patterns that can still accept. */
uint64_t dfa_alive(const struct dfa *d, uint16_t state);

/* Builds all states that there are (tests). */
void            dfa_complete(struct dfa *d);
struct dfa_size dfa_size(const struct dfa *d);

#endif
