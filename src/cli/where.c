/* where.c - see where.h. */
#include "cli/where.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/near.h"

enum { SHOWN_MAX = 160, /* bytes of a line that are shown around an error */ FILE_MAX = 16 << 20 };

/* ---- messages ----------------------------------------------------------------------------------------------------------- */

/* Returns how many terminal columns the bytes take, counting each character once. */
static int
width(const char *p, size_t n)
{
	int columns = 0;

	for (size_t i = 0; i < n; i++)
		columns += ((unsigned char)p[i] & 0xc0) != 0x80;
	return columns;
}

/* Prints the line of text that contains the bytes, and marks them below it. */
static void
show(const char *text, size_t at, size_t n)
{
	size_t begin = at, end = at;
	char   shown[PRINTABLE_MAX(2 * SHOWN_MAX)];

	while (begin > 0 && text[begin - 1] != '\n' && at - begin < SHOWN_MAX)
		begin--;
	while (text[end] != '\0' && text[end] != '\n' && end - at < SHOWN_MAX)
		end++;
	size_t used = make_printable(shown, text + begin, end - begin);
	fprintf(stderr, "  %.*s\n  ", (int)used, shown);
	used = make_printable(shown, text + begin, at - begin);
	const int before = width(shown, used);
	for (int i = 0, tabs = 0; i < before; i++)
		putc(tabs == 0 && shown[i] == '\t' ? '\t' : ' ', stderr);
	putc('^', stderr);
	if (n > end - at)
		n = end - at;
	used = make_printable(shown, text + at, n);
	for (int i = 1; i < width(shown, used); i++)
		putc('~', stderr);
	putc('\n', stderr);
}

/* Reports what is wrong with these bytes of the condition. */
static void
complain_at(const struct where *w, const char *problem, size_t at, size_t n)
{
	unsigned line = 1;

	for (size_t i = 0; i < at; i++)
		line += w->text[i] == '\n';
	if (w->file != NULL)
		complain("%s:%u: %s", w->file, line, problem);
	else
		complain("%s: %s", w->option != NULL ? w->option : "--where", problem);
	show(w->text, at, n);
}

/* Appends ", did you mean" with similar columns, or nothing. */
static void
add_near(char *problem, size_t size, const char *name, size_t n)
{
	const connlog_column_info *info;
	struct near_names          near = { .used = 0 };
	const size_t               used = strlen(problem);

	for (size_t i = 0; (info = connlog_column_at(i)) != NULL; i++)
		near_look(&near, name, n, info->name);
	if (near.used > 0)
		snprintf(problem + used, size - used, "; did you mean %s?", near.list);
}

/* ---- the options -------------------------------------------------------------------------------------------------------- */

static bool
compile(struct where *w, unsigned flags)
{
	connlog_where_error error;
	char                problem[2 * MESSAGE_MAX];

	w->condition = connlog_where_new(w->text, flags, &error);
	if (w->condition != NULL)
		return true;
	snprintf(problem, sizeof problem, "%s", error.text);
	if (error.unknown_column)
		add_near(problem, sizeof problem, w->text + error.at, error.n);
	complain_at(w, problem, error.at, error.n);
	return false;
}

/* Adds an allocated string (NULL after a message) as a further condition.  It is compiled alone before it is joined to
 * the others, so that messages show what was written. */
static bool
add(struct where *w, char *text, const char *file, unsigned flags)
{
	struct where alone = { .text = text, .file = file, .option = w->option }, both = { .option = w->option };
	bool         good = text != NULL && compile(&alone, flags);

	if (good && w->text == NULL) {
		*w = alone;
		return true;
	}
	if (good && asprintf(&both.text, "(\n%s\n) and (\n%s\n)", w->text, text) < 0) {
		both.text = NULL;
		complain("out of memory");
		good = false;
	}
	good = good && compile(&both, flags);
	where_free(&alone);
	if (good) {
		where_free(w);
		*w = both;
	} else {
		where_free(&both);
	}
	return good;
}

bool
where_set(struct where *w, const char *condition, unsigned flags)
{
	char *text = strdup(condition);

	if (text == NULL)
		complain("out of memory");
	return add(w, text, NULL, flags);
}

