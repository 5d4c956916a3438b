/* compile.c - compiles the tree of a condition to instructions.
 *
 * Instructions are written from the last to the first: when one is written, its successors already exist, so no jump
 * has to be patched later.
 */
#include <stdio.h>
#include <stdlib.h>

#include "where/program.h"

struct compiler {
	struct where_program *program;
	size_t                room;
	const char           *wrong; /* error message; NULL: none */
};

/* Appends an instruction. Returns its index. */
static uint16_t
emit(struct compiler *c, struct where_op op)
{
	struct where_program *program = c->program;

	if (program->ops_n == c->room) {
		const size_t     room = c->room > 0 ? 2 * c->room : 16;
		struct where_op *ops = room <= UINT16_MAX ? realloc(program->ops, room * sizeof *ops) : NULL;
		if (!ops) {
			c->wrong = room <= UINT16_MAX ? "out of memory" : "the condition is too long";
			return WHERE_NO;
		}
		program->ops = ops;
		c->room = room;
	}
	program->ops[program->ops_n] = op;
	return (uint16_t)program->ops_n++;
}

static struct where_source
source(struct compiler *c, const struct node *node)
{
	if (node->kind == NODE_LOWER) {
		struct where_source s = source(c, node->a);
		s.lower = true;
		return s;
	}
	if (node->kind == NODE_EXTRA)
		return (struct where_source){ .extra = (uint16_t)node->extra };
	const struct column *column = node->column;

	c->program->reads[column->word != HAS_WORD(0)] |= column->has;
	return (struct where_source){ .has = column->has, .word = column->word, .offset = column->offset };
}

/* ---- numbers --------------------------------------------------------------------------------------------------------- */

static uint16_t number(struct compiler *c, const struct node *node, unsigned reg, uint16_t next);

/* Emits the loading of a column. Returns the instruction's index. */
static uint16_t
load(struct compiler *c, const struct node *node, unsigned reg, uint16_t next)
{
	struct where_op op = { .code = OP_LOAD_SECONDS, .a = (uint8_t)reg, .yes = next, .source = source(c, node) };

	if (node->kind == NODE_EXTRA)
		op.code = OP_LOAD_EXTRA;
	else if (node->column->info.type == CONNLOG_COUNT)
		op.code = OP_LOAD_COUNT;
	else if (node->column->info.type == CONNLOG_INT)
		op.code = OP_LOAD_INT;
	else if (node->column->info.type == CONNLOG_PORT)
		op.code = OP_LOAD_PORT;
	return emit(c, op);
}

/* Emits the instructions that compute the number in the register and continue at `next`. Returns the index of the first
 * one. */
static uint16_t
number(struct compiler *c, const struct node *node, unsigned reg, uint16_t next)
{
	struct where_op op = { .a = (uint8_t)reg, .yes = next };

	if (reg + 1 >= WHERE_REGISTERS) {
		c->wrong = "the condition is too deep";
		return WHERE_NO;
	}
	switch (node->kind) {
	case NODE_NUMBER:
		op.code = OP_LOAD;
		op.number = node->number;
		return emit(c, op);
	case NODE_LEN:
		op.code = node->a->type == TYPE_TEXTS ? OP_LOAD_SIZE : OP_LOAD_LEN;
		op.source = source(c, node->a);
		return emit(c, op);
	case NODE_ARITHMETIC:
		op.code = OP_ARITHMETIC;
		op.arithmetic = node->arithmetic;
		next = emit(c, op);
		if (node->b)
			next = number(c, node->b, reg + 1, next);
		return number(c, node->a, reg, next);
	default:
		return load(c, node, reg, next);
	}
}

/* Emits a comparison of a column with a constant that takes one instruction. Returns false if it takes several. */
static bool
compare_short(struct compiler *c, const struct node *node, struct where_op *op)
{
	const struct node *a = node->a, *b = node->b;

	if (a->kind != NODE_COLUMN || b->kind != NODE_NUMBER)
		return false;
	op->count = b->count;
	switch (a->column->info.type) {
	case CONNLOG_COUNT:
		op->code = OP_COUNT;
		break;
	case CONNLOG_INT:
		op->code = OP_INT;
		break;
	case CONNLOG_PORT:
		op->code = OP_PORT;
		break;
	default:
		op->code = OP_SECONDS;
		op->number = b->number;
	}
	if (op->code != OP_SECONDS && (!b->whole || b->count > INT64_MAX))
		return false;
	op->source = source(c, a);
	return true;
}

static uint16_t
compare_numbers(struct compiler *c, const struct node *node, struct where_op op)
{
	if (compare_short(c, node, &op))
		return emit(c, op);
	op.code = OP_NUMBERS;
	op.a = 0;
	const uint16_t test = emit(c, op);
	return number(c, node->a, 0, number(c, node->b, 1, test));
}

