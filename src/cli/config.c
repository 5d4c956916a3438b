/* config.c - see config.h. */
#include "cli/config.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/near.h"
#include "cli/settings.h"
#include "sensor/endpoint.h"
#include "ship/ship.h"

/* ---- the command line --------------------------------------------------------------------------------------------- */

/* An apply function for args_spec that only takes notes. */
static bool
note(void *arg, int key, const char *value)
{
	struct config_given *given = arg;
	struct assignment    a;

	if (key == OPT_CONFIG)
		return args_set_once(&given->path, value, "config");
	if (key == ARG_OPERAND &&
	    take_apart(value, &a)) { /* constants are set in order, but this one gives way to the option */
		static const char folder[] = "Log::default_logdir";
		if (a.name_n == sizeof folder - 1 && strncmp(a.name, folder, a.name_n) == 0)
			given->keys['o'] = true;
		return true;
	}
	if (key == ARG_FILE || (key == ARG_OPERAND && !is_script(value)))
		key = 'i';
	if (key < CONFIG_KEYS)
		given->keys[key] = true;
	return true;
}

enum args_outcome
config_look(const struct args_spec *spec, int argc, char **argv, struct config_given *given)
{
	struct args_spec look = *spec;

	*given = (struct config_given){ .path = NULL };
	look.apply = note;
	return args_walk(&look, given, argc, argv);
}

/* ---- reading ------------------------------------------------------------------------------------------------------ */

/* Finds the end of a value; for a quoted one, `value` starts after the first quote.  Returns false, after a message, if
 * the quotes are not closed or are followed by more text. */
static bool
cut_value(char **value)
{
	char *p = *value;

	if (*p == '"') {
		char *end = strchr(p + 1, '"');
		if (end == NULL) {
			complain("the quotes are not closed");
			return false;
		}
		*end = '\0';
		*value = p + 1;
		end += 1 + strspn(end + 1, " \t");
		if (*end == '\0' || *end == '#')
			return true;
		complain("'%s' stands behind the quotes", end);
		return false;
	}
	char *comment = *p == '#' ? p : strstr(p, " #"), *tab = strstr(p, "\t#");
	if (tab != NULL && (comment == NULL || tab < comment))
		comment = tab;
	if (comment != NULL)
		*comment = '\0';
	for (size_t n = strlen(p); n > 0 && isspace((unsigned char)p[n - 1]); n--)
		p[n - 1] = '\0';
	return true;
}

/* Parses a line.  Returns false, after a message, if it is not a setting. */
static bool
take_line(struct config_line *line, char *p)
{
	const char *name = p;
	size_t      n = 0;

	while (isalnum((unsigned char)name[n]) || (name[n] != '\0' && strchr("_:-", name[n]) != NULL))
		n++;
	p += n + strspn(p + n, " \t");
	line->add = *p == '+';
	p += line->add;
	if (n == 0 || *p != '=') {
		complain("NAME = VALUE is expected");
		return false;
	}
	char *value = p + 1 + strspn(p + 1, " \t");
	if (!cut_value(&value))
		return false;
	line->name_n = n;
	if (asprintf(&line->text, "%.*s%s=%s", (int)n, name, line->add ? "+" : "", value) < 0) {
		line->text = NULL;
		complain("out of memory");
		return false;
	}
	line->value = line->text + n + 1 + line->add;
	return true;
}

static bool
add_line(struct config *c, struct config_line line)
{
	struct config_line *longer = realloc(c->lines, (c->n + 1) * sizeof *longer);

	if (longer == NULL) {
		complain("out of memory");
		free(line.text);
		return false;
	}
	c->lines = longer;
	c->lines[c->n++] = line;
	return true;
}

/* Returns false, after a message, for an invalid line. */
static bool
read_line(struct config *c, unsigned number, char *text, size_t n)
{
	struct config_line line = { .number = number };

	if (strlen(text) != n) {
		complain("there is a zero byte in this line");
		return false;
	}
	while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == '\r'))
		text[--n] = '\0';
	text += strspn(text, " \t");
	if (*text == '\0' || *text == '#')
		return true;
	return take_line(&line, text) && add_line(c, line);
}

bool
config_load(struct config *c, const char *path)
{
	FILE    *f = fopen(path, "re");
	char    *text = NULL;
	size_t   room = 0;
	ssize_t  n;
	unsigned number = 0;
	bool     good = true;

	*c = (struct config){ .path = path };
	if (f == NULL) {
		complain("cannot read %s: %s", path, strerror(errno));
		return false;
	}
	while ((n = getline(&text, &room, f)) >= 0) {
		complain_of(path, ++number);
		good = read_line(c, number, text, (size_t)n) && good;
	}
	complain_of(NULL, 0);
	if (ferror(f)) {
		complain("cannot read %s: %s", path, strerror(errno));
		good = false;
	}
	free(text);
	fclose(f);
	return good;
}

void
config_free(struct config *c)
{
	for (size_t i = 0; i < c->n; i++)
		free(c->lines[i].text);
	free(c->lines);
}

/* ---- applying ----------------------------------------------------------------------------------------------------- */

bool
config_takes(const struct option_row *row)
{
	return row->name != NULL && row->key != 'r' && row->key != OPT_CONFIG;
}

