/* assign.c - arguments in Zeek's way: NAME=VALUE, NAME+=VALUE for sets, and names of scripts that add columns.
 *
 * The few constants of Zeek's logging that mean something here are the command line's; every other name goes to the
 * library's options.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/settings.h"

enum log_constant {
	SEPARATOR, /* the texts come first: settings.texts */
	SET_SEPARATOR,
	EMPTY_FIELD,
	UNSET_FIELD,
	USE_JSON,
	JSON_TIMESTAMPS,
	JSON_UNSET,
	META,
	NOT_HERE,
};
_Static_assert(UNSET_FIELD + 1 == LOG_TEXTS, "each text has its place in the settings");

/* What of Zeek's logging is known; of what is not here: what to do instead. */
static const struct {
	const char       *name;
	enum log_constant which;
	const char       *instead;
} log_constants[] = {
	{ "LogAscii::separator", SEPARATOR, NULL },
	{ "LogAscii::set_separator", SET_SEPARATOR, NULL },
	{ "LogAscii::empty_field", EMPTY_FIELD, NULL },
	{ "LogAscii::unset_field", UNSET_FIELD, NULL },
	{ "LogAscii::use_json", USE_JSON, NULL },
	{ "LogAscii::json_timestamps", JSON_TIMESTAMPS, NULL },
	{ "LogAscii::json_include_unset_fields", JSON_UNSET, NULL },
	{ "LogAscii::include_meta", META, NULL },
	{ "LogAscii::output_to_stdout", NOT_HERE, "the log goes to standard output unless -o is given" },
	{ "LogAscii::gzip_level", NOT_HERE, "pipe the log through gzip" },
	{ "Log::default_logdir", NOT_HERE, "-o names the folder" },
	{ "Log::default_rotation_interval", NOT_HERE, "pipe the log through a program that rotates" },
};
enum { CONSTANTS = sizeof log_constants / sizeof log_constants[0] };

/* A boolean as Zeek writes it. => false, after a message, for anything else. */
static bool
parse_bool(const char *name, const char *value, bool *out)
{
	*out = strcmp(value, "T") == 0;
	if (*out || strcmp(value, "F") == 0)
		return true;
	complain("%s=%s: T or F is expected", name, value);
	return false;
}

/* A string as Zeek writes it: without quotes on its command line, with them in scripts; \t and \xHH in both.
 * => The text in the settings, or NULL after a message. */
static const char *
parse_text(struct settings *s, enum log_constant which, const char *value)
{
	const size_t n = strlen(value);
	const bool   quoted = n >= 2 && value[0] == '"' && value[n - 1] == '"';
	char        *text = calloc(n + 1, 1), *to = text;
	unsigned     code;

	if (text == NULL)
		complain("out of memory");
	for (const char *p = value + quoted, *end = value + n - quoted; text != NULL && p < end;) {
		if (strncmp(p, "\\t", 2) == 0) {
			*to++ = '\t';
			p += 2;
		} else if (end - p >= 4 && sscanf(p, "\\x%2x", &code) == 1) {
			*to++ = (char)code;
			p += 4;
		} else {
			*to++ = *p++;
		}
	}
	free(s->texts[which]);
	return s->texts[which] = text;
}

static bool
set_log_constant(struct settings *s, enum log_constant which, const char *name, const char *value)
{
	connlog_writer_options *w = &s->writer;
	bool                    on = false;

	switch (which) {
	case SEPARATOR:
		return (w->separator = parse_text(s, which, value)) != NULL;
	case SET_SEPARATOR:
		return (w->set_separator = parse_text(s, which, value)) != NULL;
	case EMPTY_FIELD:
		return (w->empty_field = parse_text(s, which, value)) != NULL;
	case UNSET_FIELD:
		return (w->unset_field = parse_text(s, which, value)) != NULL;
	case JSON_TIMESTAMPS:
		w->json_timestamps = value;
		return true;
	default:
		break;
	}
	if (!parse_bool(name, value, &on))
		return false;
	if (which == USE_JSON)
		w->format = on ? "json" : "zeek";
	else if (which == JSON_UNSET)
		w->json_unset = on;
	else
		w->no_meta = !on;
	return true;
}

