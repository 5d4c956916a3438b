/* joint.c - see joint.h.
 *
 * A cell holds the offset in bytes of the next state's row. Its top bit is set when the loop has to stop: the next
 * state is not known yet or is the current one, patterns accept on entering it, or no pattern is alive in it. The loop
 * over bytes tests nothing else.
 */
#include "dpd/joint.h"

#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/pages.h"

#define ATTENTION  0x80000000u
#define STAYS      0x40000000u
#define UNKNOWN    UINT32_MAX
#define NO_STATE   UINT16_MAX
#define ROW        128 /* cells per row, one for each class of bytes */
#define ROW_BYTES  (ROW * sizeof(uint32_t))
#define STATES_MIN 4 /* the start, a state to walk from, and the state after it */

#define STAY_SHORT 8 /* bytes in one state after which finding its exits pays off */
#define HASH_BITS  10
#define USUAL_MOST 16
#define USUAL_FROM 32 /* texts after which finding their usual way pays off */
#define LEAP_BITS  8
#define LEAP       sizeof(uint32_t) /* bytes */

enum exits { EXITS_UNKNOWN, EXITS_ASCII, EXITS_OTHER };

struct joint_state {
	uint16_t         of[JOINT_MAX];
	uint16_t         next; /* next state in the hash chain */
	uint64_t         accepts;
	struct ascii_set exits; /* EXITS_ASCII: the bytes that leave the state */
	bool             alive;
	uint8_t          leaves; /* enum exits */
};

/* The state to which four bytes lead, if nothing on the way needs attention. */
struct leap {
	uint32_t bytes;
	uint16_t from, to; /* from NO_STATE: unused */
};

/* The usual way of texts from a start whose first byte decides nothing: the states that they pass, the bytes that leave
 * this way, and the state in which they end up waiting. */
struct usual {
	bool             known, odd[256]; /* odd: as a first byte it leads elsewhere */
	uint8_t          texts;           /* that began here before it was known */
	uint8_t          n;               /* length of the way; 0: there is none */
	uint16_t         path[USUAL_MOST];
	struct ascii_set exits;
};

struct joint {
	uint8_t class[256];
	uint8_t     sample[256]; /* one byte of each class */
	struct dfa *of[JOINT_MAX];
	unsigned    least[JOINT_MAX]; /* least number of bytes before a pattern accepts */
	uint32_t (*table)[ROW];       /* indexed by state and class */
	struct joint_state *states;
	unsigned            columns, n_states, max_states, renewed;
	uint16_t            starts[1 << JOINT_MAX]; /* indexed by the bits of the automata that are dead at the start */
	uint16_t            hash[1 << HASH_BITS];
	struct leap         leaps[1 << LEAP_BITS];
	struct usual        usual[1 << JOINT_MAX]; /* indexed like `starts` */
};

/* Returns the classes of a byte in all automata, as one number. */
static uint32_t
classes_of(const struct joint *j, uint8_t byte)
{
	uint32_t all = 0;

	for (unsigned k = 0; k < JOINT_MAX; k++)
		all = all << 8 | (j->of[k] ? dfa_class(j->of[k], byte) : 0);
	return all;
}

/* Puts bytes that no automaton distinguishes into one column. Returns false if there are more columns than a row
 * has. */
static bool
make_classes(struct joint *j)
{
	uint32_t columns[ROW];

	for (unsigned b = 0; b < 256; b++) {
		const uint32_t all = classes_of(j, (uint8_t)b);
		unsigned       c = 0;
		while (c < j->columns && columns[c] != all)
			c++;
		if (c == ROW)
			return false;
		if (c == j->columns) {
			columns[j->columns++] = all;
			j->sample[c] = (uint8_t)b;
		}
		j->class[b] = (uint8_t)c;
	}
	return true;
}

static uint16_t *
chain_of(struct joint *j, const uint16_t of[JOINT_MAX])
{
	const uint64_t all = of[0] | (uint64_t)of[1] << 16 | (uint64_t)of[2] << 32;

	return &j->hash[(all * UINT64_C(0x9e3779b97f4a7c15)) >> (64 - HASH_BITS)];
}

static unsigned add(struct joint *j, const uint16_t of[JOINT_MAX]);

