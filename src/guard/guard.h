/* guard.h - takes from the process what it does not need once its inputs are open, so that a packet that breaks a decoder wins little.
 *
 * Four things, each of which stands alone where the others are missing: root is given up (user.h), capabilities are (caps.c), files
 * outside of a list are out of reach (files.c, Landlock), and so are system calls outside of a list (calls.c, seccomp).
 * All of it holds for threads that are begun later, so it is to be done before there are any.
 */
#ifndef CONNLOG_GUARD_GUARD_H
#define CONNLOG_GUARD_GUARD_H

#include <stdbool.h>
#include <stddef.h>

enum guard_access {
	GUARD_READ,  /* a file, or all that is in a folder */
	GUARD_WRITE, /* the same to read and write; in a folder files can be made, renamed and removed */
};

/* What is left to the process. */
struct guard {
	struct guard_path {
		char             *path; /* of the heap */
		enum guard_access access;
	} * paths;
	size_t paths_n;
	bool   captures; /* has packet sockets */
	bool   serves;   /* has a socket that listens */
	bool   compiles; /* makes machine code, as LuaJIT does */
};

/* Adds a path; "" is nothing. Returns false without memory. */
bool guard_allow(struct guard *g, const char *path, enum guard_access access);
/* The same for the folder that a path names a file in. */
bool guard_allow_folder_of(struct guard *g, const char *path, enum guard_access access);
/* Frees the list. */
void guard_free(struct guard *g);

/* Sees to it that no program gets a capability that this process would run, as far as it may. (caps.c) */
void guard_bound_capabilities(void);
/* Gives up all capabilities, for good. Returns 0 or errno. */
int guard_drop_capabilities(void);

/* Confines the process to the files and the calls that are left to it. `did` becomes a text of what could be done: "Landlock 7,
 * seccomp"; `not_done` of what could not, "" for nothing. */
void guard_confine(const struct guard *g, char *did, size_t did_size, char *not_done, size_t not_done_size);

/* The two halves of it. Return 0 or errno; ENOSYS: this system, or this build, has it not. (files.c, calls.c) */
int guard_files(const struct guard *g, int *version);
int guard_calls(const struct guard *g);
/* Returns which of them this build has, for --version. Static. */
const char *guard_version(void);

/* A build with a sanitizer needs more: its runtime looks at the process at the end. */
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
