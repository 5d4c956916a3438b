/* confine.c - see confine.h. */
#include "cli/confine.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cli/extract.h"
#include "cli/output.h"
#include "cli/settings.h"
#include "guard/guard.h"

int
confine_fall(const struct outfit *o)
{
	if (o->keeps)
		return 0;
	guard_bound_capabilities();
	const int why = o->falls ? guard_become(&o->user) : 0, caps = guard_drop_capabilities();

	if (GUARD_SANITIZED) /* whose runtime inspects the process like a debugger */
		prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
	return why != 0 ? why : caps;
}

/* ---- what is left ------------------------------------------------------------------------------------------------- */

/* Allows a file that gets its name when it is complete, or one that is not a regular file and is written in place. */
static bool
allow_output(struct guard *g, const char *path)
{
	struct stat st;

	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
		return guard_allow(g, path, GUARD_WRITE);
	return guard_allow_folder_of(g, path, GUARD_WRITE);
}

/* What reading captures and capturing live both need. */
static bool
allow_common(struct guard *g, const struct settings *s)
{
	/* Local times need the time zone; libcrypto looks for its settings when it is first used. */
	static const char *const files[] = { "/etc/localtime", "/usr/share/zoneinfo", "/etc/ssl/openssl.cnf",
		                                 "/usr/lib/ssl/openssl.cnf" };
	bool                     good = true;

	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
		good = good && guard_allow(g, files[i], GUARD_READ);
	for (size_t i = 0; i < s->lua_n; i++)
		good = good && guard_allow(g, s->lua[i], GUARD_READ);
	if (s->folder != NULL && output_is_parquet(&s->writer) && !output_is_lake(&s->writer, s->folder))
		good = good && allow_output(g, s->folder);
	else if (s->folder != NULL)
		good = good && guard_allow(g, s->folder, GUARD_WRITE);
	if (s->stats != NULL && strcmp(s->stats, "-") != 0)
		good = good && allow_output(g, s->stats);
	if (s->extracts)
		good = good && guard_allow_folder_of(g, s->extract_prefix != NULL ? s->extract_prefix : "", GUARD_WRITE);
	g->compiles = s->lua_n > 0 && s->unlimited;
	return good;
}

/* Where libpcap reads an interface's losses. */
static bool
allow_interfaces(struct guard *g)
{
	static const char folder[] = "/sys/class/net";
	struct dirent    *e;
	DIR              *d = opendir(folder);
	bool good = guard_allow(g, folder, GUARD_READ) && guard_allow(g, "/sys/devices/virtual/net", GUARD_READ);

	while (d != NULL && good && (e = readdir(d)) != NULL) {
		char path[sizeof folder + 1 + sizeof e->d_name], *real;
		snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
		if (*e->d_name == '.' || (real = realpath(path, NULL)) == NULL)
			continue;
		good = guard_allow(g, real, GUARD_READ);
		free(real);
	}
	if (d != NULL)
		closedir(d);
	return good;
}

/* A folder of captures may contain links to captures elsewhere. */
static bool
allow_links(struct guard *g, const char *path)
{
	DIR           *d = opendir(path);
	struct dirent *e;
	struct stat    st;
	char          *name = NULL;
	bool           good = true;

	while (d != NULL && good && (e = readdir(d)) != NULL) {
		if (fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISLNK(st.st_mode))
			continue;
		good = asprintf(&name, "%s/%s", path, e->d_name) >= 0 && guard_allow(g, name, GUARD_READ);
		free(name);
		name = NULL;
	}
	if (d != NULL)
		closedir(d);
	return good;
}

static bool
allow_inputs(struct guard *g, const struct settings *s)
{
	static const char as_zeek[] = "pcapng::";
	bool              good = true;

	for (size_t i = 0; i < s->inputs_n && good; i++) {
		const char *path = s->inputs[i];
		if (strncmp(path, as_zeek, sizeof as_zeek - 1) == 0)
			path += sizeof as_zeek - 1;
		good = guard_allow(g, path, GUARD_READ) && allow_links(g, path);
	}
	return good;
}

/* ---- giving up ---------------------------------------------------------------------------------------------------- */