/* Empties the table except for the start state. */
static void
renew(struct joint *j)
{
	static const uint16_t start[JOINT_MAX] = { DFA_START, DFA_START, DFA_START };

	j->renewed += j->n_states > 0;
	j->n_states = 0;
	memset(j->hash, 0xff, sizeof j->hash);
	memset(j->starts, 0xff, sizeof j->starts);
	memset(j->leaps, 0xff, sizeof j->leaps);
	memset(j->usual, 0, sizeof j->usual);
	add(j, start);
}

static unsigned
add(struct joint *j, const uint16_t of[JOINT_MAX])
{
	if (j->n_states == j->max_states)
		renew(j);
	struct joint_state *s = &j->states[j->n_states];
	uint16_t           *chain = chain_of(j, of);
	*s = (struct joint_state){ .next = *chain };
	memcpy(s->of, of, sizeof s->of);
	for (unsigned k = 0; k < JOINT_MAX; k++) {
		if (!j->of[k])
			continue;
		s->accepts |= dfa_accepts(j->of[k], of[k]);
		s->alive |= dfa_alive(j->of[k], of[k]) != 0;
	}
	memset(j->table[j->n_states], 0xff, sizeof *j->table);
	return *chain = (uint16_t)j->n_states++;
}

/* Returns the joint state, creating it if necessary. This may renew the table, which invalidates states obtained
 * before. */
static unsigned
joint_at(struct joint *j, const uint16_t of[JOINT_MAX])
{
	for (unsigned at = *chain_of(j, of); at != NO_STATE; at = j->states[at].next)
		if (memcmp(j->states[at].of, of, sizeof j->states[at].of) == 0)
			return at;
	return add(j, of);
}

/* Asks the automata where a byte leads, fills the cell and returns it. The cell's state may have another number
 * afterwards. This is rare, and kept out of the loop, which has to stay small. */
__attribute__((noinline)) static uint32_t
step(struct joint *j, unsigned from, unsigned column)
{
	uint16_t of[JOINT_MAX] = { 0 };
	bool     kept = true;

	if (j->n_states == j->max_states) {
		memcpy(of, j->states[from].of, sizeof of);
		renew(j);
		from = joint_at(j, of);
	}
	for (unsigned k = 0; k < JOINT_MAX; k++)
		if (j->of[k])
			kept &= dfa_step(j->of[k], j->states[from].of[k], j->sample[column], &of[k]);
	const unsigned to = joint_at(j, of);
	uint32_t       cell = to * (uint32_t)ROW_BYTES;
	if (to == from)
		cell |= STAYS | ATTENTION;
	else if (j->states[to].accepts || !j->states[to].alive)
		cell |= ATTENTION;
	if (kept)
		j->table[from][column] = cell;
	return cell;
}

/* ---- staying in a state, as most do while waiting for a word */

/* Determines which bytes leave a state. */
static void
find_exits(struct joint *j, struct joint_state *s)
{
	s->leaves = EXITS_ASCII;
	for (unsigned b = 0; b < 256; b++) {
		bool stays = true;
		for (unsigned k = 0; k < JOINT_MAX; k++) {
			uint16_t to;
			if (j->of[k])
				stays &= dfa_step(j->of[k], s->of[k], (uint8_t)b, &to) && to == s->of[k];
		}
		if (stays)
			continue;
		if (b >= 0x80)
			s->leaves = EXITS_OTHER;
		ascii_add(&s->exits, (uint8_t)(b & 0x7f));
	}
}

/* Returns the end of the run of bytes that lead to this cell in this row. Going byte by byte is fast, because no lookup
 * depends on the one before. */
static const uint8_t *
stay(const struct joint *j, const uint32_t *row, uint32_t cell, const uint8_t *p, const uint8_t *end)
{
	while (p < end && row[j->class[*p]] == cell)
		p++;
	return p;
}

/* Does the same for a state whose exits are not known yet; determines them if the run is long. */
__attribute__((noinline)) static const uint8_t *
leave_slowly(struct joint *j, struct joint_state *s, uint32_t cell, const uint8_t *p, const uint8_t *end)
{
	const uint32_t *row = j->table[s - j->states];
	const uint8_t  *soon = end - p > STAY_SHORT ? p + STAY_SHORT : end, *at = stay(j, row, cell, p, soon);

	if (at < soon || at == end)
		return at;
	if (s->leaves == EXITS_UNKNOWN)
		find_exits(j, s);
	return stay(j, row, cell, at, end);
}

