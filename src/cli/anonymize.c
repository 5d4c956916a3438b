/* anonymize.c - see anonymize.h. */
#include "cli/anonymize.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { KEY = CONNLOG_ANONYMIZE_KEY, DIGITS = 2 * KEY, READ = DIGITS + 3 /* and a line's end, and one byte too many */ };

static int
digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;
}

/* Reads 64 hexadecimal digits, which a line may end with.  Returns false for anything else. */
static bool
parse_digits(const char *text, size_t n, uint8_t key[KEY])
{
	if (n > DIGITS && text[n - 1] == '\n')
		n--;
	if (n > DIGITS && text[n - 1] == '\r')
		n--;
	if (n != DIGITS)
		return false;
	for (size_t i = 0; i < KEY; i++) {
		const int hi = digit(text[2 * i]), lo = digit(text[2 * i + 1]);
		if (hi < 0 || lo < 0)
			return false;
		key[i] = (uint8_t)(hi << 4 | lo);
	}
	return true;
}

/* Returns false after a message. */
static bool
read_key(struct anonymize *a, const char *path, uint8_t key[KEY])
{
	char        text[READ];
	FILE       *f = fopen(path, "re");
	struct stat st;

	if (f != NULL)
		setvbuf(f, NULL, _IONBF, 0); /* no copy of the key stays behind in a buffer */
	const size_t n = f != NULL ? fread(text, 1, sizeof text, f) : 0;
	const bool   failed = f == NULL || ferror(f) || fstat(fileno(f), &st) != 0;
	if (failed)
		complain("--anonymize %s: cannot be read: %s", path, strerror(errno));
	if (f != NULL)
		fclose(f);
	if (failed)
		return false;
	a->open = S_ISREG(st.st_mode) && (st.st_mode & S_IROTH) != 0;
	bool good = n == KEY;
	if (good)
		memcpy(key, text, KEY);
	else
		good = parse_digits(text, n, key);
	explicit_bzero(text, sizeof text);
	if (!good)
		complain("--anonymize %s: a key has 32 bytes, or 64 hexadecimal digits; (umask 077; head -c 32 /dev/urandom "
		         ">key) makes "
		         "one",
		         path);
	return good;
}

bool
anonymize_set(struct anonymize *a, const char *path)
{
	uint8_t key[KEY];

	if (a->with != NULL) {
		complain("--anonymize %s: there is one key, and that is %s", path, a->path);
		return false;
	}
	if (!read_key(a, path, key))
		return false;
	a->path = path;
	a->with = connlog_anonymizer_new(key);
	explicit_bzero(key, sizeof key);
	if (a->with == NULL)
		complain("out of memory");
	return a->with != NULL;
}

void
anonymize_free(struct anonymize *a)
{
	connlog_anonymizer_free(a->with);
	free(a->told);
}

void
anonymize_warn(const struct anonymize *a)
{
	if (a->with != NULL && a->open)
		complain("warning: everybody may read the key %s, and with it find out what the addresses were: chmod 600",
		         a->path);
}

const connlog_columns *
anonymize_columns(struct anonymize *a, const connlog_columns *columns, bool quiet)
{
	char dropped[MESSAGE_MAX / 2];

	if (a->with == NULL)
		return columns;
	columns = connlog_anonymize_columns(a->with, columns, dropped, sizeof dropped);
	if (quiet || *dropped == '\0' || (a->told != NULL && strcmp(a->told, dropped) == 0))
		return columns;
	complain("warning: --anonymize leaves out columns that may hold addresses: %s", dropped);
	free(a->told);
	a->told = strdup(dropped);
	return columns;
}
