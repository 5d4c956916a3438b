/* confine.c - what a delivering process may still do: what its kind of sink needs (kind.h), as far as the kernel can
 * distinguish it.
 *
 * A client may connect anywhere and read the files for name resolution and certificates, but no others. A sink that
 * writes files may write to its folder, and has no network. A process that runs commands is only prevented from
 * administering the system.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "guard/guard.h"
#include "ship/carrier.h"

/* Librdkafka runs kinit for it. */
static bool
is_kerberos(const struct url *u)
{
	bool found = false;

	for (size_t i = 0; i < u->options_n; i++)
		found =
			found || (strstr(u->options[i].name, "mechanism") != NULL && strstr(u->options[i].value, "GSSAPI") != NULL);
	return found;
}

/* Allows writing to a folder or, if it does not exist yet, to the folder in which it would be created. */
static bool
allow_folder(struct guard *g, const char *path)
{
	char       *folder = strdup(*path != '\0' ? path : ".");
	struct stat st;
	char       *slash;

	while (folder != NULL && stat(folder, &st) != 0 && (slash = strrchr(folder, '/')) != NULL && slash != folder)
		*slash = '\0';
	const bool good = folder != NULL && guard_allow(g, stat(folder, &st) == 0 ? folder : ".", GUARD_WRITE);
	free(folder);
	return good;
}

/* Allows writing to the folder of a file, or to the file itself if it exists and is not a regular one. */
static bool
allow_file(struct guard *g, const char *path)
{
	struct stat st;

	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
		return guard_allow(g, path, GUARD_WRITE);
	const char *slash = strrchr(path, '/');
	char       *folder = slash == NULL ? strdup(".") : strndup(path, slash == path ? 1 : (size_t)(slash - path));
    const bool good = folder != NULL && allow_folder(g, folder);
	free(folder);
	return good;
}

/* Allows reading what name resolution, certificates and libraries need on any system, and the files that options
 * name. */
static bool
allow_client(struct guard *g, const struct url *u)
{
	static const char *const folders[] = { "/etc", "/usr", "/lib", "/lib64", "/run", "/proc/self", "/proc/sys" };
	bool                     good = true;
	struct stat              st;

	for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++)
		good = good && guard_allow(g, folders[i], GUARD_READ);
	for (size_t i = 0; i < u->options_n; i++)
		if (stat(u->options[i].value, &st) == 0)
			good = good && guard_allow(g, u->options[i].value, GUARD_READ);
	return good;
}

bool
carrier_confine(const struct runner *r, const char *spool)
{
	static const char *const files[] = { "/dev/null", "/dev/urandom", "/etc/localtime", "/usr/share/zoneinfo" };
	const struct url        *u = r->link.url;
	const unsigned           needs = r->kind->needs;
	struct guard             g = { .connects = (needs & NEED_NETWORK) != 0,
		                           .spawns = (needs & NEED_PROGRAMS) != 0 || is_kerberos(u) };
	char                     did[128], not_done[256]; /* reported by the other process for itself */
	bool                     good = spool == NULL || guard_allow(&g, spool, GUARD_WRITE);

	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
		good = good && guard_allow(&g, files[i], GUARD_READ);
	if ((needs & NEED_FOLDER) != 0)
		good = good && allow_folder(&g, u->path);
	if ((needs & NEED_FILE) != 0)
		good = good && allow_file(&g, u->path);
	if (g.connects)
		good = good && allow_client(&g, u);
	if (good)
		guard_confine(&g, did, sizeof did, not_done, sizeof not_done);
	guard_free(&g);
	return good;
}
