/* cut_header.c - handles a log's header lines for `connlog cut`: which columns exist, which are output, and which
 * parts of the header are shown.
 *
 * Follows zeek-cut of Zeek 8.2.2 (tools/zeek-cut).  A header may lack lines, come several times, and change the
 * separator; #fields must be followed by #types.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/cut.h"

/* Takes the first field off the rest of the line.  Returns false if the rest is empty. */
static bool
next_field(connlog_text *rest, char separator, connlog_text *field)
{
	if (rest->p == NULL)
		return false;
	const char *at = memchr(rest->p, separator, rest->n);
	*field = (connlog_text){ rest->p, at != NULL ? (size_t)(at - rest->p) : rest->n };
	*rest = at != NULL ? (connlog_text){ at + 1, rest->n - field->n - 1 } : (connlog_text){ NULL, 0 };
	return true;
}

static bool
is_text(connlog_text t, const char *s)
{
	return t.n == strlen(s) && memcmp(t.p, s, t.n) == 0;
}

static bool
starts(connlog_text line, const char *key)
{
	size_t n = strlen(key);
	return line.n >= n && memcmp(line.p, key, n) == 0;
}

/* Returns the text after the key and the byte that follows it. */
static connlog_text
behind(connlog_text line, const char *key)
{
	size_t n = strlen(key) + 1;
	return line.n > n ? (connlog_text){ line.p + n, line.n - n } : (connlog_text){ "", 0 };
}

static bool
bad_header(const struct cut_log *l, const char *what)
{
	complain("%s: line %ju: %s; what comes before it has been cut", l->name, (uintmax_t)l->line, what);
	return false;
}

/* Replaces the old memory with new, zeroed memory and returns it, or NULL after a message. */
static void *
replace(void *old, size_t n, size_t size)
{
	void *new = calloc(n > 0 ? n : 1, size);
	free(old);
	if (new == NULL)
		complain("out of memory");
	return new;
}

/* "\x09", or the character itself. */
static bool
read_separator(struct cut_log *l, connlog_text value)
{
	char text[64] = "";

	memcpy(text, value.p, value.n < sizeof text ? value.n : sizeof text - 1);
	char separator = text[0];
	if (strncmp(text, "\\x", 2) == 0)
		separator = (char)strtol(text + 2, NULL, 16);
	if (separator == '\0')
		return bad_header(l, "#separator names no character");
	l->in = separator;
	l->between = l->options->separator != '\0' ? l->options->separator : separator;
	return true;
}

static bool
read_unset(struct cut_log *l, connlog_text value)
{
	if (value.n == 0)
		return bad_header(l, "#unset_field names no text");
	free(l->unset);
	l->unset = strndup(value.p, value.n);
	if (l->unset == NULL)
		complain("out of memory");
	return l->unset != NULL;
}

/* Returns whether -n leaves the column out. */
static bool
is_named(const struct cut_options *o, connlog_text column)
{
	for (size_t i = 0; i < o->columns_n; i++)
		if (is_text(column, o->columns[i]))
			return true;
	return false;
}

/* Returns the index of the column of that name in the log. */
static size_t
find_column(connlog_text names, char separator, const char *wanted)
{
	connlog_text name;
	for (size_t i = 0; next_field(&names, separator, &name); i++)
		if (is_text(name, wanted))
			return i;
	return CUT_ABSENT;
}

/* Notes which of the named columns exist. */
static void
note_found(struct cut_log *l, connlog_text names)
{
	for (size_t i = 0; i < l->options->columns_n; i++)
		if (find_column(names, l->in, l->options->columns[i]) != CUT_ABSENT)
			l->found[i] = true;
}

