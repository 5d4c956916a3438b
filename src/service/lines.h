/* lines.h - a stream cut into lines, as Zeek's ContentLine support analyzer does (analyzer/protocol/tcp/ContentLine.cc).
 *
 * A line ends at CR LF, at CR or at LF, as allowed; a CR that is the last byte of a chunk ends it at once, and an LF that
 * begins the next chunk is then swallowed.  Lines that lie in one chunk are not copied; an unfinished one is held, and what
 * it takes beyond LINES_HOLD bytes comes out of a budget that all connections share: of a line that goes without only the
 * beginning is held.  One `struct lines` for each side.
 */
#ifndef CONNLOG_SERVICE_LINES_H
#define CONNLOG_SERVICE_LINES_H

#include "base/budget.h"
#include "base/bytes.h"
#include "base/scan.h"

#define LINES_HOLD  8192u
#define LINES_SHORT 4096u /* what lines_take() looks for the end in */

enum lines_flag { LINES_CR = 1, LINES_LF = 2 }; /* what alone ends a line (CR_as_EOL, LF_as_EOL) */

struct lines {
	uint8_t *p; /* the unfinished line's beginning */
	uint32_t n, room;
	uint64_t length; /* of the unfinished line, also what is not held */
	uint64_t plain;  /* so many bytes come as they are before lines go on; UINT64_MAX: until it is changed */
	uint32_t cap;  /* longest line, 0: Zeek's default; a longer one comes in pieces of cap - 1 and loses 2 bytes each */
	uint8_t  last; /* last byte seen, 0 at the beginning and after a line's end was complete */
	uint8_t  flags;
	bool     nul_sensitive; /* the next NUL is dropped, and the flag goes (SMTP, FTP) */
	bool     line_first;    /* a line goes before plain bytes once: plain bytes have just come */
};

enum lines_answer { LINES_MORE, LINES_LINE, LINES_PLAIN };

/* Takes from `*in` until there is a line (without its end; `*full` is its true length) or plain bytes.  => LINES_MORE when
 * `*in` is used up.  The result is valid until the next call. */
enum lines_answer
lines_next_of(struct lines *l, struct budget *budget, struct bytes *in, struct bytes *out, uint64_t *full);

static inline enum lines_answer
lines_next(struct lines *l, struct budget *budget, struct bytes *in, struct bytes *out, uint64_t *full)
{
	return in->n > 0 || l->room > LINES_HOLD ? lines_next_of(l, budget, in, out, full) : LINES_MORE;
}

/* Returns whether what comes next are lines of which nothing is held, and that end as usual. */
static inline bool
lines_are_plain(const struct lines *l)
{
	return l->length == 0 && l->plain == 0 && l->cap == 0 && l->room <= LINES_HOLD && l->last != '\r' &&
	       !l->nul_sensitive && !l->line_first;
}

/* Takes a line that lies in `*in` with its CR LF, without them, as lines_next() would where lines_are_plain().  Returns false
 * where there is none, or one for lines_next(). */
static inline bool
lines_take(struct lines *l, struct bytes *in, struct bytes *out)
{
	const size_t most = in->n < LINES_SHORT ? in->n : LINES_SHORT;
	const size_t n = scan_either(in->p, most, '\r', '\n');

	if (most - n < 2 || in->p[n] != '\r' || in->p[n + 1] != '\n')
		return false;
	*out = (struct bytes){ in->p, n };
	*in = (struct bytes){ in->p + n + 2, in->n - n - 2 };
	l->last = '\n';
	return true;
}

/* At the end of the stream an LF is fed where a line is unfinished, also where the lines were given up for something else. */
extern const struct bytes lines_lf;

static inline bool
lines_unfinished(const struct lines *l)
{
	return l->length > 0;
}

/* What is unfinished, given up. */
void lines_clear(struct lines *l, struct budget *budget);

/* Of both sides: given up; exchanged, when the ends change roles. */
void lines_clear_both(struct lines l[2], struct budget *budget);
void lines_swap(struct lines l[2]);

#endif
