/* program.h - a compiled condition: an array of instructions, each of which names its successors.
 *
 * A test continues at `yes` or at `no`; an instruction that loads or computes a number continues at `yes`. So and, or
 * and not are not instructions but paths through the others, and nothing is evaluated that cannot change the result.
 * Numbers are computed in registers as doubles; an unset one is NaN, for which every comparison is false.
 */
#ifndef CONNLOG_WHERE_PROGRAM_H
#define CONNLOG_WHERE_PROGRAM_H

#include "where/tree.h"

enum where_code {
	/* The end. */
	OP_RETURN, /* boolean */
	/* Tests of a column with a constant. */
	OP_BOOL,    /* boolean */
	OP_COUNT,   /* count, accepting `meant` */
	OP_INT,     /* the same */
	OP_PORT,    /* the same */
	OP_SECONDS, /* number, accepting `meant`: times and intervals */
	OP_PORT_IN, /* ports */
	OP_IS_SET,
	/* Tests of a column, in the schema or not. */
	OP_TEXT,    /* text, accepting `meant` */
	OP_TEXT_IN, /* words */
	OP_HAS,     /* words, among the comma-separated parts of a text */
	OP_SET_HAS, /* words, among the elements of a set */
	OP_MATCH,   /* pattern */
	OP_ADDR,    /* addr, accepting `meant` */
	OP_ADDR_IN, /* addresses */
	OP_TEXTS,   /* with the text of another column, accepting `meant` */
	OP_ADDRS,   /* the same for addresses */
	/* Tests of registers. */
	OP_NUMBERS,   /* a with b, accepting `meant` */
	OP_NUMBER_IN, /* numbers */
	/* Instructions that set register `a`. */
	OP_LOAD, /* number */
	OP_LOAD_COUNT,
	OP_LOAD_INT,
	OP_LOAD_PORT,
	OP_LOAD_SECONDS,
	OP_LOAD_EXTRA,
	OP_LOAD_LEN,
	OP_LOAD_SIZE,  /* of a set */
	OP_ARITHMETIC, /* a with the next register */
};

/* A column of the schema, or of the tree's extras if `has` is 0. */
struct where_source {
	uint64_t has;
	uint16_t word, offset, extra; /* word: the word of `has` (HAS_WORD) */
	bool     lower;               /* compare its text in lower case */
};

struct where_op {
	uint8_t             code;
	uint8_t             meant;   /* IS_LESS and so on: the accepted results */
	uint8_t             a;       /* a register */
	bool                negated; /* IN, HAS, MATCH: the result is negated if the column is set */
	uint16_t            yes, no; /* the next instruction */
	struct where_source source;
	union {
		bool                     boolean;
		uint64_t                 count;
		double                   number;
		struct text              text;
		struct addr              addr;
		struct where_source      other;
		enum arithmetic          arithmetic;
		const struct pattern    *pattern;
		const struct port_set   *ports;
		const struct number_set *numbers;
		const struct addr_set   *addresses;
		const struct word_set   *words;
	};
};

enum { WHERE_REGISTERS = 96, WHERE_NO = 0, WHERE_YES = 1 /* the last two end the program */ };

struct where_program {
	unsigned         users; /* number of conditions that share it */
	struct arena     arena; /* memory of everything that does not change after compilation */
	struct tree      tree;
	struct where_op *ops;
	size_t           ops_n;
	uint16_t         start;
	uint64_t         reads[2]; /* HAS_BIT() of the columns in each word */
};

/* Compiles the program's tree. Returns false with `error` filled. */
bool program_compile(struct where_program *program, connlog_where_error *error);

/* A condition, used by one thread. */
struct connlog_where {
	struct where_program *program;
	struct pattern_room  *room;
	uint64_t              given_up;
	size_t                extra_at[EXTRAS_MAX]; /* the position in the last record */
	bool                  extra_found[EXTRAS_MAX];
};

/* Runs the program. Returns whether the record meets the condition. */
bool program_holds(struct connlog_where *w, const struct record *r);

#endif
