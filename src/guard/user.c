/* user.c - see user.h. */
#include "guard/user.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool
take(struct guard_user *u, const struct passwd *p)
{
	if (p == NULL)
		return false;
	*u = (struct guard_user){ .uid = p->pw_uid, .gid = p->pw_gid };
	snprintf(u->name, sizeof u->name, "%s", p->pw_name);
	return true;
}

bool
guard_find_user(struct guard_user *u, const char *wanted, const char *folder, char *err, size_t err_size)
{
	struct stat st;

	if (wanted != NULL) {
		if (take(u, getpwnam(wanted)))
			return true;
		snprintf(err, err_size, "no user is called '%s'", wanted);
		return false;
	}
	if (folder != NULL && stat(folder, &st) == 0 && st.st_uid != 0) {
		if (!take(u, getpwuid(st.st_uid)))
			*u = (struct guard_user){ .uid = st.st_uid, .gid = st.st_gid };
		return true;
	}
	if (take(u, getpwnam("connlog")) || take(u, getpwnam("nobody")))
		return true;
	snprintf(err, err_size, "there is neither a user connlog nor nobody");
	return false;
}

/* ---- the folder --------------------------------------------------------------------------------------------------- */

/* Returns whether the entry is a log called NAME.…, a hidden file of one, or the folder `inner`. */
static bool
belongs(int folder, const char *entry, const char *name, const struct stat *inner)
{
	const size_t n = strlen(name);
	const char  *p = *entry == '.' ? entry + 1 : entry;
	struct stat  st;

	if (fstatat(folder, entry, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return false;
	if (S_ISDIR(st.st_mode))
		return inner->st_ino != 0 && st.st_dev == inner->st_dev && st.st_ino == inner->st_ino;
	return strncmp(p, name, n) == 0 && p[n] == '.' && (S_ISREG(st.st_mode) || S_ISFIFO(st.st_mode));
}

static bool
is_dots(const char *entry)
{
	return strcmp(entry, ".") == 0 || strcmp(entry, "..") == 0;
}

/* Returns whether the folder contains only files of the log. */
static bool
is_ours_alone(DIR *d, const char *name, const struct stat *inner)
{
	struct dirent *e;

	rewinddir(d);
	while ((e = readdir(d)) != NULL)
		if (!is_dots(e->d_name) && !belongs(dirfd(d), e->d_name, name, inner))
			return false;
	return true;
}

static bool
give(DIR *d, const struct guard_user *u)
{
	struct dirent *e;
	struct stat    st;
	bool           good = true;

	rewinddir(d);
	while ((e = readdir(d)) != NULL)
		if (!is_dots(e->d_name) && fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISDIR(st.st_mode))
			good = fchownat(dirfd(d), e->d_name, u->uid, u->gid, AT_SYMLINK_NOFOLLOW) == 0 && good;
	return good && fchown(dirfd(d), u->uid, u->gid) == 0;
}

bool
guard_hand_over(const char *folder, const char *name, const char *inner, const struct guard_user *u)
{
	struct stat st, in = { 0 };
	DIR        *d = opendir(folder);
	bool        done = false;

	if (d == NULL)
		return false;
	if (inner != NULL && stat(inner, &in) != 0)
		in.st_ino = 0;
	if (fstat(dirfd(d), &st) == 0 && st.st_uid == 0 && (st.st_mode & S_IWOTH) == 0 && is_ours_alone(d, name, &in))
		done = give(d, u);
	closedir(d);
	return done;
}

/* ---- root --------------------------------------------------------------------------------------------------------- */

int
guard_become(const struct guard_user *u)
{
	const int groups = u->name[0] != '\0' ? initgroups(u->name, u->gid) : setgroups(1, &u->gid);

	if (groups != 0 || setresgid(u->gid, u->gid, u->gid) != 0 || setresuid(u->uid, u->uid, u->uid) != 0)
		return errno;
	return 0;
}
