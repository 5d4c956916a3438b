/* dfa.c - a set of patterns as one automaton: the subset construction, done lazily when a byte first needs it.
 *
 * The table has a row per state and a column per class of bytes. joint.c walks over the bytes.
 */
#include "dpd/dfa.h"
#include "dpd/regex.h"

#include <stdlib.h>
#include <string.h>

#define UNKNOWN      UINT16_MAX
#define PATTERNS_MAX 64

struct state {
	uint32_t first, n; /* its nodes, in `members` */
	uint32_t next;     /* next state in the hash chain */
	uint64_t accepts;  /* patterns that accept on entering the state */
	uint64_t alive;
	uint16_t least; /* bytes that must still follow before a pattern accepts */
};

struct dfa {
	uint8_t class[256];
	uint16_t     *table; /* indexed by state << shift | class */
	unsigned      shift, columns;
	struct state *states;
	unsigned      n_states, states_cap, max_states;
	uint16_t     *members;
	size_t        n_members, members_cap;
	uint32_t     *hash; /* state + 1; 0: empty */
	unsigned      hash_mask;
	struct nfa    nfa;
	uint64_t      bits[PATTERNS_MAX];
	uint8_t       sample[256]; /* one byte of each class */
	uint16_t     *stack;
	uint64_t     *reached; /* one bit per node */
	uint16_t     *least;   /* by node, as in struct state */
	uint64_t      lost;
};

/* Returns a set or its complement, whichever has fewer bytes: both divide the classes alike. */
static struct byte_set
smaller_half(const struct byte_set *set)
{
	struct byte_set s = *set;
	int             n = 0;

	for (unsigned w = 0; w < 4; w++)
		n += __builtin_popcountll(s.w[w]);
	for (unsigned w = 0; n > 128 && w < 4; w++)
		s.w[w] = ~s.w[w];
	return s;
}

/* Splits each class that a set contains only in part: its bytes that are in the set become a new class. */
static void
split_classes(struct dfa *d, const struct byte_set *set, unsigned size[256])
{
	uint16_t inside[256] = { 0 },
			 fresh[256] = { 0 }; /* by class: how many of its bytes are in the set, and their new class or 0 */

	for (unsigned w = 0; w < 4; w++)
		for (uint64_t left = set->w[w]; left; left &= left - 1)
			inside[d->class[w << 6 | (unsigned)__builtin_ctzll(left)]]++;
	for (unsigned w = 0; w < 4; w++) {
		for (uint64_t left = set->w[w]; left; left &= left - 1) {
			uint8_t       *of = &d->class[w << 6 | (unsigned)__builtin_ctzll(left)];
			const unsigned c = *of;
			if (!fresh[c] && inside[c] == size[c])
				continue;
			if (!fresh[c]) {
				fresh[c] = (uint16_t)d->columns++;
				size[fresh[c]] = inside[c];
				size[c] -= inside[c];
			}
			*of = (uint8_t)fresh[c];
		}
	}
}

/* Puts bytes that no set of the NFA distinguishes into one class. */
static void
make_classes(struct dfa *d)
{
	unsigned size[256] = { 256 };

	d->columns = 1;
	for (unsigned i = 0; i < d->nfa.n_sets; i++) {
		const struct byte_set half = smaller_half(&d->nfa.sets[i]);
		split_classes(d, &half, size);
	}
	for (unsigned b = 0; b < 256; b++)
		d->sample[d->class[b]] = (uint8_t)b;
	while (1U << d->shift < d->columns)
		d->shift++;
}

/* Marks the nodes reachable from a node without consuming a byte. Returns the bits of the patterns that accept
 * there. */
static uint64_t
close_over(struct dfa *d, uint16_t from)
{
	uint64_t accepts = 0;
	unsigned depth = 0;
	d->stack[depth++] = from;
	while (depth) {
		uint16_t at = d->stack[--depth];
		uint64_t bit = UINT64_C(1) << (at & 63);
		if (d->reached[at >> 6] & bit)
			continue;
		d->reached[at >> 6] |= bit;
		const struct nfa_node *n = &d->nfa.nodes[at];
		if (n->kind == NFA_ACCEPT)
			accepts |= d->bits[n->pattern];
		if (n->kind != NFA_EMPTY)
			continue;
		if (n->out != NFA_NONE)
			d->stack[depth++] = n->out;
		if (n->alt != NFA_NONE)
			d->stack[depth++] = n->alt;
	}
	return accepts;
}