/* NAME=VALUE or NAME+=VALUE, taken apart. */
struct assignment {
	const char *name;
	size_t      name_n;
	bool        add;
	const char *value;
};

/* With blanks around the sign and "redef" before the name where Zeek's users write them. => false for anything else. */
static bool
take_apart(const char *argument, struct assignment *a)
{
	static const char redef[] = "redef ";
	const char       *p = argument;

	if (strncmp(p, redef, sizeof redef - 1) == 0)
		p += sizeof redef - 1;
	a->name = p;
	if (!isalpha((unsigned char)*p) && *p != '_')
		return false;
	while (isalnum((unsigned char)*p) || *p == '_' || *p == ':')
		p++;
	a->name_n = (size_t)(p - a->name);
	p += strspn(p, " ");
	a->add = *p == '+';
	p += a->add;
	if (*p != '=')
		return false;
	a->value = p + 1 + strspn(p + 1, " ");
	return true;
}

bool
is_assignment(const char *argument)
{
	struct assignment a;
	return take_apart(argument, &a);
}

bool
assign_option(struct settings *s, const char *name, const char *value)
{
	char err[MESSAGE_MAX];
	if (connlog_options_set(s->options, name, value, err, sizeof err) == CONNLOG_OK)
		return true;
	complain("%s", err);
	return false;
}

static bool
is_constant(const char *name, size_t n)
{
	const connlog_option_info *info;
	for (size_t i = 0; (info = connlog_option_at(i)) != NULL; i++)
		if (strncmp(info->name, name, n) == 0 && info->name[n] == '\0')
			return true;
	return false;
}

bool
assign(struct settings *s, const char *argument)
{
	struct assignment a;
	char              name[128];

	if (!take_apart(argument, &a))
		return false;
	for (size_t i = 0; i < CONSTANTS; i++) {
		const char *known = log_constants[i].name;
		if (a.add || strncmp(known, a.name, a.name_n) != 0 || known[a.name_n] != '\0')
			continue;
		if (log_constants[i].which != NOT_HERE)
			return set_log_constant(s, log_constants[i].which, known, a.value);
		complain("%s does not exist here: %s", known, log_constants[i].instead);
		return false;
	}
	if (!is_constant(a.name, a.name_n) || a.name_n + 2 > sizeof name) {
		complain("no constant is called '%.*s': connlog(1) lists them; a file of such a name is written ./NAME",
		         (int)a.name_n, a.name);
		return false;
	}
	snprintf(name, sizeof name, "%.*s%s", (int)a.name_n, a.name, a.add ? "+" : "");
	return assign_option(s, name, a.value);
}

bool
is_script(const char *argument)
{
	static const char *const folders[] = { "policy/", "protocols/", "base/", "tuning/" };
	const size_t             n = strlen(argument);
	bool                     named_so = n > 5 && strcmp(argument + n - 5, ".zeek") == 0;

	for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++)
		named_so = named_so || strncmp(argument, folders[i], strlen(folders[i])) == 0;
	return named_so && access(argument, F_OK) != 0;
}

bool
is_column_script(const char *argument)
{
	char            err[MESSAGE_MAX];
	connlog_writer *w = connlog_writer_new(&(connlog_writer_options){ .fields = argument }, err, sizeof err);

	connlog_writer_free(w);
	return w != NULL;
}

bool
is_json_script(const char *argument)
{
	static const char *const names[] = { "tuning/json-logs", "tuning/json-logs.zeek" };
	static const char        policy[] = "policy/";

	if (strncmp(argument, policy, sizeof policy - 1) == 0)
		argument += sizeof policy - 1;
	return strcmp(argument, names[0]) == 0 || strcmp(argument, names[1]) == 0;
}
