/* elements.c - the grammar's sets: braces after in and has. See tree.h. */
#include "where/parser.h"

/* The operand on the left of a set. */
struct wanted {
	enum node_type type;
	bool           port;
};

static bool
read_text(struct parser *p, struct element *e)
{
	if (p->now.kind != TOKEN_WORD && p->now.kind != TOKEN_TEXT && p->now.kind != TOKEN_NAME)
		return parser_expected(p, "a text, in quotes where it is no plain word,");
	e->text = p->now.text;
	parser_next(p);
	return true;
}

/* Checks the type of a set's element against that of the left operand. */
static bool
check_unit(struct parser *p, const struct wanted *w, enum node_type type)
{
	if (type == w->type || type == TYPE_NUMBER || w->type == TYPE_ANY || (type == TYPE_SIZE && w->type == TYPE_NUMBER))
		return true;
	return lexer_fail(&p->lexer, p->now.at, p->now.n, "%s is no element here: left of in stands %s", type_name(type),
	                  type_name(w->type));
}

static bool
read_number(struct parser *p, const struct wanted *w, double *out)
{
	static const enum node_type types[] = {
		[UNIT_NONE] = TYPE_NUMBER, [UNIT_SECONDS] = TYPE_INTERVAL, [UNIT_BYTES] = TYPE_SIZE
	};
	const bool negative = parser_take(p, SIGN_MINUS);

	if (p->now.kind != TOKEN_NUMBER && p->now.kind != TOKEN_TIME)
		return parser_expected(p, w->port ? "a port, or a range like 8000-8100," : "a number, or a range like 1-10,");
	*out = negative ? -p->now.number : p->now.number;
	if (w->port && (!p->now.whole || negative || p->now.unit != UNIT_NONE || *out > UINT16_MAX))
		return lexer_fail(&p->lexer, p->now.at, p->now.n, "a port is a number from 0 to 65535");
	if (!check_unit(p, w, p->now.kind == TOKEN_TIME ? TYPE_TIME : types[p->now.unit]))
		return false;
	parser_next(p);
	return true;
}

static bool
read_address(struct parser *p, struct addr *first, struct addr *last)
{
	if (p->now.kind != TOKEN_ADDR && p->now.kind != TOKEN_NET)
		return parser_expected(p, "an address or a network");
	net_range(&p->now.addr, p->now.kind == TOKEN_NET ? p->now.bits : 128, first, last);
	parser_next(p);
	return true;
}

/* Parses "- ELEMENT", the end of a range, if it is there. */
static bool
read_range(struct parser *p, const struct wanted *w, enum element_kind kind, struct element *e)
{
	const size_t at = p->now.at;
	struct addr  none;
	bool         good;

	if (kind == ELEMENT_TEXT || !parser_take(p, SIGN_MINUS))
		return true;
	if (kind == ELEMENT_NUMBER)
		good = read_number(p, w, &e->high);
	else
		good = read_address(p, &none, &e->last);
	if (!good)
		return false;
	if (kind == ELEMENT_NUMBER ? e->high >= e->low
	                           : addr_cmp(&e->last, &e->first) >= 0 && addr_is_v4(&e->first) == addr_is_v4(&e->last))
		return true;
	return lexer_fail(&p->lexer, at, 1, "a range goes from the smaller to the larger");
}

static bool
read_element(struct parser *p, const struct wanted *w, enum element_kind kind, struct element_list *list)
{
	struct element *e = arena_alloc(p->tree->arena, sizeof *e);
	bool            good = false;

	if (!e)
		return lexer_fail(&p->lexer, p->now.at, 1, "out of memory");
	*e = (struct element){ .next = NULL };
	if (kind == ELEMENT_TEXT)
		good = read_text(p, e);
	else if (kind == ELEMENT_NUMBER)
		good = read_number(p, w, &e->low);
	else
		good = read_address(p, &e->first, &e->last);
	e->high = e->low;
	*list->tail = e;
	list->tail = &e->next;
	list->n++;
	return good && read_range(p, w, kind, e);
}

static enum element_kind
kind_of_elements(const struct parser *p, const struct node *a)
{
	if (a->type == TYPE_ADDR || (a->type == TYPE_ANY && (p->now.kind == TOKEN_ADDR || p->now.kind == TOKEN_NET)))
		return ELEMENT_ADDR;
	if (is_numeric(a->type) || (a->type == TYPE_ANY && (p->now.kind == TOKEN_NUMBER || p->now.kind == TOKEN_TIME ||
	                                                    parser_is_sign(p, SIGN_MINUS))))
		return ELEMENT_NUMBER;
	return ELEMENT_TEXT;
}

static bool
build(struct parser *p, struct node *node, const struct wanted *w, const struct element_list *list)
{
	struct arena *a = p->tree->arena;
	bool          good = false;

	if (w->port)
		good = (node->set.ports = port_set_new(a, list)) != NULL;
	else if (node->set.kind == ELEMENT_NUMBER)
		good = (node->set.numbers = number_set_new(a, list)) != NULL;
	else if (node->set.kind == ELEMENT_ADDR)
		good = (node->set.addresses = addr_set_new(a, list)) != NULL;
	else
		good = (node->set.words = word_set_new(a, list)) != NULL;
	return good || parser_fail(p, node, "out of memory");
}

bool
parser_set(struct parser *p, struct node *node)
{
	const struct node  *a = node->a;
	const struct wanted w = { a->type, a->kind == NODE_COLUMN && a->column->info.type == CONNLOG_PORT };
	struct element_list list = { .n = 0 };
	const bool          braces = parser_take(p, SIGN_BEGIN_SET);

	list.tail = &list.head;
	node->set.kind = node->kind == NODE_HAS ? ELEMENT_TEXT : kind_of_elements(p, a);
	do {
		if (!read_element(p, &w, node->set.kind, &list))
			return false;
	} while (braces && parser_take(p, SIGN_COMMA));
	if (braces && !parser_take(p, SIGN_END_SET))
		return parser_expected(p, "a comma or }");
	return build(p, node, &w, &list);
}