/* Makes room for one more state. Returns false when out of memory or when the limit is reached. */
static bool
reserve(struct dfa *d)
{
	if (d->n_states >= d->max_states)
		return false;
	if (d->n_states == d->states_cap) {
		unsigned      cap = d->states_cap ? d->states_cap * 2 : 32;
		struct state *states = realloc(d->states, cap * sizeof *states);
		if (!states)
			return false;
		d->states = states;
		uint16_t *table = realloc(d->table, ((size_t)cap << d->shift) * sizeof *table);
		if (!table)
			return false;
		d->table = table;
		d->states_cap = cap;
	}
	if (d->n_members + d->nfa.n_nodes > d->members_cap) {
		size_t    cap = (d->n_members + d->nfa.n_nodes) * 2;
		uint16_t *members = realloc(d->members, cap * sizeof *members);
		if (!members)
			return false;
		d->members = members;
		d->members_cap = cap;
	}
	return true;
}

/* Appends the reached nodes that wait for a byte to `members`, except those of patterns that accept, and clears the
 * marks. */
static void
collect(struct dfa *d, struct state *s)
{
	uint16_t *to = d->members + s->first;
	s->least = UINT16_MAX;
	for (unsigned w = 0; w <= d->nfa.n_nodes >> 6; w++) {
		for (uint64_t left = d->reached[w]; left; left &= left - 1) {
			uint16_t               at = (uint16_t)(w << 6 | (unsigned)__builtin_ctzll(left));
			const struct nfa_node *nd = &d->nfa.nodes[at];
			if (nd->kind != NFA_BYTE || d->bits[nd->pattern] & s->accepts)
				continue;
			to[s->n++] = at;
			s->alive |= d->bits[nd->pattern];
			if (d->least[at] < s->least)
				s->least = d->least[at];
		}
		d->reached[w] = 0;
	}
}

/* Returns the state with the reached nodes, creating it if necessary; UNKNOWN if there is no room. */
static uint16_t
state_of(struct dfa *d, uint64_t accepts)
{
	struct state s = { .first = (uint32_t)d->n_members, .accepts = accepts };
	bool         room = reserve(d);
	if (!room) {
		memset(d->reached, 0, (d->nfa.n_nodes / 64 + 1) * sizeof *d->reached);
		return UNKNOWN;
	}
	collect(d, &s);
	uint64_t        h = accepts * UINT64_C(0x9e3779b97f4a7c15);
	const uint16_t *nodes = d->members + s.first;
	for (uint32_t i = 0; i < s.n; i++)
		h = (h ^ nodes[i]) * UINT64_C(0x100000001b3);
	uint32_t *chain = &d->hash[(h ^ h >> 32) & d->hash_mask];
	for (uint32_t i = *chain; i; i = d->states[i - 1].next) {
		const struct state *o = &d->states[i - 1];
		if (o->n == s.n && o->accepts == accepts && !memcmp(d->members + o->first, nodes, s.n * sizeof *nodes))
			return (uint16_t)(i - 1);
	}
	s.next = *chain;
	d->states[d->n_states++] = s;
	*chain = d->n_states;
	d->n_members += s.n;
	memset(d->table + ((size_t)(d->n_states - 1) << d->shift), 0xff, sizeof *d->table << d->shift);
	return (uint16_t)(d->n_states - 1);
}

/* Fills a cell of the table. Returns the state that it leads to, or DFA_DEAD, which is not stored, if there is no room
 * for it. */
static uint16_t
fill(struct dfa *d, uint16_t state, unsigned column)
{
	uint64_t accepts = 0;
	for (uint32_t i = 0; i < d->states[state].n; i++) {
		const struct nfa_node *n = &d->nfa.nodes[d->members[d->states[state].first + i]];
		if (byte_set_has(&d->nfa.sets[n->set], d->sample[column]))
			accepts |= close_over(d, n->out);
	}
	uint16_t to = state_of(d, accepts);
	if (to == UNKNOWN) {
		d->lost++;
		return DFA_DEAD;
	}
	return d->table[(size_t)state << d->shift | column] = to;
}

bool
dfa_step(struct dfa *d, uint16_t state, uint8_t byte, uint16_t *to)
{
	const uint16_t cell = d->table[(size_t)state << d->shift | d->class[byte]];
	const uint64_t lost = d->lost;

	*to = cell != UNKNOWN ? cell : fill(d, state, d->class[byte]);
	return d->lost == lost;
}

uint64_t
dfa_accepts(const struct dfa *d, uint16_t state)
{
	return d->states[state].accepts;
}

uint64_t
dfa_alive(const struct dfa *d, uint16_t state)
{
	return d->states[state].alive;
}

unsigned
dfa_least(const struct dfa *d, uint16_t state)
{
	return d->states[state].least;
}

