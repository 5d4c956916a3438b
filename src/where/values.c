/* values.c - the values of the grammar: columns, constants, functions, arithmetic, and sets.  See tree.h. */
#include <math.h>
#include <stdio.h>

#include "where/parser.h"

enum { DEPTH_MAX = 24 }; /* nesting of parentheses and functions */

/* ---- words */

static enum node_type
type_of(const struct column *c)
{
	switch (c->info.type) {
	case CONNLOG_TIME:
		return TYPE_TIME;
	case CONNLOG_INTERVAL:
		return TYPE_INTERVAL;
	case CONNLOG_ADDR:
		return TYPE_ADDR;
	case CONNLOG_STRING:
	case CONNLOG_ENUM:
		return TYPE_TEXT;
	case CONNLOG_STRING_SET:
		return TYPE_TEXTS;
	case CONNLOG_BOOL:
		return TYPE_CONDITION;
	default: /* port, count, int */
		return TYPE_NUMBER;
	}
}

static struct node *
column(struct parser *p, const struct column *c)
{
	struct node *node = parser_node(p, NODE_COLUMN, type_of(c));

	if (!node)
		return NULL;
	node->column = c;
	parser_next(p);
	return node;
}

/* Makes a node for a column that is not in the schema. */
static struct node *
extra(struct parser *p)
{
	struct tree *tree = p->tree;
	struct text  name = p->now.text;
	struct node *node = parser_node(p, NODE_EXTRA, TYPE_ANY);
	size_t       i = 0;

	if (!node)
		return NULL;
	while (i < tree->extras_n &&
	       (tree->extras[i].name.n != name.n || memcmp(tree->extras[i].name.p, name.p, name.n) != 0))
		i++;
	if (i == tree->extras_n) {
		char *kept = i < EXTRAS_MAX ? arena_alloc(tree->arena, name.n + 1) : NULL;
		if (!kept) {
			parser_fail(p, node, "too many columns that Zeek does not know");
			return NULL;
		}
		memcpy(kept, name.p, name.n);
		kept[name.n] = '\0';
		tree->extras[tree->extras_n++] = (struct where_extra){ { kept, name.n }, node->at, node->n };
	}
	node->extra = i;
	parser_next(p);
	return node;
}

static bool
is_keyword(struct text word)
{
	static const char *const words[] = { "and", "or", "not", "in", "has", "is" };

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (text_is(word, words[i]))
			return true;
	return false;
}

/* Returns 1 for true, 0 for false, -1 for any other word. */
static int
truth(struct text word)
{
	if (text_is(word, "T") || text_is(word, "true"))
		return 1;
	return text_is(word, "F") || text_is(word, "false") ? 0 : -1;
}

static struct node *
constant(struct parser *p, enum node_kind kind, enum node_type type)
{
	struct node *node = parser_node(p, kind, type);

	if (!node)
		return NULL;
	if (kind == NODE_TEXT)
		node->text = p->now.text;
	else if (kind == NODE_ADDR)
		node->addr = p->now.addr;
	else if (kind == NODE_BOOL)
		node->boolean = truth(p->now.text) == 1;
	else {
		node->number = p->now.number;
		node->count = p->now.count;
		node->whole = p->now.whole;
	}
	parser_next(p);
	return node;
}

/* Parses a word that is not a function: a column, or what else is allowed there. */
static struct node *
word(struct parser *p)
{
	const struct text    name = p->now.text;
	const struct column *c = schema_find(name.p, name.n);

	if (c)
		return column(p, c);
	if (p->now.kind == TOKEN_WORD && is_keyword(name)) {
		parser_expected(p, "a value");
		return NULL;
	}
	if (p->now.kind == TOKEN_WORD && p->words)
		return constant(p, NODE_TEXT, TYPE_TEXT);
	if (p->now.kind == TOKEN_WORD && truth(name) >= 0)
		return constant(p, NODE_BOOL, TYPE_CONDITION);
	if (p->flags & CONNLOG_WHERE_EXTRAS)
		return extra(p);
	if (p->lexer.at < p->lexer.n && p->lexer.text[p->lexer.at] == '(') {
		lexer_fail(&p->lexer, p->now.at, p->now.n, "no function is called so: known are len lower abs min max");
		return NULL;
	}
	p->lexer.error->unknown_column = !p->lexer.failed;
	lexer_fail(&p->lexer, p->now.at, p->now.n, "no column is called '%.*s'", name.n < 60 ? (int)name.n : 60, name.p);
	return NULL;
}

/* ---- functions --------------------------------------------------------------------------------------------------------- */

