/* message.c - what connlog says to its user, on standard error. */
#include <stdarg.h>
#include <stdio.h>

#include "cli/cli.h"

static void __attribute__((format(printf, 1, 0))) say(const char *format, va_list ap)
{
	fputs("connlog: ", stderr);
	vfprintf(stderr, format, ap);
	fputc('\n', stderr);
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
