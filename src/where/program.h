/* program.h - a compiled condition: an array of instructions, each of which says where to go on.
 *
 * A test goes on at `yes` or at `no`; what loads or computes a number goes on at `yes`.  So and, or, not are no instructions,
 * but ways through the others, and nothing is looked at that cannot change the answer.  Numbers are computed in registers as
 * doubles; one that is unset is NaN, with which every comparison is false.
 */
#ifndef CONNLOG_WHERE_PROGRAM_H
#define CONNLOG_WHERE_PROGRAM_H

#include "where/tree.h"

enum where_code {
	/* The end. */
	OP_RETURN, /* boolean */
	/* Tests of a column with a constant. */
	OP_BOOL,    /* boolean */
	OP_COUNT,   /* count, by meant */
	OP_INT,     /* the same */
	OP_PORT,    /* the same */
	OP_SECONDS, /* number, by meant: times and intervals */
	OP_PORT_IN, /* ports */
	OP_IS_SET,
	/* Tests of a column, or of one that the schema does not know. */
	OP_TEXT,    /* text, by meant */
	OP_TEXT_IN, /* words */
	OP_HAS,     /* words, among the parts of a text with commas */
	OP_SET_HAS, /* words, among the elements of a set */
	OP_MATCH,   /* pattern */
	OP_ADDR,    /* addr, by meant */
	OP_ADDR_IN, /* addresses */
	OP_TEXTS,   /* with the text of another column, by meant */
	OP_ADDRS,   /* the same for addresses */
	/* Tests of registers. */
	OP_NUMBERS,   /* a with b, by meant */
	OP_NUMBER_IN, /* numbers */
	/* What fills register `a`. */
	OP_LOAD, /* number */
	OP_LOAD_COUNT,
	OP_LOAD_INT,
	OP_LOAD_PORT,
	OP_LOAD_SECONDS,
	OP_LOAD_EXTRA,
	OP_LOAD_LEN,
	OP_LOAD_SIZE,  /* of a set */
	OP_ARITHMETIC, /* a with the register behind it */
};

/* A column of the schema's, or of the tree's extras where `has` is 0. */
struct where_source {
	uint64_t has;
	uint16_t word, offset, extra; /* word: of `has` (HAS_WORD) */
	bool     lower;               /* its text in small letters */
};

struct where_op {
	uint8_t             code;
	uint8_t             meant;   /* IS_LESS and so on */
	uint8_t             a;       /* a register */
	bool                negated; /* of IN, HAS, MATCH: the other answer, where the column is set */
	uint16_t            yes, no; /* the instruction to go on with */
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

enum { WHERE_REGISTERS = 96, WHERE_NO = 0, WHERE_YES = 1 /* the two that end it */ };

struct where_program {
	unsigned         users; /* conditions that share it */
	struct arena     arena; /* of all that is not changed once it is compiled */
	struct tree      tree;
	struct where_op *ops;
	size_t           ops_n;
	uint16_t         start;
	uint64_t         reads[2]; /* HAS_BIT() of the columns in each word */
};

/* Compiles the program's tree.  Returns false with `error` filled. */
bool program_compile(struct where_program *program, connlog_where_error *error);

/* A condition as one thread has it. */
struct connlog_where {
	struct where_program *program;
	struct pattern_room  *room;
	uint64_t              given_up;
	size_t                extra_at[EXTRAS_MAX]; /* where the last record had it */
	bool                  extra_found[EXTRAS_MAX];
};

/* Runs the program. */
bool program_holds(struct connlog_where *w, const struct record *r);

#endif
