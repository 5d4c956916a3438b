/* regex.c - translates the patterns of signatures into an NFA: a recursive descent that emits the nodes while reading.
 *
 * Every function that emits nodes starts from a given open node (empty, without edges) and returns the open node in
 * which its part ends. A repeated atom is read again for each of its copies.
 */
#include "dpd/regex.h"

#include <stdlib.h>
#include <string.h>

#define FOREVER UINT32_MAX

struct parser {
	struct nfa *nfa;
	const char *p;
	uint8_t     pattern;
	bool        failed;
};

static uint16_t alternatives(struct parser *ps, uint16_t from);

static uint16_t
node(struct parser *ps)
{
	struct nfa *nfa = ps->nfa;
	if (nfa->n_nodes == nfa->nodes_cap) {
		unsigned         cap = nfa->nodes_cap ? nfa->nodes_cap * 2 : 256;
		struct nfa_node *grown = cap < NFA_NONE ? realloc(nfa->nodes, cap * sizeof *grown) : NULL;
		if (!grown) {
			ps->failed = true;
			return 0; /* further nodes overwrite an existing one and are discarded */
		}
		nfa->nodes = grown;
		nfa->nodes_cap = cap;
	}
	nfa->nodes[nfa->n_nodes] = (struct nfa_node){ NFA_EMPTY, ps->pattern, 0, NFA_NONE, NFA_NONE };
	return (uint16_t)nfa->n_nodes++;
}

static void
edge(struct parser *ps, uint16_t from, uint16_t out, uint16_t alt)
{
	ps->nfa->nodes[from].out = out;
	ps->nfa->nodes[from].alt = alt;
}

static bool
same_bytes(const struct byte_set *a, const struct byte_set *b)
{
	return !((a->w[0] ^ b->w[0]) | (a->w[1] ^ b->w[1]) | (a->w[2] ^ b->w[2]) | (a->w[3] ^ b->w[3]));
}

/* Returns the number of the set, adding it if necessary. */
static uint16_t
intern(struct parser *ps, const struct byte_set *set)
{
	struct nfa *nfa = ps->nfa;
	for (unsigned i = 0; i < nfa->n_sets; i++)
		if (same_bytes(&nfa->sets[i], set))
			return (uint16_t)i;
	if (nfa->n_sets == nfa->sets_cap) {
		unsigned         cap = nfa->sets_cap ? nfa->sets_cap * 2 : 64;
		struct byte_set *grown = cap < NFA_NONE ? realloc(nfa->sets, cap * sizeof *grown) : NULL;
		if (!grown) {
			ps->failed = true;
			return 0;
		}
		nfa->sets = grown;
		nfa->sets_cap = cap;
	}
	nfa->sets[nfa->n_sets] = *set;
	return (uint16_t)nfa->n_sets++;
}

static void
set_range(struct byte_set *s, unsigned first, unsigned last)
{
	for (unsigned w = first >> 6; w <= last >> 6; w++) {
		const unsigned low = w == first >> 6 ? first & 63 : 0, high = w == last >> 6 ? last & 63 : 63;
		if (low <= high)
			s->w[w] |= UINT64_MAX << low & UINT64_MAX >> (63 - high);
	}
}

static unsigned
hex_digit(struct parser *ps)
{
	static const char digits[] = "0123456789abcdef";
	const char       *d = *ps->p ? strchr(digits, *ps->p | 0x20) : NULL;
	if (!d) {
		ps->failed = true;
		return 0;
	}
	ps->p++;
	return (unsigned)(d - digits);
}

/* Parses one byte, escaped or not. */
static unsigned
literal(struct parser *ps)
{
	if (*ps->p == '\\')
		ps->p++;
	else
		return (unsigned char)*ps->p++;
	if (!*ps->p) {
		ps->failed = true;
		return 0;
	}
	switch (*ps->p++) {
	case 'n':
		return '\n';
	case 'r':
		return '\r';
	case 't':
		return '\t';
	case 'x': {
		unsigned high = hex_digit(ps);
		return high << 4 | hex_digit(ps);
	}
	default:
		return (unsigned char)ps->p[-1];
	}
}

/* Parses a class after its `[`, including the `]`. */
static struct byte_set class(struct parser *ps)
{
	static const char space[] = "[:space:]";
	struct byte_set   s = { 0 };
	bool              negated = *ps->p == '^';
	for (ps->p += negated; *ps->p && *ps->p != ']' && !ps->failed;) {
		if (!strncmp(ps->p, space, sizeof space - 1)) {
			set_range(&s, '\t', '\r');
			set_range(&s, ' ', ' ');
			ps->p += sizeof space - 1;
			continue;
		}
		unsigned first = literal(ps), last = first;
		if (*ps->p == '-' && ps->p[1] && ps->p[1] != ']') {
			ps->p++;
			last = literal(ps);
		}
		set_range(&s, first, last);
	}
	if (*ps->p == ']')
		ps->p++;
	else
		ps->failed = true;
	for (unsigned i = 0; negated && i < 4; i++)
		s.w[i] = ~s.w[i];
	return s;
}