static inline const uint8_t *
leave(struct joint *j, uint32_t cell, const uint8_t *p, const uint8_t *end)
{
	struct joint_state *s = &j->states[(cell & ~(STAYS | ATTENTION)) / ROW_BYTES];

	return s->leaves == EXITS_ASCII ? p + ascii_scan(&s->exits, p, (size_t)(end - p))
	                                : leave_slowly(j, s, cell, p, end);
}

/* ---- leaping: texts often have the same bytes after the end of a line */

/* Follows four bytes. Returns false if one of them needs attention. */
static bool
learn(const struct joint *j, struct leap *l, unsigned state, const uint8_t *p, uint32_t bytes)
{
	unsigned to = state;

	for (unsigned i = 0; i < LEAP; i++) {
		const uint32_t cell = j->table[to][j->class[p[i]]];
		if (cell == UNKNOWN || (cell & (ATTENTION | STAYS)) == ATTENTION)
			return false;
		to = (unsigned)((cell & ~(STAYS | ATTENTION)) / ROW_BYTES);
	}
	*l = (struct leap){ bytes, (uint16_t)state, (uint16_t)to };
	return true;
}

/* Skips the four bytes at `p`. Returns false if they have to be walked one by one. */
static inline bool
leap(struct joint *j, unsigned *state, const uint8_t *p)
{
	uint32_t bytes;

	memcpy(&bytes, p, LEAP);
	struct leap *l = &j->leaps[(bytes * 0x9e3779b1u) >> (32 - LEAP_BITS)];
	if ((l->bytes != bytes || l->from != *state) && !learn(j, l, *state, p, bytes))
		return false;
	*state = l->to;
	return true;
}

/* ---- walking */

/* Walks from the state of `*row` as long as bytes only change the state. Returns the last byte's cell. */
static inline uint32_t
walk(const struct joint *j, const uint32_t **row, const uint8_t **at, const uint8_t *end)
{
	const char     *table = (const char *)j->table;
	const uint8_t  *p = *at;
	const uint32_t *now = *row;
	uint32_t        cell;

	for (;;) {
		cell = now[j->class[*p++]];
		if (cell & ATTENTION)
			break;
		now = (const uint32_t *)(const void *)(table + cell);
		if (p == end)
			break;
	}
	*at = p;
	*row = now;
	return cell;
}

/* Returns the state after the last byte. */
static unsigned
run(struct joint *j, unsigned state, const uint8_t *p, size_t n, uint64_t *accepted)
{
	const uint8_t  *end = p + n;
	const uint32_t *row = j->table[state];
	uint32_t        cell;

	if (!j->states[state].alive)
		return state;
	while (p < end) {
		cell = walk(j, &row, &p, end);
		if (!(cell & ATTENTION))
			return (unsigned)(cell / ROW_BYTES);
		if (cell == UNKNOWN)
			cell = step(j, (unsigned)((row - j->table[0]) / ROW), j->class[p[-1]]);
		state = (unsigned)((cell & ~(STAYS | ATTENTION)) / ROW_BYTES);
		row = j->table[state];
		if (cell & STAYS) {
			p = leave(j, cell, p, end);
			if ((size_t)(end - p) >= LEAP && leap(j, &state, p)) {
				p += LEAP;
				row = j->table[state];
			}
			continue;
		}
		*accepted |= j->states[state].accepts;
		if (!j->states[state].alive)
			break;
	}
	return state;
}

uint64_t
joint_run(struct joint *j, uint16_t states[JOINT_MAX], const uint8_t *p, size_t n)
{
	uint64_t       accepted = 0;
	const unsigned at = run(j, joint_at(j, states), p, n, &accepted);

	memcpy(states, j->states[at].of, sizeof j->states[at].of);
	return accepted;
}

/* Returns the state in which the automata of the bits `dead` are dead and the others are at their starts. */
static unsigned
start_without(struct joint *j, unsigned dead)
{
	uint16_t of[JOINT_MAX];

	if (j->starts[dead] != NO_STATE)
		return j->starts[dead];
	for (unsigned k = 0; k < JOINT_MAX; k++)
		of[k] = dead >> k & 1 ? DFA_DEAD : DFA_START;
	const unsigned at = joint_at(j, of); /* this may empty the table */
	return j->starts[dead] = (uint16_t)at;
}

