/* regex.h - the small language of the signatures' patterns, as one NFA over bytes.
 *
 * A pattern is anchored at the first byte and accepts at the first opportunity.  It has bytes, `.` (any byte), classes
 * (`[a-z]`, `[^a-z]`, `[[:space:]]`), groups, `|` (an alternative may be empty), `*`, `+`, `?`, `{n}`, `{n,m}`, and the
 * escapes `\xNN`, `\n`, `\r`, `\t`; any other byte after a backslash stands for itself.
 */
#ifndef CONNLOG_DPD_REGEX_H
#define CONNLOG_DPD_REGEX_H

#include <stdbool.h>
#include <stdint.h>

#define NFA_NONE UINT16_MAX

enum nfa_kind {
	NFA_EMPTY, /* goes to `out` and `alt` (unless NFA_NONE) without a byte */
	NFA_BYTE,  /* goes to `out` on a byte of `set` */
	NFA_ACCEPT
};

struct nfa_node {
	uint8_t  kind, pattern; /* pattern: the number its text was added with */
	uint16_t set, out, alt;
};

struct byte_set {
	uint64_t w[4];
};

struct nfa {
	struct nfa_node *nodes;
	struct byte_set *sets; /* all different */
	unsigned         n_nodes, nodes_cap, n_sets, sets_cap;
};

static inline bool
byte_set_has(const struct byte_set *s, unsigned b)
{
	return s->w[b >> 6] >> (b & 63) & 1;
}

/* Adds a pattern and stores its first node in *start.  Returns false when out of memory, or if the text is not a pattern. */
bool nfa_add(struct nfa *nfa, const char *text, uint8_t pattern, uint16_t *start);
void nfa_free(struct nfa *nfa);

#endif
