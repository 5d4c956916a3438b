/* dfa.h - a set of patterns as one automaton, built on demand.
 *
 * All patterns start at the first byte. A state is the set of NFA nodes reached; a pattern that has accepted leaves the
 * automaton, so it is reported once. Bytes that no pattern distinguishes share a column. The number of states is
 * limited; transitions that would need more lead to the dead state and are counted.
 */
#ifndef CONNLOG_DPD_DFA_H
#define CONNLOG_DPD_DFA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DFA_START      0
#define DFA_DEAD       1
#define DFA_STATES_MAX 0x7fff

struct dfa_pattern {
	const char *text;
	uint64_t    bits; /* reported when the pattern accepts */
};

struct dfa_size {
	unsigned states, columns;
	size_t   bytes;
	uint64_t lost; /* how often the bound was reached or memory ran out */
};

struct dfa;

/* Patterns with the same text count as one.  Returns NULL when out of memory, or if a text is not a pattern. */
struct dfa *dfa_new(const struct dfa_pattern *patterns, unsigned n, unsigned max_states);
void        dfa_free(struct dfa *d);

/* Stores the state that a byte leads to, creating it if necessary.  Returns false if there is no room for it: it is then dead. */
bool dfa_step(struct dfa *d, uint16_t state, uint8_t byte, uint16_t *to);

/* Returns the bits of the patterns that accept on entering a state, and of those that still can accept. */
uint64_t dfa_accepts(const struct dfa *d, uint16_t state);
uint64_t dfa_alive(const struct dfa *d, uint16_t state);
/* Returns the least number of bytes that must follow before a pattern accepts. */
unsigned dfa_least(const struct dfa *d, uint16_t state);
/* Returns the column of a byte: all bytes with that column lead to the same states. */
unsigned dfa_class(const struct dfa *d, uint8_t byte);

/* Builds all states (used by tests). */
void            dfa_complete(struct dfa *d);
struct dfa_size dfa_size(const struct dfa *d);

#endif