/* Returns the file's text, or NULL after a message. */
static char *
read_file(const char *path)
{
	FILE  *f = fopen(path, "re");
	char  *text = NULL;
	size_t n = 0, room = 4096, some;

	while (f != NULL && (text = realloc(text, room + 1)) != NULL && n <= FILE_MAX) {
		if ((some = fread(text + n, 1, room - n, f)) == 0)
			break;
		n += some;
		if (n == room)
			room *= 2;
	}
	if (f == NULL || ferror(f))
		complain("%s: cannot be read: %s", path, strerror(errno));
	else if (text == NULL || n > FILE_MAX)
		complain("%s: %s", path, text == NULL ? "out of memory" : "a condition of more than 16 MiB");
	else if (memchr(text, '\0', n) != NULL)
		complain("%s: there is a zero byte in it", path);
	else
		text[n] = '\0';
	const bool good = f != NULL && !ferror(f) && text != NULL && n <= FILE_MAX && memchr(text, '\0', n) == NULL;
	if (f != NULL)
		fclose(f);
	if (!good) {
		free(text);
		return NULL;
	}
	return text;
}

bool
where_set_file(struct where *w, const char *path, unsigned flags)
{
	return add(w, read_file(path), path, flags);
}

void
where_free(struct where *w)
{
	connlog_where_free(w->condition);
	free(w->text);
}

/* ---- the end ------------------------------------------------------------------------------------------------------------ */

void
where_warn(uint64_t given_up)
{
	if (given_up > 0)
		complain("warning: for %" PRIu64 " records a regular expression took too much work; they count as not matching",
		         given_up);
}

int
where_finish(const struct where *w)
{
	connlog_where_extra column;
	char                problem[2 * MESSAGE_MAX];
	int                 code = EXIT_ALL_READ;

	if (w->condition == NULL)
		return EXIT_ALL_READ;
	where_warn(connlog_where_given_up(w->condition));
	for (size_t i = 0; connlog_where_extra_at(w->condition, i, &column); i++) {
		if (column.found)
			continue;
		snprintf(problem, sizeof problem, "no log has a column '%.60s'", column.name);
		add_near(problem, sizeof problem, column.name, strlen(column.name));
		complain_at(w, problem, column.at, column.n);
		code = EXIT_USAGE;
	}
	return code;
}

/* ---- help --------------------------------------------------------------------------------------------------------------- */

void
where_help(void)
{
	const connlog_column_info *info;

	printf(
		"A condition chooses records: --where 'service has \"ssl\" and orig_bytes > 1MB'\n\n"
		"  and or not ( )             joined conditions; not binds most, or least\n"
		"  == != < <= > >=            orig_bytes > 10 * resp_bytes, conn_state == SF, ts >= 2026-11-28T20:00:00Z\n"
		"  in, not in                 id.resp_h in 10.0.0.0/8, id.resp_p in {80, 443, 8000-8100}, proto in {tcp, udp}\n"
		"  has, not has               is it among the elements: service has ssl, tunnel_parents has \"C2x\"\n"
		"  ~ !~                       history ~ /^Sh.*F/, and /.../i without regard to case (PCRE2)\n"
		"  is set, is unset           service is unset\n"
		"  + - * / len() lower()      orig_bytes + resp_bytes > 1MB, len(history) > 20, lower(service) == ssl\n"
		"  abs() min() max()          max(orig_bytes, resp_bytes) / duration > 1MB\n\n"
		"Numbers may have units: usec msec sec min hr day, and KB MB GB TB, which are powers of 1024.  Texts stand in "
		"quotes,\n"
		"plain words may do without.  A column that is true or false is a condition itself.  A # begins a comment.\n"
		"A test of a column that is unset is false, != and not in included, and so not of it is true: a record that a\n"
		"condition chooses is one that not (...) does not.\n\ncolumns:\n");
	for (size_t i = 0; (info = connlog_column_at(i)) != NULL; i++)
		printf("  %-20s %-12s %s\n", info->name, info->type_name, info->doc);
	printf(
		"\nIn convert, cut and report other columns of the log can be named, too, in `...` where the name is no word.\n"
		"docs/WHERE.md has more.\n");
}