static const struct {
	const char     *name;
	enum node_kind  kind;
	enum arithmetic arithmetic;
	unsigned        arguments;
} functions[] = {
	{ "len", NODE_LEN, 0, 1 },
	{ "lower", NODE_LOWER, 0, 1 },
	{ "abs", NODE_ARITHMETIC, ABSOLUTE, 1 },
	{ "min", NODE_ARITHMETIC, MINIMUM, 2 },
	{ "max", NODE_ARITHMETIC, MAXIMUM, 2 },
};
enum { FUNCTIONS = sizeof functions / sizeof functions[0] };

static bool
check_argument(struct parser *p, const struct node *f, const struct node *a)
{
	const bool text = a->type == TYPE_TEXT || a->type == TYPE_ANY;

	if (f->kind == NODE_ARITHMETIC)
		return is_numeric(a->type) || a->type == TYPE_ANY ||
		       parser_fail(p, a, "this is %s: a number is expected", type_name(a->type));
	if (a->kind == NODE_TEXT || a->kind == NODE_LOWER)
		return parser_fail(p, a, "a column is expected");
	if (f->kind == NODE_LEN && a->type == TYPE_TEXTS)
		return true;
	return text || parser_fail(p, a, "this is %s: a column that is a text is expected", type_name(a->type));
}

static struct node *
call(struct parser *p, size_t which)
{
	struct node *node = parser_node(p, functions[which].kind, TYPE_NUMBER);

	if (!node)
		return NULL;
	if (node->kind == NODE_LOWER)
		node->type = TYPE_TEXT;
	node->arithmetic = functions[which].arithmetic;
	parser_next(p);
	if (!parser_take(p, SIGN_OPEN)) {
		parser_expected(p, "( with what the function is of");
		return NULL;
	}
	for (unsigned i = 0; i < functions[which].arguments; i++) {
		struct node **argument = i == 0 ? &node->a : &node->b;
		if (i > 0 && !parser_take(p, SIGN_COMMA)) {
			parser_expected(p, "a comma and a second number");
			return NULL;
		}
		if (!(*argument = parser_sum(p)) || !check_argument(p, node, *argument))
			return NULL;
	}
	if (node->kind == NODE_ARITHMETIC && node->a->type != TYPE_ANY)
		node->type = node->a->type;
	if (!parser_take(p, SIGN_CLOSE)) {
		parser_expected(p, ")");
		return NULL;
	}
	return parser_end(p, node);
}

/* Returns the function that the next word names, or FUNCTIONS. */
static size_t
function(const struct parser *p)
{
	size_t i = 0;

	while (i < FUNCTIONS && !parser_is_word(p, functions[i].name))
		i++;
	return i < FUNCTIONS && p->lexer.at < p->lexer.n && p->lexer.text[p->lexer.at] == '(' ? i : FUNCTIONS;
}

/* ---- arithmetic -------------------------------------------------------------------------------------------------------- */

/* Determines the type of the result. Returns false after an error. */
static bool
type_result(struct parser *p, struct node *node)
{
	const enum node_type a = node->a->type, b = node->b->type;
	const bool           interval = a == TYPE_INTERVAL || b == TYPE_INTERVAL, time = a == TYPE_TIME || b == TYPE_TIME;
	const bool           size = a == TYPE_SIZE || b == TYPE_SIZE;

	for (int i = 0; i < 2; i++) {
		const struct node *side = i == 0 ? node->a : node->b;
		if (!is_numeric(side->type) && side->type != TYPE_ANY)
			return parser_fail(p, side, "this is %s: only numbers, intervals and times can be added and so on",
			                   type_name(side->type));
	}
	if (node->arithmetic == ADD || node->arithmetic == SUBTRACT) {
		if ((interval || time) && size)
			return parser_fail(p, node, "a size cannot be added to an interval or a time");
		if (time && a == b && node->arithmetic == ADD)
			return parser_fail(p, node, "times cannot be added");
		if (b == TYPE_TIME && a != b && node->arithmetic == SUBTRACT)
			return parser_fail(p, node, "a time can only be taken from a time");
		node->type = time && a != b ? TYPE_TIME : interval || time ? TYPE_INTERVAL : TYPE_NUMBER;
		return true;
	}
	if (time)
		return parser_fail(p, node, "times cannot be multiplied or divided");
	node->type = TYPE_NUMBER;
	if (interval && (node->arithmetic == MULTIPLY ? a != b : a == TYPE_INTERVAL && b != TYPE_INTERVAL))
		node->type = TYPE_INTERVAL;
	return true;
}