/* Chooses among the columns that #fields names. */
static bool
read_fields(struct cut_log *l, connlog_text names)
{
	const struct cut_options *o = l->options;
	connlog_text              rest = names, name;
	size_t                    n = 0;
	bool                      by_name = o->columns_n > 0 && !o->negate;

	note_found(l, names);
	while (next_field(&rest, l->in, &name))
		n++;
	l->chosen = replace(l->chosen, by_name ? o->columns_n : n, sizeof *l->chosen);
	if (l->chosen == NULL)
		return false;
	l->chosen_n = 0;
	if (by_name)
		for (; l->chosen_n < o->columns_n; l->chosen_n++)
			l->chosen[l->chosen_n] = find_column(names, l->in, o->columns[l->chosen_n]);
	rest = names;
	for (size_t i = 0; !by_name && next_field(&rest, l->in, &name); i++)
		if (!is_named(o, name))
			l->chosen[l->chosen_n++] = i;

	l->range = 1; /* a line has a field even if none is output */
	for (size_t i = 0; i < l->chosen_n; i++)
		if (l->chosen[i] != CUT_ABSENT && l->chosen[i] >= l->range)
			l->range = l->chosen[i] + 1;
	l->pieces = replace(l->pieces, l->chosen_n, sizeof *l->pieces);
	l->ends = replace(l->ends, l->range, sizeof *l->ends);
	l->is_time = replace(l->is_time, l->range, sizeof *l->is_time);
	l->after_fields = true;
	return l->pieces != NULL && l->ends != NULL && l->is_time != NULL;
}

static bool
read_types(struct cut_log *l, connlog_text types)
{
	connlog_text type;

	if (!l->after_fields)
		return bad_header(l, "#types without #fields before it");
	l->after_fields = false;
	for (size_t i = 0; l->options->times != CUT_TIMES_RAW && i < l->range; i++) {
		if (!next_field(&types, l->in, &type))
			return bad_header(l, "#types has fewer columns than #fields");
		l->is_time[i] = is_text(type, "time");
	}
	return true;
}

/* Shows #fields or #types for the output columns. */
static void
show_columns(struct cut_log *l, connlog_text line)
{
	struct cut_output *out = &l->out;
	connlog_text       key = { "", 0 }, rest = line, field = { "", 0 };
	size_t             n = 0;
	bool               convert = l->options->times != CUT_TIMES_RAW && starts(line, "#types");

	while (n < l->range + 1 && next_field(&rest, l->in, &field))
		n++;
	if (n < l->range + 1) {
		cut_leave_out(l);
		return;
	}
	rest = line;
	next_field(&rest, l->in, &key);
	if (!l->options->minimal)
		cut_put(out, key.p, key.n);
	for (size_t i = 0; i < l->chosen_n; i++) {
		connlog_text at = rest;
		if (i > 0 || !l->options->minimal)
			cut_put_char(out, l->between);
		if (l->chosen[i] == CUT_ABSENT)
			continue;
		for (size_t k = 0; k <= l->chosen[i]; k++)
			next_field(&at, l->in, &field);
		if (convert && is_text(key, "#types") && is_text(field, "time"))
			field = (connlog_text){ "string", 6 };
		cut_put(out, field.p, field.n);
	}
	cut_put_char(out, '\n');
}

static bool
read_header(struct cut_log *l, connlog_text line)
{
	if (starts(line, "#separator "))
		return read_separator(l, (connlog_text){ line.p + 11, line.n - 11 });
	if (starts(line, "#unset_field"))
		return read_unset(l, behind(line, "#unset_field"));
	if (starts(line, "#fields"))
		return read_fields(l, behind(line, "#fields"));
	if (starts(line, "#types"))
		return read_types(l, behind(line, "#types"));
	return true;
}

bool
cut_header(struct cut_log *l, const char *p, size_t n)
{
	connlog_text line = { p, n };

	if (!l->in_header && l->headers < 2)
		l->headers++; /* 2 means two or more */
	l->in_header = l->stale = true;
	if (!read_header(l, line))
		return false;
	if (l->options->headers < l->headers)
		return true;
	if (starts(line, "#fields") || (starts(line, "#types") && !l->options->minimal)) {
		show_columns(l, line);
	} else if (!l->options->minimal) {
		cut_put(&l->out, p, n);
		cut_put_char(&l->out, '\n');
	}
	return true;
}
