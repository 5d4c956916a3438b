/* calls.c - seccomp: the process may use the system calls on a list; any other call kills it.
 *
 * libseccomp knows the numbers of each architecture and builds the filter.  The list has what the program, the C library and
 * other libraries use after set-up; all tests run under it.
 */
#include <errno.h>
#include <stdint.h>

#include "guard/guard.h"

/* The list fits 64-bit architectures that pass arguments in registers, which is nearly all of them. */
#if defined(CONNLOG_SECCOMP) && __SIZEOF_POINTER__ == 8 && !defined(__s390x__)
#include <linux/sched.h>
#include <linux/sockios.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* Files, memory, threads, time: always needed. */
static const int always[] = {
	SCMP_SYS(access),
	SCMP_SYS(brk),
	SCMP_SYS(clock_getres),
	SCMP_SYS(clock_gettime),
	SCMP_SYS(clock_nanosleep),
	SCMP_SYS(close),
	SCMP_SYS(dup),
	SCMP_SYS(dup2),
	SCMP_SYS(dup3),
	SCMP_SYS(exit),
	SCMP_SYS(exit_group),
	SCMP_SYS(faccessat),
	SCMP_SYS(faccessat2),
	SCMP_SYS(fadvise64),
	SCMP_SYS(fallocate),
	SCMP_SYS(fchmod),
	SCMP_SYS(fchown),
	SCMP_SYS(fcntl),
	SCMP_SYS(fdatasync),
	SCMP_SYS(flock),
	SCMP_SYS(fstat),
	SCMP_SYS(fstatfs),
	SCMP_SYS(fsync),
	SCMP_SYS(ftruncate),
	SCMP_SYS(futex),
	SCMP_SYS(getcpu),
	SCMP_SYS(getcwd),
	SCMP_SYS(getdents64),
	SCMP_SYS(getegid),
	SCMP_SYS(geteuid),
	SCMP_SYS(getgid),
	SCMP_SYS(getpid),
	SCMP_SYS(getpriority),
	SCMP_SYS(getrandom),
	SCMP_SYS(getrusage),
	SCMP_SYS(gettid),
	SCMP_SYS(gettimeofday),
	SCMP_SYS(getuid),
	SCMP_SYS(lseek),
	SCMP_SYS(lstat),
	SCMP_SYS(madvise),
	SCMP_SYS(membarrier),
	SCMP_SYS(mincore),
	SCMP_SYS(mkdir),
	SCMP_SYS(mkdirat),
	SCMP_SYS(mremap),
	SCMP_SYS(msync),
	SCMP_SYS(munmap),
	SCMP_SYS(nanosleep),
	SCMP_SYS(newfstatat),
	SCMP_SYS(open),
	SCMP_SYS(openat),
	SCMP_SYS(poll),
	SCMP_SYS(ppoll),
	SCMP_SYS(pread64),
	SCMP_SYS(preadv),
	SCMP_SYS(pwrite64),
	SCMP_SYS(read),
	SCMP_SYS(readlink),
	SCMP_SYS(readlinkat),
	SCMP_SYS(readv),
	SCMP_SYS(rename),
	SCMP_SYS(renameat),
	SCMP_SYS(renameat2),
	SCMP_SYS(restart_syscall),
	SCMP_SYS(rseq),
	SCMP_SYS(rt_sigaction),
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(sched_getaffinity),
	SCMP_SYS(sched_yield),
	SCMP_SYS(set_robust_list),
	SCMP_SYS(setpriority),
	SCMP_SYS(sigaltstack),
	SCMP_SYS(stat),
	SCMP_SYS(statx),
	SCMP_SYS(sysinfo),
	SCMP_SYS(time),
	SCMP_SYS(times),
	SCMP_SYS(uname),
	SCMP_SYS(unlink),
	SCMP_SYS(unlinkat),
	SCMP_SYS(utimensat),
	SCMP_SYS(write),
	SCMP_SYS(writev),
};