/* Called once per process, so the text can be static. */
static void
confine(const struct settings *s, struct guard *g, const char *user, bool tell)
{
	char did[128], not_done[256];

	message_prepare();
	tzset();
	guard_confine(g, did, sizeof did, not_done, sizeof not_done);
	if (tell && s->verbose)
		complain("confined: %s%sno capabilities%s%s", user, *user != '\0' ? ", " : "", *did != '\0' ? ", " : "", did);
	if (tell && *not_done != '\0' && !s->quiet)
		complain("warning: packets are looked at without %s", not_done);
}

/* Returns false after a message. */
static bool
become_user(const struct settings *s, const struct outfit *o)
{
	const int   why = confine_fall(o);
	const char *name = o->user.name;

	if (why != 0 && s->live.user != NULL) {
		complain("cannot become %s: %s", name, strerror(why));
		return false;
	}
	if (why != 0) {
		if (!s->quiet)
			complain("warning: root is not given up, as it cannot become %s: %s", name, strerror(why));
		return true;
	}
	if (o->keeps || s->folder == NULL || faccessat(AT_FDCWD, s->folder, W_OK | X_OK, AT_EACCESS) == 0 ||
	    errno == ENOENT)
		return true;
	if (o->falls)
		complain("%s cannot be written to by %s, whom root becomes (%s): give the folder to %s with chown, or name "
		         "somebody else with --user",
		         s->folder, name, strerror(errno), name);
	else
		complain("%s cannot be written to without capabilities (%s): the folder has to belong to who runs connlog",
		         s->folder, strerror(errno));
	return false;
}

bool
confine_live(const struct settings *s, const struct outfit *o)
{
	struct guard g = { .captures = true, .serves = o->serve != NULL || o->page != NULL };

	if (s->no_sandbox && !s->quiet)
		complain("warning: --no-sandbox: a packet that breaks a decoder gets all rights that connlog has");
	if (!become_user(s, o))
		return false;
	if (s->no_sandbox)
		return true;
	bool good = allow_common(&g, s) && allow_interfaces(&g);
	if (s->config.path != NULL) /* which may be a different file by the time it is reread */
		good = good && guard_allow_folder_of(&g, s->config.path, GUARD_READ);
	if (s->enriching.path != NULL) /* likewise */
		good = good && guard_allow_folder_of(&g, s->enriching.path, GUARD_READ);
	if (s->live.rotation.folder != NULL)
		good = good && guard_allow(&g, s->live.rotation.folder, GUARD_WRITE);
	if (good)
		confine(s, &g, o->falls ? o->user.name : "", true);
	else
		complain("out of memory");
	guard_free(&g);
	return good;
}

void
confine_extract(const struct settings *s)
{
	struct guard g = { .captures = false };
	const char  *path = s->extract.path;
	bool         good = !s->no_sandbox && allow_common(&g, s) && allow_inputs(&g, s);

	if (s->no_sandbox)
		return;
	for (size_t i = 0; i < s->inputs_n; i++) /* where the index is */
		good = good && guard_allow_folder_of(&g, s->inputs[i], GUARD_READ);
	for (size_t i = 0; i < s->extract.logs_n; i++)
		good = good && guard_allow(&g, s->extract.logs[i], GUARD_READ);
	good = good && (extract_is_folder(path) ? guard_allow(&g, path, GUARD_WRITE) : allow_output(&g, path));
	if (good)
		confine(s, &g, "", false);
	else
		complain("warning: there is no memory to say what may be read, so all may be");
	guard_free(&g);
}

void
confine_index(const char *const *paths, size_t n, bool quiet)
{
	const struct settings s = { .quiet = quiet };
	struct guard          g = { .captures = false };
	bool                  good = allow_common(&g, &s);

	for (size_t i = 0; i < n; i++) {
		struct stat st;
		if (stat(paths[i], &st) == 0 && S_ISDIR(st.st_mode))
			good = good && guard_allow(&g, paths[i], GUARD_WRITE) && allow_links(&g, paths[i]);
		else
			good = good && guard_allow_folder_of(&g, paths[i], GUARD_WRITE);
	}
	if (good)
		confine(&s, &g, "", false);
	else
		complain("warning: there is no memory to say what may be read, so all may be");
	guard_free(&g);
}

void
confine_read(const struct settings *s)
{
	struct guard g = { .captures = false };

	if (s->no_sandbox)
		return;
	if (allow_common(&g, s) && allow_inputs(&g, s))
		confine(s, &g, "", false);
	else
		complain("warning: there is no memory to say what may be read, so all may be");
	guard_free(&g);
}
