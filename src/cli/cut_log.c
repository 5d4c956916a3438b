/* cut_log.c - cuts the lines of a log to the wanted columns.
 *
 * Treats every line as Zeek 8.2.2's zeek-cut (tools/zeek-cut) does: it may have more or fewer fields than the header,
 * and a log without a header has no columns.  Only the output is copied from a line of data, and the line is scanned
 * only up to the last output column.  Columns that are neighbours in both the log and the output are copied in one
 * piece.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "cli/cut.h"

#define WARN_MAX 5 /* of each kind */

/* Notes where the first `want` fields of the line end.  Reads up to CUT_SLACK bytes beyond the line.  Returns the number
 * of fields, at most `want`. */
static inline size_t
split(const char *p, size_t n, char separator, const char **ends, size_t want)
{
	const char *end = p + n;
	size_t      found = 0;

	if (want == 0)
		return 0;
#ifdef __SSE2__
	const __m128i wanted = _mm_set1_epi8(separator);
	for (; p < end; p += sizeof wanted) {
		__m128i v;
		memcpy(&v, p, sizeof v);
		for (unsigned hits = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(v, wanted)); hits; hits &= hits - 1) {
			const char *at = p + __builtin_ctz(hits);
			if (at >= end)
				break;
			ends[found++] = at;
			if (found == want)
				return found;
		}
	}
#else
	for (const char *at; (at = memchr(p, separator, (size_t)(end - p))) != NULL; p = at + 1) {
		ends[found++] = at;
		if (found == want)
			return found;
	}
#endif
	ends[found++] = end;
	return found;
}

/* Returns whether to print this warning: of each kind, only the first few are printed. */
static bool
warns(struct cut_log *l, enum cut_time_outcome kind)
{
	return ++l->warned[kind] <= WARN_MAX;
}

void
cut_leave_out(struct cut_log *l)
{
	l->left_out = true;
	if (warns(l, CUT_TIME_DONE))
		complain("%s: line %ju is left out: it has fewer than %zu columns", l->name, (uintmax_t)l->line, l->range);
}

static void
warn_time(struct cut_log *l, enum cut_time_outcome kind, connlog_text field)
{
	static const char *const said[] = {
		[CUT_TIME_BAD] = "no time value",
		[CUT_TIME_RANGE] = "a time that no calendar has",
		[CUT_TIME_FORMAT] = "a time that the format makes no text of, or one of more than 99 bytes",
	};
	if (kind != CUT_TIME_UNSET && warns(l, kind))
		complain("%s: line %ju: %.*s is left as it is: %s", l->name, (uintmax_t)l->line,
		         field.n < 80 ? (int)field.n : 80, field.p, said[kind]);
}

int
cut_log_finish(const struct cut_log *l)
{
	const struct cut_options *o = l->options;
	uint64_t                  silent = 0;
	int                       code = l->left_out ? EXIT_INCOMPLETE : EXIT_ALL_READ;

	for (size_t i = 0; i < sizeof l->warned / sizeof l->warned[0]; i++)
		silent += l->warned[i] > WARN_MAX ? l->warned[i] - WARN_MAX : 0;
	if (silent > 0)
		complain("%ju more lines or times like these", (uintmax_t)silent);
	if (l->out.status == CONNLOG_CLOSED) /* the unread part may have it */
		return code;
	if (l->tested && where_finish(&o->where) != EXIT_ALL_READ)
		code = EXIT_USAGE;
	if (!l->any)
		return code;
	for (size_t i = 0; i < o->columns_n; i++)
		if (!l->found[i])
			code = complain_usage("no column is called '%s'%s", o->columns[i],
			                      o->negate ? "" : ", so its place stays empty");
	return code;
}

static void
put_time(struct cut_log *l, connlog_text field)
{
	connlog_text          unset = { l->unset, strlen(l->unset) };
	enum cut_time_outcome outcome = cut_time(&l->clock, field, unset);

	if (outcome == CUT_TIME_DONE) {
		cut_put(&l->out, l->clock.text, l->clock.text_n);
		return;
	}
	warn_time(l, outcome, field);
	cut_put(&l->out, field.p, field.n);
}

/* Writes the output for a line of data, as determined by the header. */
static void
make_pieces(struct cut_log *l)
{
	l->stale = false;
	l->pieces_n = 0;
	for (size_t i = 0; i < l->chosen_n; i++) {
		size_t            at = l->chosen[i];
		struct cut_piece *before = l->pieces_n > 0 ? &l->pieces[l->pieces_n - 1] : NULL;
		struct cut_piece  piece = { at, at, at == CUT_ABSENT, at != CUT_ABSENT && l->is_time[at] };
		if (before != NULL && l->in == l->between && !piece.absent && !piece.time && !before->absent && !before->time &&
		    before->last + 1 == at)
			before->last = at;
		else
			l->pieces[l->pieces_n++] = piece;
	}
}

static void
cut_data(struct cut_log *l, const char *p, size_t n)
{
	if (l->stale)
		make_pieces(l);
	if (split(p, n, l->in, l->ends, l->range) < l->range) {
		cut_leave_out(l);
		return;
	}
	for (size_t i = 0; i < l->pieces_n; i++) {
		const struct cut_piece *piece = &l->pieces[i];
		if (i > 0)
			cut_put_char(&l->out, l->between);
		if (piece->absent)
			continue;
		const char  *start = piece->first > 0 ? l->ends[piece->first - 1] + 1 : p;
		connlog_text field = { start, (size_t)(l->ends[piece->last] - start) };
		if (piece->time)
			put_time(l, field);
		else
			cut_put_near(&l->out, field.p, field.n);
	}
	cut_put_char(&l->out, '\n');
}

bool
cut_line(struct cut_log *l, const char *p, size_t n)
{
	l->line++;
	l->any = true;
	if (l->after_fields && (n < 6 || memcmp(p, "#types", 6) != 0)) {
		complain("%s: line %ju is no #types line, which has to follow #fields; what comes before it has been cut",
		         l->name, (uintmax_t)l->line);
		return false;
	}
	if (n > 0 && *p == '#')
		return cut_header(l, p, n);
	l->in_header = false;
	cut_data(l, p, n);
	return true;
}

bool
cut_log_init(struct cut_log *l, const struct cut_options *o)
{
	*l = (struct cut_log){ .options = o, .in = '\t', .between = '\t' };
	l->clock = (struct cut_clock){ .times = o->times, .format = o->time_format, .last = -1 };
	l->unset = strdup("-");
	l->found = calloc(o->columns_n + 1, sizeof *l->found);
	if (l->unset != NULL && l->found != NULL)
		return cut_output_init(&l->out);
	complain("out of memory");
	return false;
}

void
cut_log_free(struct cut_log *l)
{
	cut_output_free(&l->out);
	free(l->unset);
	free(l->found);
	free(l->chosen);
	free(l->is_time);
	free(l->pieces);
	free(l->ends);
}
