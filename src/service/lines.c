/* lines.c - see lines.h. */
#include "service/lines.h"

#include "base/ascii.h"

const struct bytes lines_lf = { (const uint8_t *)"\n", 1 };

/* Returns the line that ends with [p, p+n), in place if no part of it is buffered. */
static enum lines_answer
line(struct lines *l, struct budget *budget, const uint8_t *p, size_t n, struct bytes *out, uint64_t *full)
{
	if (l->held.length == 0) {
		*out = (struct bytes){ p, n };
		*full = n;
		return LINES_LINE;
	}
	held_add(&l->held, budget, p, n);
	*out = held_take(&l->held, 0, full);
	return LINES_LINE;
}

static enum lines_answer
plain(struct lines *l, struct bytes *in, struct bytes *out, uint64_t *full)
{
	const size_t n = l->plain < in->n ? (size_t)l->plain : in->n;

	*out = bytes_head(*in, n);
	*full = n;
	*in = bytes_skip(*in, n);
	if (l->plain == UINT64_MAX) { /* lines may continue after the plain bytes: is one unfinished? */
		l->last = out->p[n - 1];
		l->held.n = 0;
		l->held.length = l->last != '\r' && l->last != '\n';
		return LINES_PLAIN;
	}
	l->plain -= n;
	l->last = 0; /* an LF that follows does not belong to an earlier CR */
	l->line_first = in->n > 0;
	return LINES_PLAIN;
}

/* Returns the index of the next byte from `i` on that can end a line or is a relevant NUL. */
static size_t
skip_plain(struct lines *l, struct bytes in, size_t i)
{
	static const struct ascii_set ends = { { ['\r'] = 1, ['\n'] = 1 } },
								  and_nul = { { [0] = 1, ['\r'] = 1, ['\n'] = 1 } };
	const size_t n = ascii_scan(l->nul_sensitive ? &and_nul : &ends, in.p + i, in.n - i);

	if (n > 0)
		l->last = in.p[i + n - 1];
	return i + n;
}

enum lines_answer
lines_next_of(struct lines *l, struct budget *budget, struct bytes *in, struct bytes *out, uint64_t *full)
{
	const uint64_t cap = l->cap ? l->cap : ZEEK_MAX_LINE;

	if (lines_are_plain(l) && lines_take(l, in, out)) {
		*full = out->n;
		return LINES_LINE;
	}
	if (held_is_idle(&l->held))
		held_clear(&l->held, budget);
	if (in->n > 0 && l->last == '\r' && (l->flags & LINES_CR) && in->p[0] == '\n') {
		*in = bytes_skip(*in, 1);
		l->last = '\n';
	}
	if (l->plain > 0 && in->n > 0 && !l->line_first)
		return plain(l, in, out, full);
	l->line_first = false;
	const uint8_t *from = in->p;
	for (size_t i = 0; i < in->n; i++) {
		if (l->held.length + in->n < cap && l->last != '\r') /* nothing in between matters */
			i = skip_plain(l, *in, i);
		if (i == in->n)
			break;
		const uint8_t c = in->p[i], last = l->last;
		const size_t  so_far = (size_t)(in->p + i - from);
		if (l->held.length + so_far >= cap) { /* too long: return the line so far, without its last byte and this one */
			const enum lines_answer a = line(l, budget, from, so_far, out, full);
			out->n -= *full > cap - 1 && out->n == *full;
			*full = cap - 1;
			*in = bytes_skip(*in, i + 1);
			l->last = c;
			return a;
		}
		l->last = c;
		if (c == '\r' && i + 1 < in->n && in->p[i + 1] == '\n') {
			l->last = '\n';
			*in = bytes_skip(*in, i + 2);
			return line(l, budget, from, so_far, out, full);
		}
		if (c == '\r' && (l->flags & LINES_CR)) {
			*in = bytes_skip(*in, i + 1);
			return line(l, budget, from, so_far, out, full);
		}
		if (c == '\n' && last == '\r' && so_far == 0 &&
		    l->held.length == 0) { /* of a CR that ended a line while CR could */
			from = in->p + i + 1;
			continue;
		}
		if (c == '\n' && ((l->flags & LINES_LF) || last == '\r')) {
			*in = bytes_skip(*in, i + 1);
			if (last == '\r' && so_far == 0 && l->held.length > 0) { /* the CR belongs to its end */
				*out = held_take(&l->held, 1, full);
				return LINES_LINE;
			}
			return line(l, budget, from, so_far, out, full);
		}
		if (c == 0 && l->nul_sensitive) {
			l->nul_sensitive = false;
			held_add(&l->held, budget, from, so_far);
			from = in->p + i + 1;
		}
	}
	if (in->n > 0)
		held_add(&l->held, budget, from, (size_t)(in->p + in->n - from));
	*in = bytes_skip(*in, in->n);
	return LINES_MORE;
}

void
lines_clear(struct lines *l, struct budget *budget)
{
	held_clear(&l->held, budget);
}

void
lines_clear_both(struct lines l[2], struct budget *budget)
{
	lines_clear(&l[0], budget);
	lines_clear(&l[1], budget);
}

void
lines_swap(struct lines l[2])
{
	const struct lines was = l[0];

	l[0] = l[1];
	l[1] = was;
}
