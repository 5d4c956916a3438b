/* guard.h - drops privileges that the process does not need once its inputs are open, so that a packet that breaks a decoder
 * gains little.
 *
 * There are four independent parts: giving up root (user.h), dropping capabilities (caps.c), and restricting files (files.c,
 * Landlock) and system calls (calls.c, seccomp) to those on a list.  Threads inherit all of it, so it is done before any starts.
 */
#ifndef CONNLOG_GUARD_GUARD_H
#define CONNLOG_GUARD_GUARD_H

#include <stdbool.h>
#include <stddef.h>

enum guard_access {
	GUARD_READ,  /* a file, or everything in a folder */
	GUARD_WRITE, /* the same for reading and writing; in a folder, files can be created, renamed and removed */
};

/* What the process may still do. */
struct guard {
	struct guard_path {
		char             *path; /* allocated */
		enum guard_access access;
	} * paths;
	size_t paths_n;
	bool   captures; /* has packet sockets */
	bool   serves;   /* has a listening socket */
	bool   compiles; /* generates machine code, as LuaJIT does */
	bool   connects; /* is a client: makes connections, resolves names, loads libraries for that */
	bool spawns; /* runs programs, which inherit what is left: only calls that administer a system are forbidden then */
};

/* Adds a path; "" is ignored.  Returns false when out of memory. */
bool guard_allow(struct guard *g, const char *path, enum guard_access access);
/* Adds the folder that contains the file `path`. */
bool guard_allow_folder_of(struct guard *g, const char *path, enum guard_access access);
/* Frees the list. */
void guard_free(struct guard *g);

/* Prevents executed programs from gaining capabilities, as far as permitted (caps.c). */
void guard_bound_capabilities(void);
/* Drops all capabilities permanently.  Returns 0 or errno. */
int guard_drop_capabilities(void);

/* Confines the process to the files and calls of `g`.  Writes to `did` which restrictions are in place, such as "Landlock 7,
 * seccomp", and to `not_done` which are not and why, "" for none. */
void guard_confine(const struct guard *g, char *did, size_t did_size, char *not_done, size_t not_done_size);

/* The two parts of it.  Return 0 or errno; ENOSYS if this system or build does not have it (files.c, calls.c). */
int guard_files(const struct guard *g, int *version);
int guard_calls(const struct guard *g);
/* Returns which of them this build has, for --version; static. */
const char *guard_version(void);

/* A build with a sanitizer needs more: its runtime inspects the process at exit. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define GUARD_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define GUARD_SANITIZED 1
#endif
#endif
#ifndef GUARD_SANITIZED
#define GUARD_SANITIZED 0
#endif

#endif
