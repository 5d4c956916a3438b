/* term.c - see term.h. */
#include "cli/term.h"

#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { NARROWEST = 40, WIDEST = 120 };

static int
width_of(int fd)
{
	struct winsize size = { 0 };
	const char    *columns = getenv("COLUMNS");
	long           width = 0;

	if (ioctl(fd, TIOCGWINSZ, &size) == 0)
		width = size.ws_col;
	if (width <= 0 && columns != NULL)
		width = strtol(columns, NULL, 10);
	if (width <= 0)
		width = 80;
	return width < NARROWEST ? NARROWEST : width > WIDEST ? WIDEST : (int)width;
}

void
term_init(struct term *t, FILE *f)
{
	const char *no_color = getenv("NO_COLOR"), *name = getenv("TERM");
	const bool  terminal = isatty(fileno(f)) == 1;

	setlocale(LC_CTYPE, "");
	*t = (struct term){
		.f = f,
		.width = width_of(fileno(f)),
		.utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0,
		.colour = terminal && (no_color == NULL || *no_color == '\0') && (name == NULL || strcmp(name, "dumb") != 0),
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

void
term_text(const struct term *t, connlog_text text)
{
	for (size_t i = 0; i < text.n; i++) {
		const unsigned char c = (unsigned char)text.p[i];
		if (c >= 0x20 && c < 0x7f)
			fputc(c, t->f);
		else
			fprintf(t->f, "\\x%02x", c);
	}
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
