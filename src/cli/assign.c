/* assign.c - arguments in Zeek's style: NAME=VALUE, NAME+=VALUE for sets, and names of scripts that add columns.
 *
 * The few constants of Zeek's logging that apply here belong to the command line; every other name is passed to the
 * library's options.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/settings.h"

/* Splits an assignment, allowing blanks around the sign and "redef" before the name, as Zeek's users write
 * them.  Returns false for anything else. */
bool
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
	if (connlog_options_set(s->options, name, value, err, sizeof err) != CONNLOG_OK) {
		complain("%s", err);
		return false;
	}
	/* These determine what the process must keep access to (confine.c) and how the log is configured (run.c). */
	if (strcmp(name, "Conn::default_extract") == 0)
		s->extracts = strcmp(value, "F") != 0;
	else if (strcmp(name, "Conn::extraction_prefix") == 0)
		s->extract_prefix = value;
	else if (strcmp(name, "script_max_instructions") == 0)
		s->unlimited = strtoull(value, NULL, 10) == 0;
	else if (strcmp(name, "workers") == 0) {
		s->workers = true;
		s->workers_n = strtoull(value, NULL, 10);
	} else if (strcmp(name, "parallel_handlers") == 0)
		s->parallel = strcmp(value, "T") == 0;
	else if (strcmp(name, "shard") == 0)
		s->shard = value;
	else if (strcmp(name, "long") == 0)
		s->longs = *value != '\0';
	else if (strcmp(name, "interim") == 0)
		s->interim = *value != '\0';
	return true;
}

bool
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
	const enum log_outcome log = log_assign(&s->log, &a);
	if (log == LOG_WRONG)
		return false;
	if (log == LOG_SET && !is_constant(a.name, a.name_n))
		return true;
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
