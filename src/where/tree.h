/* tree.h - a condition as a tree of typed nodes, produced by the parser and read by the compiler.
 *
 *     condition  = and { or and }              and = not { and not }          not = [ not ] test
 *     test       = sum [ == != < <= > >= sum | [ not ] in SET | [ not ] has SET | ~ !~ PATTERN | is [ not ] set, unset ]
 *     sum        = product { + - product }     product = value { * / value }
 *     value      = [ - ] NUMBER | TEXT | ADDRESS | TIME | COLUMN | FUNCTION ( sum { , sum } ) | ( condition )
 *     SET        = ELEMENT | { ELEMENT { , ELEMENT } }           ELEMENT = value [ - value ]
 *
 * Every node knows its position in the text, for messages. All memory is in the arena.
 */
#ifndef CONNLOG_WHERE_TREE_H
#define CONNLOG_WHERE_TREE_H

#include "record/schema.h"
#include "where/lexer.h"
#include "where/pattern.h"
#include "where/sets.h"

enum node_kind {
	NODE_AND,
	NODE_OR,
	NODE_NOT,    /* operand a */
	NODE_COLUMN, /* a column of the schema */
	NODE_EXTRA,  /* another column, by name */
	NODE_NUMBER, /* also times */
	NODE_TEXT,
	NODE_ADDR,
	NODE_BOOL,       /* T or F */
	NODE_LOWER,      /* a, in lower case */
	NODE_LEN,        /* length of a */
	NODE_ARITHMETIC, /* of a and b; ABSOLUTE: of a */
	NODE_COMPARE,
	NODE_IN,
	NODE_HAS,
	NODE_MATCH,
	NODE_IS_SET,
};

enum node_type {
	TYPE_CONDITION, /* true or false */
	TYPE_NUMBER,
	TYPE_SIZE, /* a number with a unit of bytes */
	TYPE_INTERVAL,
	TYPE_TIME,
	TYPE_TEXT,
	TYPE_TEXTS, /* a set */
	TYPE_ADDR,
	TYPE_ANY, /* of a column that is not in the schema: any type that is expected */
};

enum arithmetic { ADD, SUBTRACT, MULTIPLY, DIVIDE, MINIMUM, MAXIMUM, ABSOLUTE };

/* Computes a result; ABSOLUTE uses only `x`. NAN for a division by zero (eval.c). */
double where_compute(enum arithmetic what, double x, double y);

/* The accepted results of a comparison, as bits: a < b, a == b, a > b. */
enum { IS_LESS = 1, IS_EQUAL = 2, IS_GREATER = 4 };

struct node {
	enum node_kind kind;
	enum node_type type;
	size_t         at, n;
	struct node   *a, *b;
	bool           negated; /* IN, HAS, MATCH, IS_SET */
	union {
		const struct column *column;
		size_t               extra;
		struct {
			double   number;
			uint64_t count; /* if `whole` */
			bool     whole;
		};
		struct text     text;
		struct addr     addr;
		bool            boolean;
		enum arithmetic arithmetic;
		unsigned        meant; /* COMPARE */
		struct {               /* IN, HAS */
			enum element_kind      kind;
			const struct port_set *ports; /* or another set, according to `kind` */
			union {
				const struct number_set *numbers;
				const struct addr_set   *addresses;
				const struct word_set   *words;
			};
		} set;
		size_t pattern;
	};
};

enum { EXTRAS_MAX = 64, PATTERNS_MAX = 64 };

/* A column that is not in the schema. */
struct where_extra {
	struct text name; /* NUL-terminated */
	size_t      at, n;
};

/* The result of parsing. */
struct tree {
	struct node       *root;
	struct arena      *arena;
	struct where_extra extras[EXTRAS_MAX];
	size_t             extras_n;
	struct pattern    *patterns[PATTERNS_MAX]; /* freed by the owner of the tree */
	size_t             patterns_n;
};

/* Parses the text; tree->arena must be set. Returns false with `error` filled. */
bool tree_parse(struct tree *tree, const char *text, size_t n, unsigned flags, connlog_where_error *error);

#endif
