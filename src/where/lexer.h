/* lexer.h - a condition's text as words, numbers, texts, addresses, times and signs.
 *
 * The text need not be terminated by anything but its length.  What is wrong with it is noted once, the first time, in the
 * error that the caller gave; from then on there are no tokens any more.
 */
#ifndef CONNLOG_WHERE_LEXER_H
#define CONNLOG_WHERE_LEXER_H

#include "base/addr.h"
#include "base/arena.h"
#include "connlog_where.h"
#include "record/record.h"

enum token_kind {
	TOKEN_END,
	TOKEN_WORD, /* and, tcp, id.orig_h, CHhA2k */
	TOKEN_NAME, /* a column's name in `...` */
	TOKEN_NUMBER,
	TOKEN_TEXT, /* in quotes */
	TOKEN_ADDR,
	TOKEN_NET, /* an address with the length of a prefix */
	TOKEN_TIME,
	TOKEN_SIGN,
};

enum sign {
	SIGN_NONE,
	SIGN_EQ,
	SIGN_NE,
	SIGN_LT,
	SIGN_LE,
	SIGN_GT,
	SIGN_GE,
	SIGN_MATCH,
	SIGN_NO_MATCH,
	SIGN_AND,
	SIGN_OR,
	SIGN_NOT,
	SIGN_PLUS,
	SIGN_MINUS,
	SIGN_TIMES,
	SIGN_DIVIDED,
	SIGN_OPEN,
	SIGN_CLOSE,
	SIGN_BEGIN_SET,
	SIGN_END_SET,
	SIGN_COMMA,
};

enum unit { UNIT_NONE, UNIT_SECONDS, UNIT_BYTES };

struct token {
	enum token_kind kind;
	enum sign       sign;
	size_t          at, n;  /* where it stands */
	struct text     text;   /* WORD, NAME, TEXT: without quotes and escapes */
	double          number; /* NUMBER, TIME */
	bool            whole;  /* NUMBER: it is `count` exactly */
	uint64_t        count;
	enum unit       unit;
	struct addr     addr; /* ADDR, NET */
	unsigned        bits; /* NET: of the prefix, of 128 */
};

struct lexer {
	const char          *text;
	size_t               n, at; /* at: of what comes next */
	struct arena        *arena; /* for texts that had escapes */
	connlog_where_error *error;
	bool                 failed;
};

/* Returns what comes next, TOKEN_END at the end and after an error. */
struct token lexer_next(struct lexer *l);

/* A regular expression that comes next: /.../ with letters behind, or a text in quotes. */
struct lexer_pattern {
	size_t      at, n;
	struct text text;
	bool        caseless; /* the letter i */
};
/* Returns false after an error. */
bool lexer_pattern(struct lexer *l, struct lexer_pattern *out);

/* Notes what is wrong with `n` bytes at `at`.  Returns false, always. */
__attribute__((format(printf, 4, 5))) bool lexer_fail(struct lexer *l, size_t at, size_t n, const char *format, ...);

#endif
