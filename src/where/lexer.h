/* lexer.h - splits a condition's text into words, numbers, texts, addresses, times and operators.
 *
 * The text need not be NUL-terminated. Only the first error is reported, in the caller's error structure; after it
 * there are no more tokens.
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
	TOKEN_NET, /* an address with a prefix length */
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
	size_t          at, n;  /* position in the text */
	struct text     text;   /* WORD, NAME, TEXT: without quotes and escapes */
	double          number; /* NUMBER, TIME */
	bool            whole;  /* NUMBER: it is `count` exactly */
	uint64_t        count;
	enum unit       unit;
	struct addr     addr; /* ADDR, NET */
	unsigned        bits; /* NET: length of the prefix, of 128 */
};

struct lexer {
	const char          *text;
	size_t               n, at; /* at: position of the next token */
	struct arena        *arena; /* for texts with escapes */
	connlog_where_error *error;
	bool                 failed;
};

/* Returns the next token, or TOKEN_END at the end and after an error. */
struct token lexer_next(struct lexer *l);

/* A regular expression: /.../ followed by letters, or a text in quotes. */
struct lexer_pattern {
	size_t      at, n;
	struct text text;
	bool        caseless; /* the letter i */
};
/* Reads a regular expression. Returns false after an error. */
bool lexer_pattern(struct lexer *l, struct lexer_pattern *out);

/* Reports an error about `n` bytes at `at`. Always returns false. */
__attribute__((format(printf, 4, 5))) bool lexer_fail(struct lexer *l, size_t at, size_t n, const char *format, ...);

#endif
