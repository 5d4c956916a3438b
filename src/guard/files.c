/* files.c - Landlock: only files on a list can be opened, and network connections are only made by clients.
 *
 * The kernel reports its Landlock version; what that version does not know is not restricted.  Structures and numbers are the
 * kernel's (linux/landlock.h), from a newer version than Debian 12's header.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "guard/guard.h"

/* The same number on all architectures. */
#define CREATE_RULESET 444
#define ADD_RULE       445
#define RESTRICT_SELF  446

enum { ASK_VERSION = 1, RULE_PATH_BENEATH = 1 };

enum {
	EXECUTE = 1 << 0,
	WRITE_FILE = 1 << 1,
	READ_FILE = 1 << 2,
	READ_DIR = 1 << 3,
	REMOVE_FILE = 1 << 5,
	MAKE_DIR = 1 << 7,
	MAKE_REG = 1 << 8,
	VERSION_1 = (1 << 13) - 1,
	REFER = 1 << 13,     /* version 2: renaming between folders */
	TRUNCATE = 1 << 14,  /* version 3 */
	IOCTL_DEV = 1 << 15, /* version 5 */
};

enum { BIND_TCP = 1 << 0, CONNECT_TCP = 1 << 1 };
enum { ABSTRACT_SOCKETS = 1 << 0, SIGNALS = 1 << 1 };

struct ruleset {
	uint64_t files, network, scopes;
};

struct path_rule {
	uint64_t access;
	int32_t  fd;
} __attribute__((packed));

static uint64_t
known_to(int version)
{
	uint64_t files = VERSION_1;

	files |= version >= 2 ? REFER : 0;
	files |= version >= 3 ? TRUNCATE : 0;
	files |= version >= 5 ? IOCTL_DEV : 0;
	return files;
}

/* A path that does not exist cannot be opened anyway. */
static void
add_path(int ruleset, const struct guard_path *p, uint64_t known)
{
	const int        fd = open(p->path, O_PATH | O_CLOEXEC);
	struct stat      st;
	struct path_rule rule = { .access = READ_FILE | READ_DIR, .fd = fd };

	if (fd < 0)
		return;
	if (p->access == GUARD_WRITE)
		rule.access |= WRITE_FILE | REMOVE_FILE | MAKE_DIR | MAKE_REG | REFER | TRUNCATE;
	if (fstat(fd, &st) != 0 || !S_ISDIR(st.st_mode))
		rule.access &= READ_FILE | WRITE_FILE | TRUNCATE;
	rule.access &= known;
	syscall(ADD_RULE, ruleset, RULE_PATH_BENEATH, &rule, 0);
	close(fd);
}

int
guard_files(const struct guard *g, int *version)
{
	*version = (int)syscall(CREATE_RULESET, NULL, 0, ASK_VERSION);
	if (*version < 1)
		return errno == EOPNOTSUPP ? ENOSYS : errno;
	struct ruleset all = { .files = known_to(*version) };
	all.network = *version < 4 ? 0 : g->connects ? BIND_TCP : BIND_TCP | CONNECT_TCP;
	all.scopes = *version < 6 ? 0 : g->connects ? SIGNALS : ABSTRACT_SOCKETS | SIGNALS; /* of and to other processes */
	const size_t size = *version >= 6 ? sizeof all : *version >= 4 ? 16 : 8;
	const int    fd = (int)syscall(CREATE_RULESET, &all, size, 0);
	if (fd < 0)
		return errno;
	for (size_t i = 0; i < g->paths_n; i++)
		add_path(fd, &g->paths[i], all.files);
	if (GUARD_SANITIZED) /* the sanitizer's runtime reads /proc, and the program itself for symbols */
		add_path(fd, &(struct guard_path){ (char[]){ "/" }, GUARD_READ }, all.files);
	const int why = syscall(RESTRICT_SELF, fd, 0) == 0 ? 0 : errno;
	close(fd);
	return why;
}
