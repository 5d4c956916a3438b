/* parser.h - shared by the parts of the parser: parser.c has the grammar's conditions, values.c the values that are
 * compared, elements.c sets. */
#ifndef CONNLOG_WHERE_PARSER_H
#define CONNLOG_WHERE_PARSER_H

#include "where/tree.h"

struct parser {
	struct lexer lexer;
	struct token now; /* the next token */
	struct tree *tree;
	unsigned     flags;
	bool         words; /* a word that is not a column is a text */
	unsigned     depth; /* depth of parentheses */
	size_t       nodes;
};

/* Reports an error at the node. Always returns false. */
__attribute__((format(printf, 3, 4))) bool
parser_fail(struct parser *p, const struct node *at, const char *format, ...);
/* Reports that `what` is expected at the next token. Always returns false. */
bool parser_expected(struct parser *p, const char *what);

/* Advances to the next token. After an error, that is the end. */
void parser_next(struct parser *p);
bool parser_is_sign(const struct parser *p, enum sign sign);
bool parser_is_word(const struct parser *p, const char *word);
/* Advances if the next token is the operator. Returns whether it was. */
bool parser_take(struct parser *p, enum sign sign);

/* Returns a new node that begins at the next token, or NULL after an error. */
struct node *parser_node(struct parser *p, enum node_kind kind, enum node_type type);
/* Makes the node end at the last token. */
struct node *parser_end(struct parser *p, struct node *node);

/* Parse the grammar's condition and sum. Return NULL after an error. */
struct node *parser_condition(struct parser *p);
struct node *parser_sum(struct parser *p);

/* Parses a SET for its left operand, node->a, which has been checked. Returns false after an error. */
bool parser_set(struct parser *p, struct node *node);

bool is_numeric(enum node_type type);
/* Returns the name of a type for messages, such as "a count". */
const char *type_name(enum node_type type);

#endif
