/* networks.c - see networks.h. */
#include "enrich/networks.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "conn/nets.h"
#include "enrich/prefixes.h"

enum column { PREFIX, NAME, SITE, TAGS, KNOWN, IGNORED = KNOWN };
enum { FIELDS = 64 /* a line may have */ };

static const char *const names[KNOWN] = { "prefix", "name", "site", "tags" };

struct networks {
	struct network *at;
	size_t          n, room;
	struct prefix  *prefixes; /* while the file is parsed; `what` is the number of the network */
	size_t         *lines;    /* of the networks, likewise */
	struct prefixes find;
	struct arena    arena; /* lists of tags */
};

/* A file as it is parsed. */
struct file {
	char        *at, *end;
	size_t       line; /* number of the line that is parsed, from 1 */
	enum column  columns[FIELDS];
	size_t       columns_n; /* 0: the header has not come yet */
	struct text  fields[FIELDS];
	size_t       fields_n;
	char        *err;
	size_t       err_size;
};

static bool
fail(const struct file *f, const char *what)
{
	snprintf(f->err, f->err_size, "line %zu: %s", f->line, what);
	return false;
}

/* ---- a line as fields --------------------------------------------------------------------------------------------------- */

static struct text
trim(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\t'))
		p++;
	while (p < end && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	return (struct text){ p, (size_t)(end - p) };
}

/* Reads a field in quotes, in which "" stands for one of them (RFC 4180), and moves its text together. Returns what
 * follows it, or NULL if it does not end on its line. */
static char *
read_quoted(char *p, const char *end, struct text *out)
{
	char *to = ++p;

	*out = (struct text){ p, 0 };
	for (; p < end; *to++ = *p++) {
		if (*p != '"')
			continue;
		if (++p == end || *p != '"') {
			*out = trim(out->p, to);
			return p;
		}
	}
	return NULL;
}

/* Splits the line into fields. Returns false after a message. */
static bool
split(struct file *f, char *p, char *end)
{
	f->fields_n = 0;
	for (;; p++) {
		if (f->fields_n == FIELDS)
			return fail(f, "too many fields");
		struct text *field = &f->fields[f->fields_n++];
		while (p < end && (*p == ' ' || *p == '\t'))
			p++;
		if (p < end && *p == '"') {
			if (!(p = read_quoted(p, end, field)))
				return fail(f, "a field in quotes has no end");
			while (p < end && (*p == ' ' || *p == '\t'))
				p++;
			if (p < end && *p != ',')
				return fail(f, "after a field in quotes, a comma is expected");
		} else {
			char *comma = memchr(p, ',', (size_t)(end - p));
			*field = trim(p, comma ? comma : end);
			p = comma ? comma : end;
		}
		if (p == end)
			return true;
	}
}

/* ---- header and rows ------------------------------------------------------------------------------------------------------ */

static bool
take_header(struct file *f)
{
	unsigned seen = 0;

	for (size_t i = 0; i < f->fields_n; i++) {
		enum column c = PREFIX;
		while (c < KNOWN && !text_is(f->fields[i], names[c]))
			c++;
		if (c < KNOWN && seen >> c & 1)
			return fail(f, "a column is there twice");
		seen |= 1u << c;
		f->columns[i] = c;
	}
	f->columns_n = f->fields_n;
	if (!(seen & 1u << PREFIX))
		return fail(f, "the names of the columns are expected, and one of them has to be prefix");
	return seen & (1u << NAME | 1u << SITE | 1u << TAGS)
	           ? true
	           : fail(f, "no column is called name, site or tags: there would be nothing to say of a prefix");
}

static bool
ends_tag(char c)
{
	return c == ' ' || c == ',' || c == ';' || c == '\t';
}

/* Returns false when out of memory. */
static bool
take_tags(struct networks *n, struct text from, struct text_set *out)
{
	*out = (struct text_set){ NULL, 0 };
	if (from.n == 0)
		return true;
	/* A letter and a separator each, at least. */
	struct text *const at = arena_alloc(&n->arena, (from.n / 2 + 1) * sizeof *at);
	if (!at)
		return false;
	for (const char *p = from.p, *end = p + from.n; p < end;) {
		const char *begin = p;
		while (p < end && !ends_tag(*p))
			p++;
		if (p > begin)
			at[out->n++] = (struct text){ begin, (size_t)(p - begin) };
		p += p < end;
	}
	out->at = at;
	return true;
}

/* Makes room for one more network. Returns false when out of memory. */
static bool
grow(struct networks *n)
{
	const size_t room = n->room ? 2 * n->room : 64;

	if (n->n < n->room)
		return true;
	struct network *at = realloc(n->at, room * sizeof *at);
	n->at = at ? at : n->at;
	struct prefix *prefixes = at ? realloc(n->prefixes, room * sizeof *prefixes) : NULL;
	n->prefixes = prefixes ? prefixes : n->prefixes;
	size_t *lines = prefixes ? realloc(n->lines, room * sizeof *lines) : NULL;
	n->lines = lines ? lines : n->lines;
	n->room = lines ? room : n->room;
	return lines != NULL;
}

static bool
take_row(struct networks *n, struct file *f)
{
	struct text   of[KNOWN + 1] = { { NULL, 0 } };
	struct subnet net;

	if (f->fields_n > f->columns_n)
		return fail(f, "more fields than the first line has");
	for (size_t i = 0; i < f->fields_n; i++)
		of[f->columns[i]] = f->fields[i];
	if (of[PREFIX].n == 0 || !subnet_parse(of[PREFIX].p, of[PREFIX].n, &net))
		return fail(f, "a prefix is expected, like 192.0.2.0/24 or 2001:db8::/32");
	if (!grow(n))
		return fail(f, "out of memory");
	const bool      host = net.bits == 128;
	struct network *to = &n->at[n->n];
	*to = (struct network){ .site = of[SITE] };
	*(host ? &to->host : &to->name) = of[NAME];
	if (!take_tags(n, of[TAGS], &to->tags))
		return fail(f, "out of memory");
	prefix_clear(&net);
	n->prefixes[n->n] = (struct prefix){ net, (uint32_t)n->n };
	n->lines[n->n++] = f->line;
	return true;
}

static bool
take_line(struct networks *n, struct file *f, char *p, char *end)
{
	if (end > p && end[-1] == '\r')
		end--;
	if (trim(p, end).n == 0 || *p == '#')
		return true;
	if (memchr(p, '\0', (size_t)(end - p)))
		return fail(f, "a byte of value 0: this is no text");
	return split(f, p, end) && (f->columns_n > 0 ? take_row(n, f) : take_header(f));
}

static bool
take_lines(struct networks *n, struct file *f)
{
	static const char mark[] = "\xef\xbb\xbf"; /* with which some programs begin UTF-8 */

	if (f->end - f->at >= 3 && memcmp(f->at, mark, 3) == 0)
		f->at += 3;
	for (char *p = f->at; p < f->end;) {
		char *line_end = memchr(p, '\n', (size_t)(f->end - p));
		f->line++;
		if (!line_end)
			line_end = f->end;
		if (!take_line(n, f, p, line_end))
			return false;
		p = line_end + (line_end < f->end);
	}
	f->line += f->line == 0;
	return f->columns_n > 0 || fail(f, "the file is empty: it begins with the names of the columns");
}

/* ---- the whole ------------------------------------------------------------------------------------------------------------ */

/* Gives each network what it does not say itself from the one around it. Networks come after those around them. */
static void
inherit(struct networks *n, const uint32_t *parents)
{
	for (size_t i = 0; i < n->n; i++) {
		const uint32_t what = n->prefixes[i].what;
		if (parents[what] == PREFIX_NONE)
			continue;
		struct network       *to = &n->at[what];
		const struct network *from = &n->at[parents[what]];
		if (to->name.n == 0)
			to->name = from->name;
		if (to->site.n == 0)
			to->site = from->site;
		if (to->tags.n == 0)
			to->tags = from->tags;
	}
}

/* Returns false after a message. */
static bool
build(struct networks *n, struct file *f)
{
	const struct prefix *again;
	uint32_t            *parents;

	if (n->n == 0)
		return true; /* a header alone */
	parents = malloc(n->n * sizeof *parents);
	prefixes_sort(n->prefixes, n->n);
	if ((again = prefixes_repeated(n->prefixes, n->n)) != NULL) {
		const size_t a = n->lines[again[-1].what], b = n->lines[again->what];
		free(parents);
		f->line = a > b ? a : b;
		snprintf(f->err, f->err_size, "line %zu: line %zu is about the same prefix", f->line, a > b ? b : a);
		return false;
	}
	const bool good = parents && prefixes_build(&n->find, n->prefixes, n->n, parents);
	if (good)
		inherit(n, parents);
	else
		fail(f, "out of memory");
	free(parents);
	return good;
}

struct networks *
networks_parse(char *text, size_t size, char *err, size_t err_size)
{
	struct networks *n = calloc(1, sizeof *n);
	struct file      f = { .at = text, .end = text + size, .err = err, .err_size = err_size };

	if (!n) {
		fail(&f, "out of memory");
		return NULL;
	}
	const bool good = take_lines(n, &f) && build(n, &f);
	free(n->prefixes);
	free(n->lines);
	n->prefixes = NULL;
	n->lines = NULL;
	if (good)
		return n;
	networks_free(n);
	return NULL;
}

void
networks_free(struct networks *n)
{
	if (!n)
		return;
	prefixes_free(&n->find);
	arena_free(&n->arena);
	free(n->prefixes);
	free(n->lines);
	free(n->at);
	free(n);
}

const struct network *
networks_find(const struct networks *n, const struct addr *a)
{
	const uint32_t what = prefixes_find(&n->find, a);

	return what != PREFIX_NONE ? &n->at[what] : NULL;
}
