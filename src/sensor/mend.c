/* mend.c - see mend.h. */
#include "sensor/mend.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sensor/out.h"

enum { WINDOW = 256 << 10, STEP = 4096 };

struct pass {
	int          fd;
	off_t        from;    /* where the bytes that are looked at stand, and */
	off_t        to;      /* where the next ones that are kept belong: not behind that */
	off_t        line;    /* where the current line begins, among those kept */
	bool         damaged; /* the current line has zeros in it, and what is left of it is passed over */
	bool         counts;  /* these lines are counted */
	struct mend *out;
};

off_t
mend_whole(int fd, off_t size)
{
	char window[STEP];

	while (size > 0) {
		const off_t   from = size > (off_t)sizeof window ? size - (off_t)sizeof window : 0;
		const ssize_t n = pread(fd, window, (size_t)(size - from), from);
		if (n != (ssize_t)(size - from))
			return -1;
		const size_t whole = whole_lines(window, (size_t)n);
		if (whole > 0)
			return from + (off_t)whole;
		size = from;
	}
	return 0;
}

/* Keeps bytes without a zero among them.  Returns 0 or errno. */
static int
keep(struct pass *pass, const char *p, size_t n)
{
	const size_t whole = whole_lines(p, n);

	for (size_t done = 0; pass->to != pass->from && done < n;) {
		const ssize_t wrote = pwrite(pass->fd, p + done, n - done, pass->to + (off_t)done);
		if (wrote <= 0)
			return wrote < 0 ? errno : EIO;
		done += (size_t)wrote;
	}
	if (whole > 0)
		pass->line = pass->to + (off_t)whole;
	if (pass->counts)
		pass->out->lines += count_lines(p, n);
	pass->to += (off_t)n;
	pass->from += (off_t)n;
	return 0;
}

/* Passes over the rest of a damaged line.  Returns how many of these bytes belong to it. */
static size_t
pass_over(struct pass *pass, const char *p, size_t n)
{
	const char  *end = memchr(p, '\n', n);
	const size_t taken = end != NULL ? (size_t)(end + 1 - p) : n;

	pass->from += (off_t)taken;
	if (end != NULL) {
		pass->damaged = false;
		pass->out->places++;
	}
	return taken;
}

static int
look_at(struct pass *pass, const char *p, size_t n)
{
	int why = 0;

	while (why == 0 && n > 0) {
		if (pass->damaged) {
			const size_t taken = pass_over(pass, p, n);
			p += taken;
			n -= taken;
			continue;
		}
		const char  *zero = memchr(p, 0, n);
		const size_t good = zero != NULL ? (size_t)(zero - p) : n;
		why = keep(pass, p, good);
		if (zero != NULL) { /* what was kept of this line goes, too */
			pass->to = pass->line;
			pass->damaged = true;
		}
		p += good;
		n -= good;
	}
	return why;
}

int
mend_log(int fd, off_t from, off_t count_from, off_t size, struct mend *out)
{
	char       *window = malloc(WINDOW);
	struct pass pass = { .fd = fd, .from = from, .to = from, .line = from, .out = out };
	int         why = window != NULL ? 0 : ENOMEM;

	*out = (struct mend){ .size = size };
	while (why == 0 && pass.from < size) {
		const off_t   end = pass.from < count_from && count_from < size ? count_from : size;
		const size_t  most = end - pass.from < WINDOW ? (size_t)(end - pass.from) : WINDOW;
		const ssize_t n = pread(fd, window, most, pass.from);
		if (n <= 0)
			why = n < 0 ? errno : EIO;
		pass.counts = pass.from >= count_from;
		if (n > 0)
			why = look_at(&pass, window, (size_t)n);
	}
	free(window);
	if (why != 0)
		return why;
	out->size = pass.line;
	return pass.line == size || ftruncate(fd, pass.line) == 0 ? 0 : errno;
}
