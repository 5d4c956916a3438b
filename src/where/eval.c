/* eval.c - runs a condition's program over a record. */
#include <math.h>

#include "base/parse.h"
#include "where/program.h"

/* Returns whether the comparison's result is one of those in `meant`; for NaN none is. */
static inline bool
is_meant(unsigned meant, bool less, bool equal, bool greater)
{
	return (meant & ((unsigned)less * IS_LESS | (unsigned)equal * IS_EQUAL | (unsigned)greater * IS_GREATER)) != 0;
}

#define COMPARE(meant, x, y) is_meant(meant, (x) < (y), (x) == (y), (x) > (y))

static inline const void *
at(const struct record *r, const struct where_source *s)
{
	return (const char *)r + s->offset;
}

/* ---- columns that are not in the schema */

/* Returns the column if the record has it and it is set, otherwise NULL. */
static const struct extra *
find_extra(struct connlog_where *w, const struct record *r, size_t which)
{
	const struct text name = w->program->tree.extras[which].name;
	size_t            i = w->extra_at[which];

	if (i >= r->extras_n || r->extras[i].name.n != name.n || memcmp(r->extras[i].name.p, name.p, name.n) != 0) {
		for (i = 0; i < r->extras_n; i++)
			if (r->extras[i].name.n == name.n && memcmp(r->extras[i].name.p, name.p, name.n) == 0)
				break;
		w->extra_at[which] = i;
	}
	if (i == r->extras_n)
		return NULL;
	w->extra_found[which] = true;
	return r->extras[i].set ? &r->extras[i] : NULL;
}

/* Returns false if the column has no text. */
static bool
get_text(struct connlog_where *w, const struct record *r, const struct where_source *s, struct text *out)
{
	if (s->has != 0) {
		*out = *(const struct text *)at(r, s);
		return record_has(r, s->word, s->has);
	}
	const struct extra *x = find_extra(w, r, s->extra);
	if (!x || x->kind == EXTRA_LIST)
		return false;
	*out = x->text;
	return true;
}

static bool
get_addr(struct connlog_where *w, const struct record *r, const struct where_source *s, struct addr *out)
{
	struct text t;

	if (s->has == 0)
		return get_text(w, r, s, &t) && addr_parse(t.p, t.n, out);
	*out = *(const struct addr *)at(r, s);
	return record_has(r, s->word, s->has);
}

static bool
get_set(struct connlog_where *w, const struct record *r, const struct where_source *s, struct text_set *out)
{
	if (s->has != 0) {
		*out = *(const struct text_set *)at(r, s);
		return record_has(r, s->word, s->has);
	}
	const struct extra *x = find_extra(w, r, s->extra);
	if (!x || x->kind != EXTRA_LIST)
		return false;
	*out = x->list;
	return true;
}

/* ---- numbers */

static double
extra_number(struct connlog_where *w, const struct record *r, const struct where_source *s)
{
	struct text t;
	double      v;
	bool        plain;

	return get_text(w, r, s, &t) && t.n > 0 && parse_double(t.p, t.n, &v, &plain) ? v : NAN;
}

/* Returns the length of a text, or the number of elements. */
static double
length(struct connlog_where *w, const struct record *r, const struct where_op *op)
{
	struct text     t;
	struct text_set set;

	if (op->code == OP_LOAD_LEN && get_text(w, r, &op->source, &t))
		return (double)t.n;
	if ((op->code == OP_LOAD_SIZE || op->source.has == 0) && get_set(w, r, &op->source, &set))
		return (double)set.n;
	return NAN;
}

double
where_compute(enum arithmetic what, double x, double y)
{
	switch (what) {
	case ADD:
		return x + y;
	case SUBTRACT:
		return x - y;
	case MULTIPLY:
		return x * y;
	case DIVIDE:
		return y != 0 ? x / y : NAN;
	case MINIMUM:
		return x < y ? x : y < x || y == x ? y : NAN;
	case MAXIMUM:
		return x > y ? x : y > x || y == x ? y : NAN;
	default:
		return fabs(x);
	}
}

static double
load(struct connlog_where *w, const struct record *r, const struct where_op *op, const double *registers)
{
	const struct where_source *s = &op->source;
	const bool                 set = record_has(r, s->word, s->has);

	switch (op->code) {
	case OP_LOAD:
		return op->number;
	case OP_LOAD_COUNT:
		return set ? (double)*(const uint64_t *)at(r, s) : NAN;
	case OP_LOAD_INT:
		return set ? (double)*(const int64_t *)at(r, s) : NAN;
	case OP_LOAD_PORT:
		return set ? (double)*(const uint16_t *)at(r, s) : NAN;
	case OP_LOAD_SECONDS:
		return set ? *(const double *)at(r, s) : NAN;
	case OP_LOAD_EXTRA:
		return extra_number(w, r, s);
	case OP_ARITHMETIC:
		return where_compute(op->arithmetic, registers[op->a], registers[op->a + 1]);
	default:
		return length(w, r, op);
	}
}

/* ---- tests of texts and addresses */