/* Parses a byte, a class or a group. */
static uint16_t
atom(struct parser *ps, uint16_t from)
{
	struct byte_set s = { 0 };
	if (*ps->p == '(') {
		ps->p++;
		uint16_t to = alternatives(ps, from);
		if (*ps->p == ')')
			ps->p++;
		else
			ps->failed = true;
		return to;
	}
	if (*ps->p == '[') {
		ps->p++;
		s = class(ps);
	} else if (*ps->p == '.') {
		ps->p++;
		set_range(&s, 0, 255);
	} else {
		unsigned b = literal(ps);
		set_range(&s, b, b);
	}
	uint16_t set = intern(ps, &s), to = node(ps);
	if (!ps->failed)
		ps->nfa->nodes[from] = (struct nfa_node){ NFA_BYTE, ps->pattern, set, to, NFA_NONE };
	return to;
}

/* Skips an atom without emitting anything. */
static void
skip_atom(struct parser *ps)
{
	unsigned depth = 0;
	do {
		if (*ps->p == '[') {
			ps->p++;
			class(ps);
		} else {
			depth += *ps->p == '(';
			depth -= *ps->p == ')';
			literal(ps);
		}
	} while (depth && *ps->p && !ps->failed);
}

static uint32_t
count(struct parser *ps)
{
	uint32_t n = 0;
	if (*ps->p < '0' || *ps->p > '9')
		ps->failed = true;
	for (; *ps->p >= '0' && *ps->p <= '9' && n < 1000; ps->p++)
		n = n * 10 + (uint32_t)(*ps->p - '0');
	return n;
}

/* Parses a quantifier, if there is one. */
static void
quantifier(struct parser *ps, uint32_t *least, uint32_t *most)
{
	*least = *ps->p == '*' || *ps->p == '?' ? 0 : 1;
	*most = *ps->p == '*' || *ps->p == '+' ? FOREVER : 1;
	if (*ps->p == '*' || *ps->p == '+' || *ps->p == '?') {
		ps->p++;
	} else if (*ps->p == '{') {
		ps->p++;
		*least = *most = count(ps);
		if (*ps->p == ',') {
			ps->p++;
			*most = count(ps);
		}
		if (*ps->p == '}' && *most >= *least)
			ps->p++;
		else
			ps->failed = true;
	}
}

static uint16_t
copy(struct parser *ps, const char *text, uint16_t from)
{
	ps->p = text;
	return atom(ps, from);
}

/* Parses an atom and its quantifier. Optional copies are nested, `(x(x)?)?`, so that only one thread counts. */
static uint16_t
repeated(struct parser *ps, uint16_t from)
{
	const char *text = ps->p;
	uint32_t    least, most;
	skip_atom(ps);
	quantifier(ps, &least, &most);
	const char *behind = ps->p;
	for (uint32_t i = 0; i < least && !ps->failed; i++)
		from = copy(ps, text, from);
	if (most > least && !ps->failed) {
		uint16_t end = node(ps);
		if (most == FOREVER) {
			uint16_t loop = node(ps), body = node(ps);
			edge(ps, from, loop, NFA_NONE);
			edge(ps, loop, body, end);
			edge(ps, copy(ps, text, body), loop, NFA_NONE);
		} else {
			for (uint32_t i = least; i < most && !ps->failed; i++) {
				uint16_t body = node(ps);
				edge(ps, from, body, end);
				from = copy(ps, text, body);
			}
			edge(ps, from, end, NFA_NONE);
		}
		from = end;
	}
	ps->p = behind;
	return from;
}

static uint16_t
alternatives(struct parser *ps, uint16_t from)
{
	uint16_t end = node(ps);
	for (;;) {
		uint16_t at = node(ps), other = node(ps);
		edge(ps, from, at, other);
		while (*ps->p && *ps->p != '|' && *ps->p != ')' && !ps->failed)
			at = repeated(ps, at);
		edge(ps, at, end, NFA_NONE);
		if (*ps->p != '|' || ps->failed)
			return end;
		ps->p++;
		from = other;
	}
}

bool
nfa_add(struct nfa *nfa, const char *text, uint8_t pattern, uint16_t *start)
{
	struct parser ps = { .nfa = nfa, .p = text, .pattern = pattern };
	*start = node(&ps);
	if (ps.failed)
		return false;
	uint16_t end = alternatives(&ps, *start);
	nfa->nodes[end].kind = NFA_ACCEPT;
	return !ps.failed && !*ps.p;
}

void
nfa_free(struct nfa *nfa)
{
	free(nfa->nodes);
	free(nfa->sets);
	*nfa = (struct nfa){ 0 };
}
