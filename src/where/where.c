/* where.c - implements connlog_where.h: conditions are created, shared between threads, evaluated. */
#include <stdio.h>
#include <stdlib.h>

#include "record/public.h"
#include "where/program.h"

enum { TEXT_MAX = 16 << 20 }; /* bytes of a condition */

static void
program_release(struct where_program *program)
{
	if (!program || __atomic_sub_fetch(&program->users, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	for (size_t i = 0; i < program->tree.patterns_n; i++)
		pattern_free(program->tree.patterns[i]);
	free(program->ops);
	arena_free(&program->arena);
	free(program);
}

/* Makes a condition that takes over one use of the program. Returns NULL when out of memory. */
static connlog_where *
where_of(struct where_program *program)
{
	connlog_where *w = calloc(1, sizeof *w);

	if (!w) {
		program_release(program);
		return NULL;
	}
	w->program = program;
	w->room = program->tree.patterns_n > 0 ? pattern_room_new() : NULL;
	if (program->tree.patterns_n > 0 && !w->room) {
		connlog_where_free(w);
		return NULL;
	}
	return w;
}

/* Compiles the program. Returns false with `error` filled. */
static bool
compile(struct where_program *program, const char *text, unsigned flags, connlog_where_error *error)
{
	const size_t n = strlen(text);
	char        *kept = n <= TEXT_MAX ? arena_alloc(&program->arena, n + 1) : NULL;

	if (!kept) {
		snprintf(error->text, sizeof error->text, "%s", n <= TEXT_MAX ? "out of memory" : "the condition is too long");
		return false;
	}
	memcpy(kept, text, n + 1); /* the words of this copy are what records are compared with */
	program->tree.arena = &program->arena;
	return tree_parse(&program->tree, kept, n, flags, error) && program_compile(program, error);
}

connlog_where *
connlog_where_new(const char *text, unsigned flags, connlog_where_error *error)
{
	struct where_program *program = calloc(1, sizeof *program);
	connlog_where        *w = NULL;

	*error = (connlog_where_error){ .text = "out of memory" };
	if (!program)
		return NULL;
	program->users = 1;
	if (compile(program, text, flags, error))
		w = where_of(program);
	else
		program_release(program);
	return w;
}

void
connlog_where_free(connlog_where *w)
{
	if (!w)
		return;
	pattern_room_free(w->room);
	program_release(w->program);
	free(w);
}

connlog_where *
connlog_where_copy(const connlog_where *w)
{
	__atomic_add_fetch(&w->program->users, 1, __ATOMIC_RELAXED);
	return where_of(w->program);
}

bool
connlog_where_match(connlog_where *w, const connlog_record *r)
{
	return program_holds(w, record_of(r));
}

uint64_t
connlog_where_given_up(const connlog_where *w)
{
	return w->given_up;
}

bool
connlog_where_reads(const connlog_where *w, size_t column)
{
	return column < schema_columns && (w->program->reads[column >= 64] & schema[column].has) != 0;
}

bool
connlog_where_extra_at(const connlog_where *w, size_t i, connlog_where_extra *out)
{
	const struct tree *tree = &w->program->tree;

	if (i >= tree->extras_n)
		return false;
	*out = (connlog_where_extra){ tree->extras[i].name.p, tree->extras[i].at, tree->extras[i].n, w->extra_found[i] };
	return true;
}
