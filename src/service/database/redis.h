/* redis.h - the two grammars of Redis: what a client sends, and how a server replies (redis.c combines them).
 *
 * Both take bytes as they arrive, and report after each step whether something is complete or wrong.
 */
#ifndef CONNLOG_SERVICE_REDIS_H
#define CONNLOG_SERVICE_REDIS_H

#include "service/decoding.h"
#include "service/gather.h"

#define REDIS_MAX_SIZE     1048576
#define REDIS_MAX_ELEMENTS 20000u
#define REDIS_MAX_DEPTH    20u

enum redis_phase {
	REDIS_TYPE,
	REDIS_TYPE_AGAIN,
	REDIS_BOOL,
	REDIS_LINE,
	REDIS_NUMBER,
	REDIS_CONTENT,
	REDIS_TAIL,
	REDIS_ELEMENT,
	REDIS_INLINE
};

/* BAD: a parse error, from which a server's stream can recover.  FATAL: an error from which nothing recovers.  LOST: needed bytes
 * were not captured. */
enum redis_answer { REDIS_MORE, REDIS_DONE, REDIS_BAD, REDIS_FATAL, REDIS_LOST };

/* Parses a line with a number, byte by byte. */
struct redis_number {
	uint64_t value;
	uint32_t n; /* bytes of the line, with the sign */
	bool     minus, bad;
};

/* Parses a value of the server, including lists. */
struct redis_value {
	struct redis_number number;
	uint32_t            left; /* of a string; of a line: bytes seen */
	uint32_t            elements;
	uint32_t            rest[REDIS_MAX_DEPTH]; /* elements left, of the enclosing lists */
	bool                attribute[REDIS_MAX_DEPTH];
	uint8_t             depth, phase, type;
	bool                cr;
};

/* Parses a command of the client. */
struct redis_command {
	struct gather       line; /* of an inline one */
	struct redis_number number;
	struct decoding     name; /* its first argument */
	uint32_t            left, elements, seen;
	uint8_t             phase;
	bool                cr, unset;
	bool                lost; /* bytes of the string were not captured */
};

/* Takes a byte. Returns whether it ends a line. */
static inline bool
redis_line_end(bool *cr, uint8_t c)
{
	const bool end = *cr && c == '\n';

	*cr = c == '\r';
	return end;
}

/* Does the same for the line of a number. */
bool redis_number_end(struct redis_number *x, bool *cr, uint8_t c);
/* Stores the number. Returns false if the line is not one. A sign alone is 0. */
bool redis_number_is(const struct redis_number *x, int64_t *v);

/* Parses one byte, or `*n` of a string. */
enum redis_answer redis_value_step(struct redis_value *v, struct bytes in, size_t *n);
enum redis_answer redis_command_step(struct redis_command *c, struct bytes in, size_t *n);
/* Handles bytes that were not captured. Returns LOST if they were needed. */
enum redis_answer redis_command_gap(struct redis_command *c, uint64_t len);
/* Discards the command so far, which may be complete. */
void redis_command_clear(struct redis_command *c);

#endif
