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

/* As Zeek writes a boolean. => false for neither. */
static bool
parse_bool(const char *value, bool *out)
{
	*out = strcmp(value, "T") == 0;
	return *out || strcmp(value, "F") == 0;
}

static bool
set_use_json(struct log_settings *l, const char *value, bool add)
{
	bool json;
	(void)add;
	if (!parse_bool(value, &json)) {
		complain("LogAscii::use_json=%s: T or F is expected", value);
		return false;
	}
	l->writer->format = json ? "json" : "zeek";
	return true;
}

static bool
set_json_timestamps(struct log_settings *l, const char *value, bool add)
{
	(void)add;
	l->writer->json_timestamps = value;
	return true;
}

static bool
set_state_history(struct log_settings *l, const char *value, bool add)
{
	(void)add;
	if (parse_bool(value, &l->writer->record_state_history))
		return true;
	complain("record_state_history=%s: T or F is expected", value);
	return false;
}

static bool
set_dpd_conn_logs(struct log_settings *l, const char *value, bool add)
{
	(void)add;
	if (parse_bool(value, &l->writer->dpd_conn_logs))
		return true;
	complain("dpd_conn_logs=%s: T or F is expected", value);
	return false;
}

/* Sets or lengthens a list of networks. */
static bool
set_nets(char **list, const char **out, const char *value, bool add)
{
	if (!add) {
		free(*list);
		*list = NULL;
	}
	const bool good = args_join(list, "", value);
	*out = *list;
	return good;
}

bool
set_local_nets(struct log_settings *l, const char *value, bool add)
{
	return set_nets(&l->local_nets, &l->writer->local_nets, value, add);
}

bool
set_neighbor_nets(struct log_settings *l, const char *value, bool add)
{
	return set_nets(&l->neighbor_nets, &l->writer->neighbor_nets, value, add);
}

static const struct log_constant {
	const char *name;
	bool        set_of; /* "+=" adds to it */
	bool (*set)(struct log_settings *l, const char *value, bool add);
} log_constants[] = {
	{ "LogAscii::use_json", false, set_use_json },      { "LogAscii::json_timestamps", false, set_json_timestamps },
	{ "Site::local_nets", true, set_local_nets }, /* an option of the engine's, too */
	{ "Site::neighbor_nets", true, set_neighbor_nets }, { "record_state_history", false, set_state_history },
	{ "dpd_conn_logs", false, set_dpd_conn_logs },
};
enum { LOG_CONSTANTS = sizeof log_constants / sizeof log_constants[0] };

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

static const struct log_constant *
find_log_constant(const struct assignment *a)
{
	for (size_t i = 0; i < LOG_CONSTANTS; i++)
		if ((!a->add || log_constants[i].set_of) && strncmp(log_constants[i].name, a->name, a->name_n) == 0 &&
		    log_constants[i].name[a->name_n] == '\0')
			return &log_constants[i];
	return NULL;
}

bool
assign_log(struct log_settings *l, const char *argument)
{
	struct assignment          a;
	const struct log_constant *c = take_apart(argument, &a) ? find_log_constant(&a) : NULL;

	if (c != NULL)
		return c->set(l, a.value, a.add);
	complain("%s sets nothing of a log: connlog(1) lists what does; a file of such a name is written ./NAME", argument);
	return false;
}

void
log_settings_free(struct log_settings *l)
{
	free(l->local_nets);
	free(l->neighbor_nets);
}

bool
assign(struct settings *s, const char *argument)
{
	struct assignment a;
	char              name[128];

	if (!take_apart(argument, &a))
		return false;
	const struct log_constant *c = find_log_constant(&a);
	if (c != NULL && !c->set(&s->log, a.value, a.add))
		return false;
	if (c != NULL && !is_constant(a.name, a.name_n))
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
	static const char *const folders[] = { "policy/", "protocols/", "base/" };
	bool                     named_so = false;

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