/* ---- datagrams: the first bytes of most decide nothing */

/* Stores where each byte leads. Returns false if the table was renewed or there is no room. */
static bool
ways(struct joint *j, unsigned from, uint16_t to[256])
{
	const unsigned renewed = j->renewed;
	uint16_t       of[JOINT_MAX] = { 0 }, start[JOINT_MAX], of_column[ROW];
	bool           kept = true;

	memcpy(start, j->states[from].of, sizeof start);
	for (unsigned c = 0; c < j->columns && kept; c++) {
		for (unsigned k = 0; k < JOINT_MAX; k++)
			if (j->of[k])
				kept &= dfa_step(j->of[k], start[k], j->sample[c], &of[k]);
		of_column[c] = (uint16_t)joint_at(j, of);
		kept &= j->renewed == renewed;
	}
	for (unsigned b = 0; b < 256 && kept; b++)
		to[b] = of_column[j->class[b]];
	return kept;
}

/* Returns the state that a byte above 0x7f leads to. No text has one; it is also where most other bytes lead. */
static unsigned
usual_of(const uint16_t to[256])
{
	return to[0xc1];
}

/* Determines the usual way of texts. States in which a pattern accepts, or none is alive, are not part of it. */
static __attribute__((noinline)) void
find_usual(struct joint *j, struct usual *u, unsigned start)
{
	uint16_t to[256];
	unsigned at = start, n = 0;

	*u = (struct usual){ .known = true };
	for (;;) {
		if (n == USUAL_MOST || !ways(j, at, to)) /* this may have emptied the table */
			return;
		const unsigned next = usual_of(to);
		if (j->states[next].accepts || !j->states[next].alive)
			return;
		for (unsigned b = 0; b < 256; b++) {
			if (to[b] == next)
				continue;
			if (n == 0)
				u->odd[b] = true;
			else if (b < 0x80)
				ascii_add(&u->exits, (uint8_t)b);
			else
				return;
		}
		if (next == at)
			break;
		u->path[n++] = (uint16_t)next;
		at = next;
	}
	u->n = (uint8_t)n;
}

uint64_t
joint_match(struct joint *j, unsigned but, const uint8_t *p, size_t n)
{
	uint64_t accepted = 0;

	for (unsigned k = 0; k < JOINT_MAX; k++)
		but |= (unsigned)(n < j->least[k]) << k;
	struct usual *const u = &j->usual[but];
	if (!u->known && ++u->texts == USUAL_FROM)
		find_usual(j, u, start_without(j, but));
	unsigned state = start_without(j, but);
	if (n > 0 && u->n > 0 && !u->odd[*p]) {
		const size_t skipped = ascii_scan(&u->exits, p + 1, n - 1);
		state = u->path[skipped < u->n ? skipped : u->n - 1u];
		p += 1 + skipped;
		n -= 1 + skipped;
	}
	if (n > 0)
		run(j, state, p, n, &accepted);
	return accepted;
}

unsigned
joint_renewed(const struct joint *j)
{
	return j->renewed;
}

/* Returns the size of the table and the states, which are mapped together, in whole pages. */
static size_t
states_bytes(const struct joint *j)
{
	const size_t all = j->max_states * (sizeof *j->table + sizeof *j->states);

	return (all + SMALL_PAGE - 1) / SMALL_PAGE * SMALL_PAGE;
}

struct joint *
joint_new(struct dfa *const automata[JOINT_MAX], unsigned max_states)
{
	struct joint *j = calloc(1, sizeof *j);

	if (!j)
		return NULL;
	memcpy(j->of, automata, sizeof j->of);
	j->max_states = max_states > STATES_MIN ? max_states : STATES_MIN;
	/* Most of this is never touched, so it is mapped: an allocator that guards its blocks would touch all of it. */
	j->table = pages_alloc(states_bytes(j));
	if (!make_classes(j) || !j->table) {
		joint_free(j);
		return NULL;
	}
	j->states = (struct joint_state *)(j->table + j->max_states);
	for (unsigned k = 0; k < JOINT_MAX; k++)
		j->least[k] = j->of[k] ? dfa_least(j->of[k], DFA_START) : 0;
	renew(j);
	return j;
}

void
joint_free(struct joint *j)
{
	if (!j)
		return;
	pages_free(j->table, states_bytes(j));
	free(j);
}