unsigned
dfa_class(const struct dfa *d, uint8_t byte)
{
	return d->class[byte];
}

void
dfa_complete(struct dfa *d)
{
	for (unsigned s = 0; s < d->n_states; s++)
		for (unsigned c = 0; c < d->columns; c++)
			if (d->table[(size_t)s << d->shift | c] == UNKNOWN)
				fill(d, (uint16_t)s, c);
}

struct dfa_size
dfa_size(const struct dfa *d)
{
	size_t bytes = sizeof *d + ((size_t)d->states_cap << d->shift) * sizeof *d->table;
	bytes += d->states_cap * sizeof *d->states + d->members_cap * sizeof *d->members;
	bytes += d->nfa.nodes_cap * (sizeof *d->nfa.nodes + sizeof *d->stack + sizeof *d->least) +
	         (d->hash_mask + 1) * sizeof *d->hash;
	return (struct dfa_size){ d->n_states, d->columns, bytes, d->lost };
}

/* Lowers the lengths of the nodes of one pattern by what follows them. Returns whether any changed. */
static bool
lower(struct dfa *d, unsigned first, unsigned end)
{
	bool changed = false;

	for (unsigned i = end; i-- > first;) {
		const struct nfa_node *n = &d->nfa.nodes[i];
		const unsigned         out = n->out != NFA_NONE ? d->least[n->out] : UINT16_MAX;
		const unsigned         alt = n->alt != NFA_NONE ? d->least[n->alt] : UINT16_MAX;
		unsigned               least = 0;
		if (n->kind == NFA_BYTE)
			least = out + 1;
		else if (n->kind == NFA_EMPTY)
			least = out < alt ? out : alt;
		if (least < d->least[i]) {
			d->least[i] = (uint16_t)least;
			changed = true;
		}
	}
	return changed;
}

/* Computes for every node the length of the shortest input after which its pattern accepts. The nodes of a pattern lie together
 * and lead only to each other, and most patterns are settled after two rounds. */
static void
measure(struct dfa *d)
{
	const struct nfa_node *nodes = d->nfa.nodes;

	memset(d->least, 0xff, d->nfa.n_nodes * sizeof *d->least);
	for (unsigned first = d->nfa.n_nodes, end = first; end > 0; end = first) {
		while (first > 0 && nodes[first - 1].pattern == nodes[end - 1].pattern)
			first--;
		while (lower(d, first, end)) {
		}
	}
}

/* Makes the first two states: the start of all patterns, and the dead state. Returns false when out of memory. */
static bool
first_states(struct dfa *d, const uint16_t *start, unsigned n)
{
	size_t nodes = d->nfa.n_nodes;
	d->hash_mask = 1023;
	d->hash = calloc(d->hash_mask + 1, sizeof *d->hash);
	d->stack = malloc((nodes * 2 + 1) * sizeof *d->stack); /* each node pushes its edges, two at most, once */
	d->reached = calloc(nodes / 64 + 1, sizeof *d->reached);
	d->least = malloc((nodes + 1) * sizeof *d->least);
	if (!d->hash || !d->stack || !d->reached || !d->least)
		return false;
	measure(d);
	for (unsigned i = 0; i < n; i++)
		close_over(d, start[i]);
	return state_of(d, 0) == DFA_START && state_of(d, 0) == DFA_DEAD;
}

struct dfa *
dfa_new(const struct dfa_pattern *patterns, unsigned n, unsigned max_states)
{
	uint16_t    start[PATTERNS_MAX];
	unsigned    texts = 0;
	struct dfa *d = calloc(1, sizeof *d);
	if (!d)
		return NULL;
	d->max_states = max_states < DFA_STATES_MAX ? max_states : DFA_STATES_MAX;
	for (unsigned i = 0; i < n; i++) {
		unsigned same = 0;
		while (same < i && strcmp(patterns[same].text, patterns[i].text) != 0)
			same++;
		if (same == i && (texts == PATTERNS_MAX || !nfa_add(&d->nfa, patterns[i].text, (uint8_t)i, &start[texts++]))) {
			dfa_free(d);
			return NULL;
		}
		d->bits[same] |= patterns[i].bits;
	}
	make_classes(d);
	if (!first_states(d, start, texts)) {
		dfa_free(d);
		return NULL;
	}
	return d;
}

void
dfa_free(struct dfa *d)
{
	if (!d)
		return;
	nfa_free(&d->nfa);
	free(d->table);
	free(d->states);
	free(d->members);
	free(d->hash);
	free(d->stack);
	free(d->reached);
	free(d->least);
	free(d);
}