/* For open packet sockets: filters, loss counters, binding to an interface that has come back. */
static const int capturing[] = {
	SCMP_SYS(bind),     SCMP_SYS(getsockname), SCMP_SYS(getsockopt),
	SCMP_SYS(recvfrom), SCMP_SYS(recvmsg),     SCMP_SYS(setsockopt),
};

/* For a listening socket. */
static const int serving[] = {
	SCMP_SYS(accept),     SCMP_SYS(accept4),  SCMP_SYS(epoll_create1), SCMP_SYS(epoll_ctl),   SCMP_SYS(epoll_pwait),
	SCMP_SYS(epoll_wait), SCMP_SYS(eventfd2), SCMP_SYS(getpeername),   SCMP_SYS(getsockname), SCMP_SYS(getsockopt),
	SCMP_SYS(pipe2),      SCMP_SYS(pselect6), SCMP_SYS(recvfrom),      SCMP_SYS(recvmsg),     SCMP_SYS(select),
	SCMP_SYS(sendfile),   SCMP_SYS(sendmsg),  SCMP_SYS(setsockopt),    SCMP_SYS(shutdown),
};

/* For clients: connections, name resolution, and the other needs of the libraries for databases and brokers. */
static const int connecting[] = {
	SCMP_SYS(bind),           SCMP_SYS(connect),         SCMP_SYS(epoll_create1), SCMP_SYS(epoll_ctl),
	SCMP_SYS(epoll_pwait),    SCMP_SYS(epoll_wait),      SCMP_SYS(eventfd2),      SCMP_SYS(getpeername),
	SCMP_SYS(getppid),        SCMP_SYS(getresgid),       SCMP_SYS(getresuid),     SCMP_SYS(getrlimit),
	SCMP_SYS(getsockname),    SCMP_SYS(getsockopt),      SCMP_SYS(pipe),          SCMP_SYS(pipe2),
	SCMP_SYS(pselect6),       SCMP_SYS(recvfrom),        SCMP_SYS(recvmmsg),      SCMP_SYS(recvmsg),
	SCMP_SYS(select),         SCMP_SYS(sendmmsg),        SCMP_SYS(sendmsg),       SCMP_SYS(sendto),
	SCMP_SYS(setsockopt),     SCMP_SYS(shutdown),        SCMP_SYS(socketpair),    SCMP_SYS(statfs),
	SCMP_SYS(timerfd_create), SCMP_SYS(timerfd_settime),
};

/* What no program that writes records needs: debugging, kernel modules, filesystems, namespaces, the clock. */
static const int administering[] = {
	SCMP_SYS(acct),
	SCMP_SYS(add_key),
	SCMP_SYS(adjtimex),
	SCMP_SYS(bpf),
	SCMP_SYS(chroot),
	SCMP_SYS(clock_adjtime),
	SCMP_SYS(clock_settime),
	SCMP_SYS(delete_module),
	SCMP_SYS(finit_module),
	SCMP_SYS(fsconfig),
	SCMP_SYS(fsmount),
	SCMP_SYS(fsopen),
	SCMP_SYS(init_module),
	SCMP_SYS(io_uring_enter),
	SCMP_SYS(io_uring_register),
	SCMP_SYS(io_uring_setup),
	SCMP_SYS(kcmp),
	SCMP_SYS(kexec_file_load),
	SCMP_SYS(kexec_load),
	SCMP_SYS(keyctl),
	SCMP_SYS(lookup_dcookie),
	SCMP_SYS(mount),
	SCMP_SYS(mount_setattr),
	SCMP_SYS(move_mount),
	SCMP_SYS(name_to_handle_at),
	SCMP_SYS(open_by_handle_at),
	SCMP_SYS(open_tree),
	SCMP_SYS(perf_event_open),
	SCMP_SYS(pivot_root),
	SCMP_SYS(process_vm_readv),
	SCMP_SYS(process_vm_writev),
	SCMP_SYS(ptrace),
	SCMP_SYS(quotactl),
	SCMP_SYS(reboot),
	SCMP_SYS(request_key),
	SCMP_SYS(setns),
	SCMP_SYS(settimeofday),
	SCMP_SYS(swapoff),
	SCMP_SYS(swapon),
	SCMP_SYS(syslog),
	SCMP_SYS(umount2),
	SCMP_SYS(unshare),
	SCMP_SYS(userfaultfd),
	SCMP_SYS(vhangup),
};

