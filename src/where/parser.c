/* parser.c - the grammar of conditions: and, or, not, and the tests that they connect. See tree.h. */
#include "where/parser.h"

#include <stdarg.h>
#include <stdio.h>

enum { NODES_MAX = 4096 };

bool
parser_fail(struct parser *p, const struct node *at, const char *format, ...)
{
	char    text[sizeof p->lexer.error->text];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	return lexer_fail(&p->lexer, at->at, at->n, "%s", text);
}

bool
parser_expected(struct parser *p, const char *what)
{
	return lexer_fail(&p->lexer, p->now.at, p->now.n > 0 ? p->now.n : 1, "%s is expected here", what);
}

void
parser_next(struct parser *p)
{
	p->now = lexer_next(&p->lexer);
}

bool
parser_is_sign(const struct parser *p, enum sign sign)
{
	return p->now.kind == TOKEN_SIGN && p->now.sign == sign;
}

bool
parser_is_word(const struct parser *p, const char *word)
{
	return p->now.kind == TOKEN_WORD && text_is(p->now.text, word);
}

bool
parser_take(struct parser *p, enum sign sign)
{
	const bool is = parser_is_sign(p, sign);

	if (is)
		parser_next(p);
	return is;
}

static bool
take_word(struct parser *p, const char *word)
{
	const bool is = parser_is_word(p, word);

	if (is)
		parser_next(p);
	return is;
}

struct node *
parser_node(struct parser *p, enum node_kind kind, enum node_type type)
{
	struct node *node = p->nodes < NODES_MAX ? arena_alloc(p->tree->arena, sizeof *node) : NULL;

	if (!node) {
		lexer_fail(&p->lexer, p->now.at, 1, p->nodes < NODES_MAX ? "out of memory" : "the condition is too long");
		return NULL;
	}
	p->nodes++;
	*node = (struct node){ .kind = kind, .type = type, .at = p->now.at, .n = p->now.n };
	return node;
}

struct node *
parser_end(struct parser *p, struct node *node)
{
	size_t end = p->now.at;

	while (end > node->at && strchr(" \t\r\n", p->lexer.text[end - 1]))
		end--;
	node->n = end - node->at;
	return p->lexer.failed ? NULL : node;
}

bool
is_numeric(enum node_type type)
{
	return type == TYPE_NUMBER || type == TYPE_SIZE || type == TYPE_INTERVAL || type == TYPE_TIME;
}

const char *
type_name(enum node_type type)
{
	static const char *const names[] = {
		[TYPE_CONDITION] = "true or false", [TYPE_NUMBER] = "a number", [TYPE_SIZE] = "a size",
		[TYPE_INTERVAL] = "an interval",    [TYPE_TIME] = "a time",     [TYPE_TEXT] = "a text",
		[TYPE_TEXTS] = "a set of texts",    [TYPE_ADDR] = "an address", [TYPE_ANY] = "anything",
	};

	return names[type];
}

/* ---- tests */

/* Returns the comparison in the next token, as the accepted results; 0 for none. */
static unsigned
comparison(const struct parser *p)
{
	switch (p->now.kind == TOKEN_SIGN ? p->now.sign : SIGN_NONE) {
	case SIGN_EQ:
		return IS_EQUAL;
	case SIGN_NE:
		return IS_LESS | IS_GREATER;
	case SIGN_LT:
		return IS_LESS;
	case SIGN_LE:
		return IS_LESS | IS_EQUAL;
	case SIGN_GT:
		return IS_GREATER;
	case SIGN_GE:
		return IS_GREATER | IS_EQUAL;
	default:
		return 0;
	}
}

static bool
is_constant(const struct node *node)
{
	return node->kind == NODE_NUMBER || node->kind == NODE_TEXT || node->kind == NODE_ADDR || node->kind == NODE_BOOL;
}

/* Returns whether the node is a plain number such as 5, which may be a count, seconds or bytes. */
static bool
is_bare(const struct node *node)
{
	return node->kind == NODE_NUMBER && node->type == TYPE_NUMBER;
}

/* Returns whether the two can be compared. */
static bool
are_comparable(const struct node *a, const struct node *b)
{
	if (a->type == TYPE_TEXTS || b->type == TYPE_TEXTS || a->type == TYPE_CONDITION || b->type == TYPE_CONDITION)
		return false;
	if (a->type == TYPE_ANY || b->type == TYPE_ANY || a->type == b->type)
		return true;
	if (!is_numeric(a->type) || !is_numeric(b->type))
		return false;
	return is_bare(a) || is_bare(b) || (a->type <= TYPE_SIZE && b->type <= TYPE_SIZE);
}

