/* parser.h - what the parts of the parser share: parser.c has the grammar's conditions, values.c what is compared in them, elements.c sets. */
#ifndef CONNLOG_WHERE_PARSER_H
#define CONNLOG_WHERE_PARSER_H

#include "where/tree.h"

struct parser {
	struct lexer lexer;
	struct token now; /* the next token */
	struct tree *tree;
	unsigned     flags;
	bool         words; /* a word that is no column is a text */
	unsigned     depth; /* of parentheses */
	size_t       nodes;
};

/* Returns false, always, after noting what is wrong at the node. */
__attribute__((format(printf, 3, 4))) bool
parser_fail(struct parser *p, const struct node *at, const char *format, ...);
/* Returns false, always: `what` is expected where the next token stands. */
bool parser_expected(struct parser *p, const char *what);

/* Goes on to the next token; what an error was found in is then no token any more, but the end. */
void parser_next(struct parser *p);
bool parser_is_sign(const struct parser *p, enum sign sign);
bool parser_is_word(const struct parser *p, const char *word);
/* Goes on if the next token is the sign.  Returns whether it was. */
bool parser_take(struct parser *p, enum sign sign);

/* Returns a new node that begins with the next token, or NULL after an error. */
struct node *parser_node(struct parser *p, enum node_kind kind, enum node_type type);
/* Makes the node end where the last token did. */
struct node *parser_end(struct parser *p, struct node *node);

/* condition and sum of the grammar.  Return NULL after an error. */
struct node *parser_condition(struct parser *p);
struct node *parser_sum(struct parser *p);

/* Reads a SET for what stands left of it, node->a, which has been checked.  Returns false after an error. */
bool parser_set(struct parser *p, struct node *node);

bool is_numeric(enum node_type type);
/* "a count": what the type is called in messages. */
const char *type_name(enum node_type type);

#endif
