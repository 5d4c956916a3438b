/* pattern.c - see pattern.h. */
#include "where/pattern.h"

#include <stdio.h>
#include <stdlib.h>

#ifdef CONNLOG_PCRE2

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

/* Limits: bytes of an expression; for a match, PCRE2's counted steps, kilobytes of heap, bytes of the compiled code's
 * stack. */
enum { EXPRESSION_MAX = 16384, STEPS_MAX = 200000, HEAP_MAX = 4096, STACK_FIRST = 32 << 10, STACK_MAX = 512 << 10 };

struct pattern {
	pcre2_code *code;
};

struct pattern_room {
	pcre2_match_data    *data;
	pcre2_match_context *context;
	pcre2_jit_stack     *stack;
};

struct pattern *
pattern_new(struct text expression, bool caseless, size_t *at, char *err, size_t err_size)
{
	struct pattern *p = calloc(1, sizeof *p);
	int             why = 0;
	char            text[160] = "";

	*at = 0;
	snprintf(err, err_size, "out of memory");
	if (!p)
		return NULL;
	if (expression.n > EXPRESSION_MAX) {
		snprintf(err, err_size, "a regular expression has at most %d bytes", EXPRESSION_MAX);
		free(p);
		return NULL;
	}
	p->code = pcre2_compile(
		(PCRE2_SPTR)expression.p, expression.n,
		PCRE2_NEVER_UTF | PCRE2_NEVER_UCP | PCRE2_NEVER_BACKSLASH_C | (caseless ? PCRE2_CASELESS : 0), &why, at, NULL);
	if (!p->code) {
		pcre2_get_error_message(why, (PCRE2_UCHAR *)text, sizeof text);
		snprintf(err, err_size, "regular expression: %s", text);
		free(p);
		return NULL;
	}
	pcre2_jit_compile(p->code, PCRE2_JIT_COMPLETE); /* without JIT the interpreter is used */
	return p;
}

void
pattern_free(struct pattern *p)
{
	if (!p)
		return;
	pcre2_code_free(p->code);
	free(p);
}

struct pattern_room *
pattern_room_new(void)
{
	struct pattern_room *room = calloc(1, sizeof *room);

	if (!room)
		return NULL;
	room->data = pcre2_match_data_create(1, NULL);
	room->context = pcre2_match_context_create(NULL);
	room->stack = pcre2_jit_stack_create(STACK_FIRST, STACK_MAX, NULL); /* NULL if there is no JIT */
	if (!room->data || !room->context) {
		pattern_room_free(room);
		return NULL;
	}
	pcre2_set_match_limit(room->context, STEPS_MAX);
	pcre2_set_depth_limit(room->context, STEPS_MAX);
	pcre2_set_heap_limit(room->context, HEAP_MAX);
	if (room->stack)
		pcre2_jit_stack_assign(room->context, NULL, room->stack);
	return room;
}

void
pattern_room_free(struct pattern_room *room)
{
	if (!room)
		return;
	pcre2_match_data_free(room->data);
	pcre2_match_context_free(room->context);
	pcre2_jit_stack_free(room->stack);
	free(room);
}

enum pattern_answer
pattern_find(const struct pattern *p, struct pattern_room *room, struct text t)
{
	const int found = pcre2_match(p->code, (PCRE2_SPTR)(t.n > 0 ? t.p : ""), t.n, 0, 0, room->data, room->context);

	return found >= 0 ? PATTERN_YES : found == PCRE2_ERROR_NOMATCH ? PATTERN_NO : PATTERN_GIVEN_UP;
}

#else

struct pattern *
pattern_new(struct text expression, bool caseless, size_t *at, char *err, size_t err_size)
{
	(void)expression;
	(void)caseless;
	*at = 0;
	snprintf(err, err_size, "this connlog was built without PCRE2 and knows no regular expressions");
	return NULL;
}

void
pattern_free(struct pattern *p)
{
	free(p);
}

struct pattern_room *
pattern_room_new(void)
{
	return calloc(1, 1);
}

void
pattern_room_free(struct pattern_room *room)
{
	free(room);
}

enum pattern_answer
pattern_find(const struct pattern *p, struct pattern_room *room, struct text t)
{
	(void)p;
	(void)room;
	(void)t;
	return PATTERN_NO; /* pattern_new() never succeeds */
}

#endif
