/* guard_help.h - shared by the tests of confinement: a child that is confined and then tries something. */
#ifndef CONNLOG_TEST_GUARD_HELP_H
#define CONNLOG_TEST_GUARD_HELP_H

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "guard/guard.h"

#define FORBIDDEN (-SIGSYS) /* killed by the kernel */

/* Returns the result of the attempt in a confined child, or minus the signal that ended it. */
static inline int
try_confined(int (*confine)(const struct guard *g), const struct guard *g, int (*attempt)(void))
{
	int         status;
	const pid_t pid = fork();

	if (pid == 0)
		_exit(confine(g) == 0 ? attempt() : 99);
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static inline int
calls(const struct guard *g)
{
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	return guard_calls(g);
}

static inline void
need_calls(void)
{
	if (strstr(guard_version(), "without") != NULL)
		skip();
}

static inline int
run_program(void)
{
	execl("/bin/true", "true", (char *)NULL);
	return 2;
}

static inline int
make_filesystem(void)
{
	return syscall(SYS_mount, "none", "/", "tmpfs", 0, NULL) == 0;
}

static inline int
load_bpf(void)
{
	return syscall(SYS_bpf, 0, NULL, 0) == 0;
}

static inline int
change_user(void)
{
	return syscall(SYS_setuid, 0) == 0;
}

static inline int
fork_child(void)
{
	const pid_t pid = fork();
	if (pid == 0)
		_exit(0);
	return 3;
}

static inline int
kill_parent(void)
{
	kill(getppid(), 0);
	return 3;
}

static inline int
look_into_parent(void)
{
	syscall(SYS_ptrace, 16, getppid(), 0, 0);
	return 3;
}

#endif
