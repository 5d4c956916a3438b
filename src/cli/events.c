/* events.c - `connlog events`: the events of captures, an object of JSON a line; and their list. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/near.h"
#include "cli/settings.h"

#define ALL (UINT64_MAX >> (64 - CONNLOG_EVENTS))

/* name(argument: type, ...) */
static void
print_signature(const connlog_event_info *info)
{
	printf("%s(", info->name);
	for (const connlog_argument_info *a = info->arguments; a->name != NULL; a++)
		printf("%s%s: %s", a == info->arguments ? "" : ", ", a->name, a->type_name);
	printf(")\n");
}

static void
print_list(void)
{
	const connlog_event_info *info;

	for (size_t id = 0; (info = connlog_event_at(id)) != NULL; id++) {
		print_signature(info);
		printf("    %s%s\n", info->doc, info->frequent ? "  (with --all or --only)" : "");
	}
}

static uint64_t
usual(void)
{
	const connlog_event_info *info;
	uint64_t                  events = 0;

	for (size_t id = 0; (info = connlog_event_at(id)) != NULL; id++)
		events |= info->frequent ? 0 : UINT64_C(1) << id;
	return events;
}

static void
complain_name(const char *option, const char *name, size_t n)
{
	const connlog_event_info *info;
	struct near_names         near = { .used = 0 };

	for (size_t id = 0; (info = connlog_event_at(id)) != NULL; id++)
		near_look(&near, name, n, info->name);
	complain("--%s: no event is called '%.*s'%s%s%s `connlog events --list` lists them", option, (int)n, name,
	         near.used > 0 ? "; did you mean " : ":", near.list, near.used > 0 ? "?" : "");
}

/* Adds the events of a list with commas.  Returns false, after a message, for a name that is none of them. */
static bool
parse_names(const char *option, const char *list, uint64_t *out)
{
	char name[64];

	for (const char *p = list;; p++) {
		const size_t n = strcspn(p, ",");
		int          id = -1;
		if (n < sizeof name) {
			snprintf(name, sizeof name, "%.*s", (int)n, p);
			id = connlog_event_find(name);
		}
		if (id < 0) {
			complain_name(option, p, n);
			return false;
		}
		*out |= UINT64_C(1) << id;
		p += n;
		if (*p == '\0')
			return true;
	}
}

enum { OPT_ONLY = OPT_COMMAND, OPT_EXCEPT, OPT_ALL, OPT_LIST };

static const struct option_row rows[] = {
	{ OPT_ONLY, "only", "NAME,...", "print these events only" },
	{ OPT_EXCEPT, "except", "NAME,...", "do not print these" },
	{ OPT_ALL, "all", NULL, "print those that come by the packet too, and deliver all contents" },
	{ OPT_LIST, "list", NULL, "print the events with their arguments and what they say, and end" },
	{ 'o', "output", "DIR", "write DIR/events.log instead of standard output" },
};

static bool
apply(void *arg, int key, const char *value)
{
	struct settings *s = arg;

	switch (key) {
	case OPT_ONLY:
		return parse_names("only", value, &s->only);
	case OPT_EXCEPT:
		return parse_names("except", value, &s->except);
	case OPT_ALL:
		s->all = true;
		return assign_option(s, "tcp_content_deliver_all_orig", "T") &&
		       assign_option(s, "tcp_content_deliver_all_resp", "T");
	case OPT_LIST:
		s->list = true;
		return true;
	default:
		return settings_apply(s, key, value);
	}
}

static int
events_run(struct settings *s)
{
	if (s->list) {
		print_list();
		return EXIT_ALL_READ;
	}
	if (s->scripts != NULL)
		return complain_usage("%s adds columns, and events have none", s->scripts + 1);
	s->events = (s->only != 0 ? s->only : s->all ? ALL : usual()) & ~s->except;
	if (s->events == 0)
		return complain_usage("--only and --except leave no event to be printed");
	if (s->writer.format != NULL && strcmp(s->writer.format, "json") != 0)
		return complain_usage("LogAscii::use_json=F: events are JSON always");
	s->writer.format = "json";
	return read_run(s);
}

int
command_events(int argc, char **argv)
{
	const struct args_spec spec = {
		.command = "events",
		.about = "Prints what happens in the connections of captures: Zeek's events, an object of JSON a line.",
		.rows = rows,
		.rows_n = sizeof rows / sizeof rows[0],
		.shared = settings_rows,
		.shared_n = settings_rows_n,
		.apply = apply,
		.notes = "NAME=VALUE sets a constant by Zeek's name, e.g. tcp_content_delivery_ports_resp=80/tcp.\n"
				 "More in connlog-events(1).",
	};
	return settings_run(&spec, events_run, argc, argv);
}