/* ---- tests ----------------------------------------------------------------------------------------------------------- */

static uint16_t
compare_others(struct compiler *c, const struct node *node, struct where_op op, bool addresses)
{
	const struct node *b = node->b;

	op.source = source(c, node->a);
	if (b->kind == NODE_TEXT) {
		op.code = OP_TEXT;
		op.text = b->text;
	} else if (b->kind == NODE_ADDR) {
		op.code = OP_ADDR;
		op.addr = b->addr;
	} else {
		op.code = addresses ? OP_ADDRS : OP_TEXTS;
		op.other = source(c, b);
	}
	return emit(c, op);
}

static uint16_t
compare(struct compiler *c, const struct node *node, struct where_op op)
{
	const enum node_type a = node->a->type, b = node->b->type;
	const bool           equality = node->meant == IS_EQUAL || node->meant == (IS_LESS | IS_GREATER);

	if (node->b->kind == NODE_BOOL) {
		op.code = OP_BOOL;
		op.boolean = node->boolean;
		op.source = source(c, node->a);
		return emit(c, op);
	}
	op.meant = (uint8_t)node->meant;
	if (a == TYPE_ADDR || b == TYPE_ADDR)
		return compare_others(c, node, op, true);
	if (a == TYPE_TEXT || b == TYPE_TEXT || (node->a->kind == NODE_EXTRA && node->b->kind == NODE_EXTRA && equality))
		return compare_others(c, node, op, false);
	return compare_numbers(c, node, op);
}

static uint16_t
test_set(struct compiler *c, const struct node *node, struct where_op op)
{
	const struct node *a = node->a;

	op.negated = node->negated;
	if (node->kind == NODE_IN && node->set.kind == ELEMENT_NUMBER) {
		if (a->kind == NODE_COLUMN && a->column->info.type == CONNLOG_PORT) {
			op.code = OP_PORT_IN;
			op.ports = node->set.ports;
			op.source = source(c, a);
			return emit(c, op);
		}
		op.code = OP_NUMBER_IN;
		op.numbers = node->set.numbers;
		const uint16_t test = emit(c, op);
		return number(c, a, 0, test);
	}
	op.source = source(c, a);
	if (node->set.kind == ELEMENT_ADDR) {
		op.code = OP_ADDR_IN;
		op.addresses = node->set.addresses;
	} else {
		op.code = node->kind == NODE_IN ? OP_TEXT_IN : a->type == TYPE_TEXTS ? OP_SET_HAS : OP_HAS;
		op.words = node->set.words;
	}
	return emit(c, op);
}

/* Emits the test of a boolean column; one that is not in the schema is true if it is T. */
static uint16_t
test_column(struct compiler *c, const struct node *node, struct where_op op)
{
	op.source = source(c, node);
	if (node->kind == NODE_EXTRA) {
		op.code = OP_TEXT;
		op.meant = IS_EQUAL;
		op.text = (struct text){ "T", 1 };
	} else {
		op.code = OP_BOOL;
		op.boolean = true;
	}
	return emit(c, op);
}

/* Emits a test that continues at `yes` or at `no`. Returns the index of its first instruction. */
static uint16_t
condition(struct compiler *c, const struct node *node, uint16_t yes, uint16_t no)
{
	struct where_op op = { .yes = yes, .no = no };

	if (c->wrong)
		return WHERE_NO;
	switch (node->kind) {
	case NODE_AND:
		return condition(c, node->a, condition(c, node->b, yes, no), no);
	case NODE_OR:
		return condition(c, node->a, yes, condition(c, node->b, yes, no));
	case NODE_NOT:
		return condition(c, node->a, no, yes);
	case NODE_COMPARE:
		return compare(c, node, op);
	case NODE_IN:
	case NODE_HAS:
		return test_set(c, node, op);
	case NODE_MATCH:
		op.code = OP_MATCH;
		op.negated = node->negated;
		op.source = source(c, node->a);
		op.pattern = c->program->tree.patterns[node->pattern];
		return emit(c, op);
	case NODE_IS_SET:
		op.code = OP_IS_SET;
		op.negated = node->negated;
		op.source = source(c, node->a);
		return emit(c, op);
	default:
		return test_column(c, node, op);
	}
}

bool
program_compile(struct where_program *program, connlog_where_error *error)
{
	struct compiler    c = { .program = program };
	const struct node *root = program->tree.root;

	emit(&c, (struct where_op){ .code = OP_RETURN, .boolean = false });
	emit(&c, (struct where_op){ .code = OP_RETURN, .boolean = true });
	program->start = condition(&c, root, WHERE_YES, WHERE_NO);
	if (c.wrong) {
		*error = (connlog_where_error){ .at = root->at, .n = root->n };
		snprintf(error->text, sizeof error->text, "%s", c.wrong);
	}
	return c.wrong == NULL;
}