/* Returns whether one of the comma-separated parts is among the words. */
static bool
has_part(const struct where_op *op, struct text t)
{
	const char *const end = t.p + t.n;

	for (const char *p = t.p; p < end; p++) {
		const char *comma = memchr(p, ',', (size_t)(end - p));
		if (!comma)
			comma = end;
		if (word_set_has(op->words, (struct text){ p, (size_t)(comma - p) }, op->source.lower))
			return true;
		p = comma;
	}
	return false;
}

static bool
has_member(const struct where_op *op, struct text_set set)
{
	for (size_t i = 0; i < set.n; i++)
		if (word_set_has(op->words, set.at[i], op->source.lower))
			return true;
	return false;
}

/* Tests a column that is a text or a set; if it is not in the schema, only the record tells which. */
static bool
has(struct connlog_where *w, const struct record *r, const struct where_op *op)
{
	struct text_set set;
	struct text     t;

	if (op->code == OP_HAS && get_text(w, r, &op->source, &t))
		return has_part(op, t) != op->negated;
	if (op->code == OP_HAS && op->source.has != 0)
		return false;
	return get_set(w, r, &op->source, &set) && has_member(op, set) != op->negated;
}

static bool
matches(struct connlog_where *w, const struct record *r, const struct where_op *op)
{
	struct text t;

	if (!get_text(w, r, &op->source, &t))
		return false;
	const enum pattern_answer answer = pattern_find(op->pattern, w->room, t);
	if (answer == PATTERN_GIVEN_UP) {
		w->given_up++;
		return false;
	}
	return (answer == PATTERN_YES) != op->negated;
}

static bool
test_text(const struct where_op *op, struct text a, struct text b, bool lower_b)
{
	const bool equality = op->meant == IS_EQUAL || op->meant == (IS_LESS | IS_GREATER);

	if (equality && a.n != b.n)
		return op->meant != IS_EQUAL;
	const int order = text_order(a, op->source.lower, b, lower_b);
	return COMPARE(op->meant, order, 0);
}

static bool
test_addr(const struct where_op *op, const struct addr *a, const struct addr *b)
{
	const int order = addr_cmp(a, b);

	return COMPARE(op->meant, order, 0);
}

/* Runs the tests that are not in the loop below. */
static bool
test(struct connlog_where *w, const struct record *r, const struct where_op *op, const double *registers)
{
	struct text t, u;
	struct addr a, b;

	switch (op->code) {
	case OP_IS_SET:
		return (op->source.has ? record_has(r, op->source.word, op->source.has)
		                       : find_extra(w, r, op->source.extra) != NULL) != op->negated;
	case OP_TEXT:
		return get_text(w, r, &op->source, &t) && test_text(op, t, op->text, false);
	case OP_TEXT_IN:
		return get_text(w, r, &op->source, &t) && word_set_has(op->words, t, op->source.lower) != op->negated;
	case OP_HAS:
	case OP_SET_HAS:
		return has(w, r, op);
	case OP_MATCH:
		return matches(w, r, op);
	case OP_ADDR:
		return get_addr(w, r, &op->source, &a) && test_addr(op, &a, &op->addr);
	case OP_ADDR_IN:
		return get_addr(w, r, &op->source, &a) && addr_set_has(op->addresses, &a) != op->negated;
	case OP_TEXTS:
		return get_text(w, r, &op->source, &t) && get_text(w, r, &op->other, &u) &&
		       test_text(op, t, u, op->other.lower);
	case OP_ADDRS:
		return get_addr(w, r, &op->source, &a) && get_addr(w, r, &op->other, &b) && test_addr(op, &a, &b);
	case OP_NUMBERS:
		return COMPARE(op->meant, registers[op->a], registers[op->a + 1]);
	default: /* OP_NUMBER_IN */
		return !isnan(registers[0]) && number_set_has(op->numbers, registers[0]) != op->negated;
	}
}

/* ---- the loop ------------------------------------------------------------------------------------------------------------ */

bool
program_holds(struct connlog_where *w, const struct record *r)
{
	const struct where_op *ops = w->program->ops, *op = &ops[w->program->start];
	double                 registers[WHERE_REGISTERS];
	bool                   yes;

	for (;; op = &ops[yes ? op->yes : op->no]) {
		const void *value = at(r, &op->source);
		const bool  set = record_has(r, op->source.word, op->source.has);
		switch (op->code) {
		case OP_RETURN:
			return op->boolean;
		case OP_BOOL:
			yes = set && *(const bool *)value == op->boolean;
			break;
		case OP_COUNT:
			yes = set && COMPARE(op->meant, *(const uint64_t *)value, op->count);
			break;
		case OP_INT:
			yes = set && COMPARE(op->meant, *(const int64_t *)value, (int64_t)op->count);
			break;
		case OP_PORT:
			yes = set && COMPARE(op->meant, *(const uint16_t *)value, op->count);
			break;
		case OP_SECONDS:
			yes = set && COMPARE(op->meant, *(const double *)value, op->number);
			break;
		case OP_PORT_IN:
			yes = set && port_set_has(op->ports, *(const uint16_t *)value) != op->negated;
			break;
		default:
			yes = op->code >= OP_LOAD || test(w, r, op, registers);
			if (op->code >= OP_LOAD)
				registers[op->a] = load(w, r, op, registers);
		}
	}
}
