/* lines.h - splits a stream into lines, as Zeek's ContentLine support analyzer does (analyzer/protocol/tcp/ContentLine.cc).
 *
 * A line ends at CR LF, at CR or at LF, as configured.  A CR at the end of a chunk ends the line immediately, and an LF at the
 * beginning of the next chunk is then dropped.  Lines within one chunk are not copied; an unfinished line is buffered
 * (held_line.h).  Each side has its own `struct lines`.
 */
#ifndef CONNLOG_SERVICE_LINES_H
#define CONNLOG_SERVICE_LINES_H

#include "base/scan.h"
#include "service/held_line.h"

#define LINES_SHORT 4096u /* how far lines_take() searches for the end */

enum lines_flag { LINES_CR = 1, LINES_LF = 2 }; /* bytes that end a line on their own (CR_as_EOL, LF_as_EOL) */

struct lines {
	struct held_line held;
	uint64_t         plain; /* bytes to pass through unchanged before lines continue; UINT64_MAX: until it is changed */
	uint32_t
			cap; /* longest line, 0: Zeek's default; longer ones come in pieces of cap - 1 bytes, losing 2 bytes each */
	uint8_t last; /* last byte seen; 0 at the beginning and after a complete end of line */
	uint8_t flags;
	bool    nul_sensitive; /* drop the next NUL and clear the flag (SMTP, FTP) */
	bool    line_first;    /* plain bytes have just been passed: a line comes first once */
};

enum lines_answer { LINES_MORE, LINES_LINE, LINES_PLAIN };

/* Consumes `*in` up to the next line (returned without its end; `*full` is its true length) or plain bytes.  Returns
 * LINES_MORE when `*in` is used up.  The result is valid until the next call. */
enum lines_answer
lines_next_of(struct lines *l, struct budget *budget, struct bytes *in, struct bytes *out, uint64_t *full);

static inline enum lines_answer
lines_next(struct lines *l, struct budget *budget, struct bytes *in, struct bytes *out, uint64_t *full)
{
	return in->n > 0 || l->held.room > HELD_FREE ? lines_next_of(l, budget, in, out, full) : LINES_MORE;
}

/* Returns whether ordinary lines follow, with nothing buffered. */
static inline bool
lines_are_plain(const struct lines *l)
{
	return l->held.length == 0 && l->plain == 0 && l->cap == 0 && l->held.room <= HELD_FREE && l->last != '\r' &&
	       !l->nul_sensitive && !l->line_first;
}

/* Consumes a line that is complete in `*in` with its CR LF, as lines_next() would if lines_are_plain(); returns it without them.
 * Returns false if there is none, or one that needs lines_next(). */
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

/* At the end of the stream an LF is fed if a line is unfinished, even after switching from lines to something else. */
extern const struct bytes lines_lf;

static inline bool
lines_unfinished(const struct lines *l)
{
	return l->held.length > 0;
}

/* Discards the unfinished line. */
void lines_clear(struct lines *l, struct budget *budget);

/* For both sides: discard; swap, when the endpoints change roles. */
void lines_clear_both(struct lines l[2], struct budget *budget);
void lines_swap(struct lines l[2]);

#endif
