/* reread.c - see reread.h.  It runs while packets are processed and without privileges, so only the lines that matter
 * are applied, and of the others only the names are checked: checking a filter, for example, could query a name server, which the sandbox would end. */
#include "cli/reread.h"

#include <stdlib.h>
#include <string.h>

/* Options, and Zeek's constants that mean the same. */
static const struct {
	const char *option, *constant;
	int         key;
} changing[] = {
	{ "rotate-interval", "Log::default_rotation_interval", OPT_ROTATE_INTERVAL },
	{ "rotate-size", NULL, OPT_ROTATE_SIZE },
	{ "keep-age", NULL, OPT_KEEP_AGE },
	{ "keep-size", NULL, OPT_KEEP_SIZE },
	{ "flush-interval", "Log::flush_interval", OPT_FLUSH_INTERVAL },
	{ "exit-timeout", NULL, OPT_EXIT_TIMEOUT },
};
enum { CHANGING = sizeof changing / sizeof changing[0], NAMES_MAX = 400 };

static bool
is_named(const struct config_line *line, const char *name)
{
	return name != NULL && strlen(name) == line->name_n && strncmp(line->text, name, line->name_n) == 0;
}

/* Returns the option that the line sets, or 0 if it sets something else. */
static int
key_of(const struct config_line *line)
{
	for (size_t i = 0; i < CHANGING; i++)
		if (is_named(line, changing[i].option) || is_named(line, changing[i].constant))
			return changing[i].key;
	return 0;
}

/* Returns whether two files set a name to the same values in the same order. */
static bool
says_the_same(const struct config *a, const struct config *b, const struct config_line *name)
{
	size_t i = 0, k = 0;

	for (;; i++, k++) {
		while (i < a->n &&
		       (a->lines[i].name_n != name->name_n || strncmp(a->lines[i].text, name->text, name->name_n) != 0))
			i++;
		while (k < b->n &&
		       (b->lines[k].name_n != name->name_n || strncmp(b->lines[k].text, name->text, name->name_n) != 0))
			k++;
		if (i == a->n || k == b->n)
			return i == a->n && k == b->n;
		if (strcmp(a->lines[i].text, b->lines[k].text) != 0)
			return false;
	}
}

/* Appends the names in `of` whose values differ, except those that may change and those that are listed already. */
static void
list_changes(const struct config *of, const struct config *other, char names[NAMES_MAX])
{
	for (size_t i = 0; i < of->n; i++) {
		char                      name[NAMES_MAX];
		const struct config_line *line = &of->lines[i];
		const size_t              n = strlen(names);
		const int                 len = snprintf(name, sizeof name, "%.*s", (int)line->name_n, line->text);
		if (key_of(line) != 0 || says_the_same(of, other, line) || strstr(names, name) != NULL)
			continue;
		if (n + (size_t)len + 3 < NAMES_MAX)
			snprintf(names + n, NAMES_MAX - n, "%s%s", n > 0 ? ", " : "", name);
	}
}

static bool
apply_lines(const struct settings *s, const struct config *c, struct live_settings *live)
{
	bool good = true;

	for (size_t i = 0; i < c->n; i++) {
		const int key = key_of(&c->lines[i]);
		complain_of(c->path, c->lines[i].number);
		good = config_knows(&settings_log_spec, &c->lines[i]) && good;
		if (key == 0 || s->given.keys[key])
			continue;
		good = live_settings_apply(live, key, c->lines[i].value) && good;
	}
	complain_of(NULL, 0);
	return good;
}

/* Applies what may change, unless the command line sets it. */
static void
take_over(const struct settings *s, struct live_settings *live, const struct live_settings *fresh)
{
	const bool *given = s->given.keys;

	if (!given[OPT_ROTATE_INTERVAL])
		live->rotation.interval = fresh->rotation.interval;
	if (!given[OPT_ROTATE_SIZE])
		live->rotation.size = fresh->rotation.size;
	if (!given[OPT_KEEP_AGE])
		live->retention.age = fresh->retention.age;
	if (!given[OPT_KEEP_SIZE])
		live->retention.size = fresh->retention.size;
	if (!given[OPT_FLUSH_INTERVAL])
		live->flush_interval = fresh->flush_interval;
	if (!given[OPT_EXIT_TIMEOUT])
		live->exit_timeout = fresh->exit_timeout;
}

bool
reread(const struct settings *s, struct live_settings *live)
{
	struct config        c;
	struct live_settings fresh;
	char                 names[NAMES_MAX] = "";

	live_settings_init(&fresh);
	bool good = config_load(&c, s->config.path);
	good = apply_lines(s, &c, &fresh) && good;
	if (good) {
		take_over(s, live, &fresh);
		list_changes(&c, &s->config, names);
		list_changes(&s->config, &c, names);
	} else {
		complain("warning: %s is not taken over: all settings stay as they were", s->config.path);
	}
	if (*names != '\0' && !s->quiet)
		complain("warning: %s: what has changed of these waits for the next start: %s", s->config.path, names);
	live_settings_free(&fresh);
	config_free(&c);
	return good;
}