/* Simplifies local_orig == T to local_orig; as with == F, the result is false if the column is unset. */
static struct node *
compare_with_bool(struct parser *p, struct node *node)
{
	const bool equal = node->meant == IS_EQUAL;
	const bool want = node->b->boolean == equal;

	if (node->a->kind != NODE_COLUMN || node->a->type != TYPE_CONDITION ||
	    (!equal && node->meant != (IS_LESS | IS_GREATER))) {
		parser_fail(p, node, "only a column that is true or false can be compared with T or F, by == or !=");
		return NULL;
	}
	node->boolean = want;
	return node;
}

/* Turns 5 < x into x > 5, so that a constant is on the right. */
static void
put_constant_right(struct node *node)
{
	struct node *a = node->a;

	if (!is_constant(a) || is_constant(node->b))
		return;
	node->a = node->b;
	node->b = a;
	node->meant =
		(node->meant & IS_EQUAL) | (node->meant & IS_LESS ? IS_GREATER : 0) | (node->meant & IS_GREATER ? IS_LESS : 0);
}

static struct node *
compare(struct parser *p, struct node *a)
{
	struct node *node = parser_node(p, NODE_COMPARE, TYPE_CONDITION);

	if (!node)
		return NULL;
	node->at = a->at;
	node->a = a;
	node->meant = comparison(p);
	parser_next(p);
	if (a->type == TYPE_TEXTS) {
		parser_fail(p, a, "this is a set: has \"...\" asks what is in it, len() how much");
		return NULL;
	}
	p->words = a->type == TYPE_TEXT || a->type == TYPE_ANY;
	node->b = parser_sum(p);
	p->words = false;
	if (!node->b || !parser_end(p, node))
		return NULL;
	put_constant_right(node);
	if (is_constant(node->a)) {
		parser_fail(p, node, "no column is compared here");
		return NULL;
	}
	if (node->b->kind == NODE_BOOL)
		return compare_with_bool(p, node);
	if (!are_comparable(node->a, node->b)) {
		const struct node *other = node->b == a ? node->a : node->b;
		parser_fail(p, other, "%s cannot be compared with %s", type_name(a->type), type_name(other->type));
		return NULL;
	}
	return node;
}

/* Parses the rest of "in" or "has". */
static struct node *
test_set(struct parser *p, struct node *a, enum node_kind kind, bool negated)
{
	struct node *node = parser_node(p, kind, TYPE_CONDITION);

	if (!node)
		return NULL;
	node->at = a->at;
	node->a = a;
	node->negated = negated;
	if (is_constant(a)) {
		parser_fail(p, a, "a column stands left of in and has: service has \"ssl\", id.resp_p in {80, 443}");
		return NULL;
	}
	if (kind == NODE_HAS && a->type != TYPE_TEXT && a->type != TYPE_TEXTS && a->type != TYPE_ANY) {
		parser_fail(p, a, "has is for sets and for texts with commas, and this is %s", type_name(a->type));
		return NULL;
	}
	if (kind == NODE_IN && (a->type == TYPE_TEXTS || a->type == TYPE_CONDITION)) {
		parser_fail(p, a,
		            a->type == TYPE_TEXTS ? "this is a set itself: write has in place of in"
		                                  : "what is true or false is in no set");
		return NULL;
	}
	return parser_set(p, node) ? parser_end(p, node) : NULL;
}

static struct node *
test_pattern(struct parser *p, struct node *a, bool negated)
{
	struct tree         *tree = p->tree;
	struct node         *node = parser_node(p, NODE_MATCH, TYPE_CONDITION);
	struct lexer_pattern pattern;
	char                 why[200];
	size_t               at;

	if (!node)
		return NULL;
	node->at = a->at;
	node->a = a;
	node->negated = negated;
	if ((a->type != TYPE_TEXT && a->type != TYPE_ANY) || is_constant(a)) {
		parser_fail(p, a, "a regular expression is for a column that is a text");
		return NULL;
	}
	if (a->kind == NODE_LOWER) {
		parser_fail(p, a, "write /.../i in place of lower() for a regular expression");
		return NULL;
	}
	/* The lexer is past the operator: what follows is not a token. */
	if (!lexer_pattern(&p->lexer, &pattern))
		return NULL;
	if (tree->patterns_n == PATTERNS_MAX) {
		lexer_fail(&p->lexer, pattern.at, pattern.n, "there can be %d regular expressions", PATTERNS_MAX);
		return NULL;
	}
	tree->patterns[tree->patterns_n] = pattern_new(pattern.text, pattern.caseless, &at, why, sizeof why);
	if (!tree->patterns[tree->patterns_n]) {
		lexer_fail(&p->lexer, pattern.at + 1 + at, 1, "%s", why);
		return NULL;
	}
	node->pattern = tree->patterns_n++;
	parser_next(p);
	return parser_end(p, node);
}

