/* message.c - messages to the user on standard error.
 *
 * A message may contain a file name, a word from the command line or bytes of a log.  Anything in it that a terminal
 * might act upon (control characters, bytes that are not text in the user's locale) is written as \xNN, for all
 * messages alike.
 */
#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>
#include <wctype.h>

#include "cli/cli.h"

enum { TEXT_MAX = 8192 }; /* a path and more */

/* Returns whether the character changes the direction of the following text, which could make one name look like
 * another. */
static bool
turns(wchar_t c)
{
	return c == 0x061c || c == 0x200e || c == 0x200f || (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

/* Returns the length of the printable character at `p`, or 0 if there is none. */
static size_t
printable(const char *p, size_t n)
{
	mbstate_t    state = { 0 };
	wchar_t      wide;
	const size_t used = mbrtowc(&wide, p, n, &state);

	return used >= 1 && used <= n && iswprint((wint_t)wide) && !turns(wide) ? used : 0;
}

/* The user's locale, loaded once. */
static locale_t kept = (locale_t)0;

void
message_prepare(void)
{
	char out[PRINTABLE_MAX(2)];

	if (kept == (locale_t)0)
		kept = newlocale(LC_CTYPE_MASK, "", (locale_t)0);
	make_printable(out, "\xc3\xa9", 2); /* loads the character tables */
}

size_t
make_printable(char *out, const char *p, size_t n)
{
	locale_t users = kept != (locale_t)0 ? kept : newlocale(LC_CTYPE_MASK, "", (locale_t)0), before = (locale_t)0;
	char    *at = out;

	if (users != (locale_t)0)
		before = uselocale(users);
	while (n > 0) {
		size_t used = *p == '\t' ? 1 : printable(p, n);
		if (used > 0) {
			memcpy(at, p, used);
			at += used;
		} else {
			static const char digits[] = "0123456789abcdef";
			*at++ = '\\';
			*at++ = 'x';
			*at++ = digits[(unsigned char)*p >> 4];
			*at++ = digits[(unsigned char)*p & 15];
			used = 1;
		}
		p += used;
		n -= used;
	}
	if (users != (locale_t)0) {
		uselocale(before);
		if (users != kept)
			freelocale(users);
	}
	return (size_t)(at - out);
}

/* Writes a line in one piece, since other processes may write there, too. */
static void
put_line(const char *begin, const char *p, size_t n)
{
	char line[PRINTABLE_MAX(TEXT_MAX) + 1];

	n = make_printable(line, p, n < TEXT_MAX ? n : TEXT_MAX);
	fprintf(stderr, "%s%.*s\n", begin, (int)n, line);
}

/* The line of the file that messages refer to, if any. */
static const char *place;
static unsigned    place_line;

void
complain_of(const char *file, unsigned line)
{
	place = file;
	place_line = line;
}

static void __attribute__((format(printf, 1, 0))) say(const char *format, va_list ap)
{
	char   text[TEXT_MAX];
	size_t n = 0;

	if (place != NULL)
		n = (size_t)snprintf(text, sizeof text, "%s:%u: ", place, place_line);
	if (n < sizeof text)
		vsnprintf(text + n, sizeof text - n, format, ap);
	put_line("connlog: ", text, strlen(text));
}

void
complain(const char *format, ...)
{
	va_list ap;
	va_start(ap, format);
	say(format, ap);
	va_end(ap);
}

int
complain_usage(const char *format, ...)
{
	va_list ap;
	va_start(ap, format);
	say(format, ap);
	va_end(ap);
	return EXIT_USAGE;
}

void
warn_lines(const char *text, bool details)
{
	size_t n = strcspn(text, "\n");

	complain("warning: %.*s", (int)n, text);
	for (text += n; details && *text != '\0'; text += n) {
		n = strcspn(++text, "\n");
		put_line("", text, n);
	}
}
