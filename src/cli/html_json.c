/* html_json.c - see html_json.h.  The dictionary is the C library's balanced tree, which maliciously chosen keys cannot
 * slow down. */
#include "cli/html_json.h"

#include <search.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Returns the length of the character at `p` and stores its code point, or returns 0 for bytes that are not UTF-8 (RFC
 * 3629). */
static size_t
utf8_character(const unsigned char *p, size_t n, uint32_t *c)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const size_t size = p[0] < 0x80 ? 1 : p[0] < 0xc0 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : p[0] < 0xf8 ? 4 : 0;

	if (size == 0 || size > n)
		return 0;
	*c = size == 1 ? p[0] : p[0] & (0x7fu >> size);
	for (size_t i = 1; i < size; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		*c = *c << 6 | (p[i] & 0x3fu);
	}
	return *c < least[size] || *c > 0x10ffff || (*c >= 0xd800 && *c <= 0xdfff) ? 0 : size;
}

/* Returns whether a character must be escaped: the syntax of JSON and HTML, control characters, and invisible
 * characters that change how others are shown. */
static bool
is_escaped(uint32_t c)
{
	if (c < 0x80)
		return c < 0x20 || c == 0x7f || strchr("\"\\<>&", (int)c) != NULL;
	return c < 0xa0 || (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) ||
	       c == 0xfeff;
}

void
json_text(FILE *f, const char *p, size_t n)
{
	const unsigned char *at = (const unsigned char *)p, *end = at + n;

	fputc('"', f);
	while (at < end) {
		uint32_t     c = 0;
		const size_t size = utf8_character(at, (size_t)(end - at), &c);
		if (size == 0)
			fprintf(f, "\\\\x%02x", *at);
		else if (is_escaped(c))
			fprintf(f, "\\u%04x", (unsigned)c);
		else
			fwrite(at, 1, size, f);
		at += size == 0 ? 1 : size;
	}
	fputc('"', f);
}

/* The key's bytes follow the struct, or belong to the caller during a lookup. */
struct word {
	const void *key;
	size_t      n;
	unsigned    number;
};

static int
compare(const void *a, const void *b)
{
	const struct word *x = a, *y = b;
	const int          d = memcmp(x->key, y->key, x->n < y->n ? x->n : y->n);

	return d != 0 ? d : x->n < y->n ? -1 : x->n > y->n;
}

unsigned
dictionary_number(struct dictionary *d, const void *key, size_t n, bool *added)
{
	const struct word   wanted = { n > 0 ? key : "", n, 0 };
	struct word *const *found = tfind(&wanted, &d->root, compare);

	*added = found == NULL;
	if (found != NULL)
		return (*found)->number;
	struct word *e = malloc(sizeof *e + n);
	if (e == NULL)
		return DICTIONARY_FULL;
	memcpy(e + 1, wanted.key, n);
	*e = (struct word){ e + 1, n, d->n };
	if (tsearch(e, &d->root, compare) == NULL) {
		free(e);
		return DICTIONARY_FULL;
	}
	return d->n++;
}

void
dictionary_free(struct dictionary *d)
{
	tdestroy(d->root, free);
	*d = (struct dictionary){ 0 };
}
