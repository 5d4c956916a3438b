/* term.c - see term.h. */
#include "cli/term.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/report.h"

enum { NARROWEST = 40, WIDEST = 120 };

void
term_init(struct term *t)
{
	const char    *no_color = getenv("NO_COLOR"), *name = getenv("TERM");
	const unsigned width = report_width();

	*t = (struct term){
		.f = stdout,
		.width = width < NARROWEST ? NARROWEST
		         : width > WIDEST  ? WIDEST
		                           : (int)width,
		.utf8 = report_unicode(),
		.colour = isatty(STDOUT_FILENO) == 1 && (no_color == NULL || *no_color == '\0') &&
		          (name == NULL || strcmp(name, "dumb") != 0),
	};
}

void
term_style(const struct term *t, enum term_style style)
{
	static const char *const codes[] = {
		[TERM_PLAIN] = "\033[0m",
		[TERM_BOLD] = "\033[1m",
		[TERM_DIM] = "\033[2m",
		[TERM_ODD] = "\033[33m",
	};

	if (t->colour)
		fputs(codes[style], t->f);
}

int
term_wrap(const struct term *t, int left, int right, int at, const char *text)
{
	while (*text != '\0') {
		const int  n = (int)strcspn(text, " ");
		const bool begins = at <= left;
		if (!begins && at + 1 + n > right) {
			fprintf(t->f, "\n%*s", left, "");
			at = left;
		} else if (!begins) {
			fputc(' ', t->f);
			at++;
		}
		fwrite(text, 1, (size_t)n, t->f);
		at += n;
		text += n;
		text += strspn(text, " ");
	}
	return at;
}