/* Parses the rest of "is set" or "is unset", after "is". */
static struct node *
test_presence(struct parser *p, struct node *a)
{
	struct node *node = parser_node(p, NODE_IS_SET, TYPE_CONDITION);

	if (!node)
		return NULL;
	node->at = a->at;
	node->a = a;
	node->negated = take_word(p, "not");
	if (a->kind != NODE_COLUMN && a->kind != NODE_EXTRA) {
		parser_fail(p, a, "a column stands left of is set and is unset");
		return NULL;
	}
	if (parser_is_word(p, "unset"))
		node->negated = !node->negated;
	else if (!parser_is_word(p, "set")) {
		parser_expected(p, "set or unset");
		return NULL;
	}
	parser_next(p);
	return parser_end(p, node);
}

static struct node *
test(struct parser *p)
{
	struct node *a = parser_sum(p);

	if (!a)
		return NULL;
	if (comparison(p) != 0)
		return compare(p, a);
	if (parser_is_sign(p, SIGN_MATCH) || parser_is_sign(p, SIGN_NO_MATCH))
		return test_pattern(p, a, parser_is_sign(p, SIGN_NO_MATCH));
	const bool negated = take_word(p, "not");
	if (take_word(p, "in"))
		return test_set(p, a, NODE_IN, negated);
	if (take_word(p, "has"))
		return test_set(p, a, NODE_HAS, negated);
	if (negated) {
		parser_expected(p, "in or has");
		return NULL;
	}
	return take_word(p, "is") ? test_presence(p, a) : a;
}

/* ---- and, or, not */

/* Returns the node if it is a condition. */
static struct node *
as_condition(struct parser *p, struct node *node)
{
	if (!node || (node->type == TYPE_CONDITION && node->kind != NODE_BOOL) || node->kind == NODE_EXTRA)
		return node;
	if (is_constant(node))
		parser_fail(p, node, "this is %s: a condition is expected", type_name(node->type));
	else
		parser_fail(p, node, "this is %s: compare it with something, or ask whether it is set", type_name(node->type));
	return NULL;
}

static struct node *
negation(struct parser *p)
{
	const size_t at = p->now.at;
	bool         some = false, negated = false;

	for (; parser_is_word(p, "not") || parser_is_sign(p, SIGN_NOT); some = true) {
		negated = !negated;
		parser_next(p);
	}
	struct node *a = test(p);
	if (some)
		a = as_condition(p, a);
	struct node *node = a && negated ? parser_node(p, NODE_NOT, TYPE_CONDITION) : NULL;
	if (!node)
		return negated ? NULL : a;
	node->at = at;
	node->a = a;
	return parser_end(p, node);
}

/* Parses one level of the grammar: operands read by `operand`, joined by an operator or a word. */
static struct node *
joined(struct parser *p, enum node_kind kind, enum sign sign, const char *word,
       struct node *(*operand)(struct parser *p))
{
	struct node *a = operand(p);

	while (a && (parser_is_sign(p, sign) || parser_is_word(p, word))) {
		struct node *node = parser_node(p, kind, TYPE_CONDITION);
		parser_next(p);
		if (!node || !as_condition(p, a) || !(node->b = as_condition(p, operand(p))))
			return NULL;
		node->at = a->at;
		node->a = a;
		a = parser_end(p, node);
	}
	return a;
}

static struct node *
conjunction(struct parser *p)
{
	return joined(p, NODE_AND, SIGN_AND, "and", negation);
}

struct node *
parser_condition(struct parser *p)
{
	return joined(p, NODE_OR, SIGN_OR, "or", conjunction);
}

bool
tree_parse(struct tree *tree, const char *text, size_t n, unsigned flags, connlog_where_error *error)
{
	struct parser p = { .lexer = { .text = text, .n = n, .arena = tree->arena, .error = error },
		                .tree = tree,
		                .flags = flags };

	parser_next(&p);
	if (p.now.kind == TOKEN_END)
		return parser_expected(&p, "a condition");
	tree->root = as_condition(&p, parser_condition(&p));
	if (tree->root && p.now.kind != TOKEN_END)
		return parser_expected(&p, "and, or, or the end");
	return tree->root && !p.lexer.failed;
}