static struct node *
arithmetic(struct parser *p, enum arithmetic what, struct node *a, struct node *b)
{
	struct node *node = parser_node(p, NODE_ARITHMETIC, TYPE_NUMBER);

	if (!node || !a || !b)
		return NULL;
	node->at = a->at;
	node->a = a;
	node->b = b;
	node->arithmetic = what;
	if (!parser_end(p, node) || !type_result(p, node))
		return NULL;
	if (a->kind == NODE_NUMBER && b->kind == NODE_NUMBER) {
		const double v = where_compute(what, a->number, b->number);
		node->kind = NODE_NUMBER;
		if (!isfinite(v)) {
			parser_fail(p, node, "this is no number");
			return NULL;
		}
		node->number = v;
		node->whole = v >= 0 && v < 0x1p53 && v == floor(v);
		node->count = node->whole ? (uint64_t)v : 0;
	}
	return node;
}

/* ---- values ------------------------------------------------------------------------------------------------------------ */

/* Parses parentheses, or a function if `which` is one. */
static struct node *
nested(struct parser *p, size_t which)
{
	const bool   words = p->words;
	struct node *node = NULL;

	if (p->depth == DEPTH_MAX) {
		lexer_fail(&p->lexer, p->now.at, 1, "too many parentheses in each other");
		return NULL;
	}
	p->depth++;
	if (which < FUNCTIONS) {
		node = call(p, which);
	} else {
		parser_next(p);
		node = parser_condition(p);
		if (node && !parser_take(p, SIGN_CLOSE)) {
			parser_expected(p, ")");
			node = NULL;
		}
	}
	p->words = words;
	p->depth--;
	return node;
}

static struct node *
value(struct parser *p)
{
	static const enum node_type types[] = {
		[UNIT_NONE] = TYPE_NUMBER, [UNIT_SECONDS] = TYPE_INTERVAL, [UNIT_BYTES] = TYPE_SIZE
	};
	const size_t which = function(p);

	if (which < FUNCTIONS || parser_is_sign(p, SIGN_OPEN))
		return nested(p, which);
	switch (p->now.kind) {
	case TOKEN_NUMBER:
		return constant(p, NODE_NUMBER, types[p->now.unit]);
	case TOKEN_TIME:
		return constant(p, NODE_NUMBER, TYPE_TIME);
	case TOKEN_TEXT:
		return constant(p, NODE_TEXT, TYPE_TEXT);
	case TOKEN_ADDR:
		return constant(p, NODE_ADDR, TYPE_ADDR);
	case TOKEN_NET:
		lexer_fail(&p->lexer, p->now.at, p->now.n, "a network stands behind in: id.resp_h in 10.0.0.0/8");
		return NULL;
	case TOKEN_WORD:
	case TOKEN_NAME:
		return word(p);
	default:
		parser_expected(p, parser_is_sign(p, SIGN_BEGIN_SET) ? "in or has before a set, and a value" : "a value");
		return NULL;
	}
}

static struct node *
signed_value(struct parser *p)
{
	struct node *zero = parser_is_sign(p, SIGN_MINUS) ? parser_node(p, NODE_NUMBER, TYPE_NUMBER) : NULL;

	if (!parser_take(p, SIGN_MINUS))
		return value(p);
	struct node *node = value(p);
	if (zero && node && node->type == TYPE_INTERVAL)
		zero->type = TYPE_INTERVAL;
	return arithmetic(p, SUBTRACT, zero, node);
}

static struct node *
product(struct parser *p)
{
	struct node *a = signed_value(p);

	while (a && (parser_is_sign(p, SIGN_TIMES) || parser_is_sign(p, SIGN_DIVIDED))) {
		const enum arithmetic what = parser_is_sign(p, SIGN_TIMES) ? MULTIPLY : DIVIDE;
		parser_next(p);
		if (what == DIVIDE && a->kind == NODE_NUMBER && (parser_is_word(p, "tcp") || parser_is_word(p, "udp"))) {
			lexer_fail(&p->lexer, p->now.at, p->now.n,
			           "a port is written without its protocol: id.resp_p == 80 and proto == %.*s", 3, p->now.text.p);
			return NULL;
		}
		a = arithmetic(p, what, a, signed_value(p));
	}
	return a;
}

struct node *
parser_sum(struct parser *p)
{
	struct node *a = product(p);

	while (a && (parser_is_sign(p, SIGN_PLUS) || parser_is_sign(p, SIGN_MINUS))) {
		const enum arithmetic what = parser_is_sign(p, SIGN_PLUS) ? ADD : SUBTRACT;
		parser_next(p);
		a = arithmetic(p, what, a, product(p));
	}
	return a;
}