#if GUARD_SANITIZED
/* For the runtime of a sanitizer, which at exit stops all threads and scans their memory for leaks. */
static const int sanitizing[] = {
	SCMP_SYS(arch_prctl), SCMP_SYS(clone),    SCMP_SYS(getdents),   SCMP_SYS(getppid),          SCMP_SYS(getrlimit),
	SCMP_SYS(kill),       SCMP_SYS(pipe2),    SCMP_SYS(prctl),      SCMP_SYS(process_vm_readv), SCMP_SYS(ptrace),
	SCMP_SYS(prlimit64),  SCMP_SYS(tgkill),   SCMP_SYS(tkill),      SCMP_SYS(rt_sigtimedwait),  SCMP_SYS(wait4),
	SCMP_SYS(mmap),       SCMP_SYS(mprotect), SCMP_SYS(socketpair),
};
#endif

/* Adds the same rule for several calls.  Returns 0 or a negative errno.  Calls that an architecture does not have are skipped. */
static int
add_rules(scmp_filter_ctx ctx, uint32_t action, const int *calls, size_t n)
{
	int status = 0;

	for (size_t i = 0; i < n && status == 0; i++) {
		status = seccomp_rule_add(ctx, action, calls[i], 0);
		if (status == -EDOM || status == -EEXIST)
			status = 0;
	}
	return status;
}

#define ALLOW(ctx, calls) add_rules(ctx, SCMP_ACT_ALLOW, calls, sizeof(calls) / sizeof(calls)[0])

/* Calls that are allowed only with certain arguments: threads but no processes, no executable memory, no signals to other
 * processes. */
static int
allow_in_part(scmp_filter_ctx ctx, const struct guard *g)
{
	const uint32_t yes = SCMP_ACT_ALLOW, no = SCMP_ACT_ERRNO(EPERM);
	int            status = 0;

	/* A filter cannot see the flags of clone3(); without it glibc falls back to clone(). */
	status |= seccomp_rule_add(ctx, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
	if (!g->connects &&
	    (g->captures || g->serves)) /* without an address, on connected sockets such as those of rtnetlink */
		status |= seccomp_rule_add(ctx, yes, SCMP_SYS(sendto), 1, SCMP_A4(SCMP_CMP_EQ, 0));
	if (GUARD_SANITIZED)
		return status;
	status |= seccomp_rule_add(ctx, yes, SCMP_SYS(clone), 1, SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD));
	status |= seccomp_rule_add(ctx, yes, SCMP_SYS(tgkill), 1, SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid()));
	status |= seccomp_rule_add(ctx, yes, SCMP_SYS(prctl), 1, SCMP_A0(SCMP_CMP_EQ, PR_SET_NAME));
	status |= seccomp_rule_add(ctx, yes, SCMP_SYS(prlimit64), 1, SCMP_A2(SCMP_CMP_EQ, 0)); /* query only */
	status |= seccomp_rule_add(ctx, yes, SCMP_SYS(mmap), 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	status |= seccomp_rule_add(ctx, yes, SCMP_SYS(mprotect), 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	if (g->connects) { /* libraries loaded on demand: read-only code */
		const scmp_datum_t both = PROT_EXEC | PROT_WRITE;
		status |= seccomp_rule_add(ctx, yes, SCMP_SYS(mmap), 1, SCMP_A2(SCMP_CMP_MASKED_EQ, both, PROT_EXEC));
		status |= seccomp_rule_add(ctx, no, SCMP_SYS(mmap), 1, SCMP_A2(SCMP_CMP_MASKED_EQ, both, both));
		status |= seccomp_rule_add(ctx, no, SCMP_SYS(mprotect), 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, PROT_EXEC));
	} else if (g->compiles) {
		status |= seccomp_rule_add(ctx, yes, SCMP_SYS(mprotect), 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, PROT_EXEC));
		status |= seccomp_rule_add(ctx, yes, SCMP_SYS(mmap), 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, PROT_EXEC));
	} else { /* a library that tries to load another one gets an error and continues */
		status |= seccomp_rule_add(ctx, no, SCMP_SYS(mmap), 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, PROT_EXEC));
		status |= seccomp_rule_add(ctx, no, SCMP_SYS(mprotect), 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, PROT_EXEC));
	}
	return status;
}