/* Returns whether the text is one of the blank-separated words. */
static bool
is_one_of(const char *text, const char *words)
{
	const size_t n = strlen(text);

	for (const char *p = words; *p != '\0'; p += strcspn(p, " "), p += strspn(p, " "))
		if (strcspn(p, " ") == n && strncmp(p, text, n) == 0)
			return true;
	return false;
}

static bool
apply_option(const struct args_spec *spec, const struct option_row *row, const struct config_line *line,
             struct settings *s)
{
	if (line->add) {
		complain("--%s is an option, and nothing can be added to it: write %s = %s", row->name, row->name, line->value);
		return false;
	}
	if (row->argument != NULL)
		return spec->apply(s, row->key, line->value);
	if (is_one_of(line->value, "yes true T on 1"))
		return spec->apply(s, row->key, NULL);
	if (is_one_of(line->value, "no false F off 0"))
		return true;
	complain("%s = %s: yes or no is expected", row->name, line->value);
	return false;
}

static void
complain_name(const struct args_spec *spec, const struct config_line *line)
{
	struct near_names          near = { .used = 0 };
	const struct option_row   *row;
	const connlog_option_info *info;
	const char                *name;
	const int                  n = (int)line->name_n;

	for (size_t i = 0; (row = args_at(spec, i)) != NULL; i++)
		if (config_takes(row))
			near_look(&near, line->text, line->name_n, row->name);
	for (size_t i = 0; (info = connlog_option_at(i)) != NULL; i++)
		near_look(&near, line->text, line->name_n, info->name);
	for (size_t i = 0; (name = log_constant_at(i)) != NULL; i++)
		near_look(&near, line->text, line->name_n, name);
	if (near.used > 0)
		complain("no setting is called '%.*s'; did you mean %s?", n, line->text, near.list);
	else
		complain("no setting is called '%.*s'; `connlog check --example` prints all of them", n, line->text);
}

static bool
verify_writer(const connlog_writer_options *o)
{
	char            err[MESSAGE_MAX];
	connlog_writer *w = connlog_writer_new(o, err, sizeof err);

	if (w == NULL)
		complain("%s", err);
	connlog_writer_free(w);
	return w != NULL;
}

static bool
verify_endpoint(const struct option_row *row, const char *value)
{
	struct addrinfo *found = endpoint_find(value);

	if (found == NULL)
		complain("--%s: " ENDPOINT_EXPECTED, row->name, value);
	endpoint_free(found);
	return found != NULL;
}

static bool
verify_sink(const char *value)
{
	char err[MESSAGE_MAX];

	if (ship_check(value, err, sizeof err))
		return true;
	complain("--to %s", err);
	return false;
}

/* Checks now, while the line is known, what would otherwise fail only when it is used. */
static bool
verify_option(const struct option_row *row, const char *value)
{
	switch (row->key) {
	case 'f':
		return filter_compiles(value);
	case OPT_FORMAT:
		return verify_writer(&(connlog_writer_options){ .format = value });
	case OPT_FIELDS:
		return verify_writer(&(connlog_writer_options){ .fields = value });
	case OPT_METRICS:
	case OPT_WEB:
		return *value == '\0' || verify_endpoint(row, value); /* an empty one turns it off */
	case OPT_SINK:
		return verify_sink(value);
	default:
		return true;
	}
}

/* The same for constants; invalid ones are undone, so that each is reported once. */
static bool
verify_constants(struct settings *s)
{
	char                   err[MESSAGE_MAX];
	connlog_writer_options o = s->writer;

	o.format = NULL;
	connlog_writer *w = connlog_writer_new(&o, err, sizeof err);
	if (w == NULL) {
		complain("%s", err);
		s->writer.separator = s->writer.set_separator = s->writer.empty_field = s->writer.unset_field = NULL;
		s->writer.json_timestamps = NULL;
	}
	connlog_writer_free(w);
	return w != NULL;
}

bool
config_knows(const struct args_spec *spec, const struct config_line *line)
{
	const struct option_row *row = args_find(spec, line->text, line->name_n);

	if (row != NULL && !config_takes(row)) {
		complain("%s belongs on the command line", row->name);
		return false;
	}
	if (row != NULL || is_constant(line->text, line->name_n) || log_constant_is_known(line->text, line->name_n))
		return true;
	complain_name(spec, line);
	return false;
}

static bool
apply_line(const struct args_spec *spec, const struct config_given *given, const struct config_line *line,
           struct settings *s)
{
	const struct option_row *row = args_find(spec, line->text, line->name_n);

	if (!config_knows(spec, line))
		return false;
	if (row != NULL)
		return (row->key < CONFIG_KEYS && given->keys[row->key]) ||
		       (apply_option(spec, row, line, s) && verify_option(row, line->value));
	return assign(s, line->text) && verify_constants(s);
}

bool
config_apply(const struct config *c, const struct args_spec *spec, const struct config_given *given, struct settings *s)
{
	bool good = true;

	for (size_t i = 0; i < c->n; i++) {
		complain_of(c->path, c->lines[i].number);
		good = apply_line(spec, given, &c->lines[i], s) && good;
	}
	complain_of(NULL, 0);
	return good;
}
