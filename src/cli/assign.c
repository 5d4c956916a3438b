/* assign.c - arguments in Zeek's way: NAME=VALUE, NAME+=VALUE for sets, and names of scripts that add columns.
 *
 * The few constants of Zeek's logging that mean something here are the command line's; every other name goes to the
 * library's options.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"

/* As Zeek writes a boolean. => false for neither. */
static bool
parse_bool(const char *value, bool *out)
{
	*out = strcmp(value, "T") == 0;
	return *out || strcmp(value, "F") == 0;
}

static bool
set_use_json(struct settings *s, const char *value)
{
	bool json;
	if (!parse_bool(value, &json)) {
		complain("LogAscii::use_json=%s: T or F is expected", value);
		return false;
	}
	s->writer.format = json ? "json" : "zeek";
	return true;
}

static bool
set_json_timestamps(struct settings *s, const char *value)
{
	s->writer.json_timestamps = value;
	return true;
}

static const struct {
	const char *name;
	bool (*set)(struct settings *s, const char *value);
} log_constants[] = {
	{ "LogAscii::use_json", set_use_json },
	{ "LogAscii::json_timestamps", set_json_timestamps },
};

bool
is_assignment(const char *argument)
{
	const char *p = argument;
	if (!isalpha((unsigned char)*p) && *p != '_')
		return false;
	while (isalnum((unsigned char)*p) || *p == '_' || *p == ':')
		p++;
	return *p == '=' || (p[0] == '+' && p[1] == '=');
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

bool
assign(struct settings *s, const char *argument)
{
	const char *equals = strchr(argument, '=');
	char        name[128];

	if ((size_t)(equals - argument) >= sizeof name) {
		complain("no constant has a name as long as that of %.40s…", argument);
		return false;
	}
	snprintf(name, sizeof name, "%.*s", (int)(equals - argument), argument);
	for (size_t i = 0; i < sizeof log_constants / sizeof log_constants[0]; i++)
		if (strcmp(log_constants[i].name, name) == 0)
			return log_constants[i].set(s, equals + 1);
	return assign_option(s, name, equals + 1);
}

bool
is_script(const char *argument)
{
	bool named_so = strncmp(argument, "policy/", 7) == 0 || strncmp(argument, "protocols/", 10) == 0;
	return named_so && access(argument, F_OK) != 0;
}