/* Allows ioctl()s that query terminals, sockets and interfaces. */
static int
allow_questions(scmp_filter_ctx ctx, const struct guard *g)
{
	static const unsigned long client[] = { SIOCOUTQ, SIOCGIFNAME, SIOCGIFINDEX };
	static const unsigned long terminal[] = { TCGETS, TIOCGWINSZ, FIONREAD, FIONBIO };
	static const unsigned long interface[] = { SIOCGIFNAME,  SIOCGIFFLAGS, SIOCGIFMTU, SIOCGIFHWADDR,
		                                       SIOCGIFINDEX, SIOCETHTOOL,  SIOCGSTAMP };
	int                        status = 0;

	for (size_t i = 0; i < sizeof terminal / sizeof terminal[0]; i++)
		status |= seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1, SCMP_A1(SCMP_CMP_EQ, terminal[i]));
	for (size_t i = 0; g->connects && i < sizeof client / sizeof client[0]; i++)
		status |= seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1, SCMP_A1(SCMP_CMP_EQ, client[i]));
	for (size_t i = 0; g->captures && i < sizeof interface / sizeof interface[0]; i++)
		status |= seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1, SCMP_A1(SCMP_CMP_EQ, interface[i]));
	return status;
}

/* Sockets of a client: no packets from below, no other families. */
static int
allow_sockets(scmp_filter_ctx ctx)
{
	static const int families[] = { AF_UNIX, AF_INET, AF_INET6, AF_NETLINK };
	int              status = 0;

	for (size_t i = 0; i < sizeof families / sizeof families[0]; i++)
		status |=
			seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1, SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)families[i]));
	return status;
}

static int
load_and_release(scmp_filter_ctx ctx, int status)
{
	status = status != 0 ? -EINVAL : seccomp_load(ctx);
	seccomp_release(ctx);
	return -status;
}

/* For a process that runs programs: their needs are unknown, so only administrative calls are forbidden. */
static int
forbid_administering(void)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);

	if (ctx == NULL)
		return ENOMEM;
	seccomp_attr_set(ctx, SCMP_FLTATR_CTL_SSB, 1);
	seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	return load_and_release(
		ctx, add_rules(ctx, SCMP_ACT_ERRNO(EPERM), administering, sizeof administering / sizeof administering[0]));
}

int
guard_calls(const struct guard *g)
{
	scmp_filter_ctx ctx = g->spawns ? NULL : seccomp_init(SCMP_ACT_KILL_PROCESS);
	int             status = 0;

	if (g->spawns)
		return forbid_administering();
	if (ctx == NULL)
		return ENOMEM;
	seccomp_attr_set(ctx, SCMP_FLTATR_CTL_TSYNC, 1);    /* also for existing threads */
	seccomp_attr_set(ctx, SCMP_FLTATR_CTL_SSB, 1);      /* no untrusted code runs here: keep speculative store bypass */
	seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2); /* a binary tree instead of a list */
	status |= ALLOW(ctx, always);
	if (g->captures)
		status |= ALLOW(ctx, capturing);
	if (g->serves)
		status |= ALLOW(ctx, serving);
	if (g->connects)
		status |= ALLOW(ctx, connecting) | allow_sockets(ctx);
#if GUARD_SANITIZED
	status |= ALLOW(ctx, sanitizing);
#endif
	status |= allow_in_part(ctx, g) | allow_questions(ctx, g);
	return load_and_release(ctx, status);
}

const char *
guard_version(void)
{
	return "Landlock, seccomp";
}

#else

int
guard_calls(const struct guard *g)
{
	(void)g;
	return ENOSYS;
}

const char *
guard_version(void)
{
	return "Landlock (without seccomp)";
}
#endif
