/* fault.c - makes the nth call that requests something from the system fail: linked into build/san/connlog-faults with
 * --wrap, so that it is between all of connlog's own code and the C library, SQLite and hiredis (calls made by
 * libraries are not affected).
 *
 *   FAULT_AT=N     the Nth call fails, counted from 1; by default none does
 *   FAULT_AFTER=1  all later calls fail as well
 *   FAULT_COUNT=1  prints the number of calls at the end
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#ifdef CONNLOG_HIREDIS
#include <hiredis/hiredis.h>
#endif
#ifdef CONNLOG_SQLITE3
#include <sqlite3.h>
#endif

static atomic_long calls;
static long        fail_at;
static bool        fail_after;

static __attribute__((constructor)) void
begin(void)
{
	const char *at = getenv("FAULT_AT");

	fail_at = at ? atol(at) : 0;
	fail_after = getenv("FAULT_AFTER") != NULL;
}

static __attribute__((destructor)) void
end(void)
{
	if (getenv("FAULT_COUNT"))
		fprintf(stderr, "fault: %ld calls\n", (long)calls);
}

/* Counts a call. Returns whether it has to fail. */
static bool
fails(int error)
{
	const long n = atomic_fetch_add(&calls, 1) + 1;

	if (fail_at == 0 || n < fail_at || (n > fail_at && !fail_after))
		return false;
	errno = error;
	return true;
}

/* Defines a wrapper of `name` with these parameters, which fails with that result and errno. */
#define WRAP(type, name, parameters, arguments, failure, error)                                                        \
	type __real_##name parameters;                                                                                     \
	type __wrap_##name parameters;                                                                                     \
	type __wrap_##name parameters                                                                                      \
	{                                                                                                                  \
		if (fails(error))                                                                                              \
			return failure;                                                                                            \
		return __real_##name arguments;                                                                                \
	}

WRAP(void *, malloc, (size_t n), (n), NULL, ENOMEM)
WRAP(void *, calloc, (size_t n, size_t size), (n, size), NULL, ENOMEM)
WRAP(void *, realloc, (void *p, size_t n), (p, n), NULL, ENOMEM)
WRAP(void *, aligned_alloc, (size_t a, size_t n), (a, n), NULL, ENOMEM)
WRAP(char *, strdup, (const char *s), (s), NULL, ENOMEM)
WRAP(char *, strndup, (const char *s, size_t n), (s, n), NULL, ENOMEM)
WRAP(FILE *, open_memstream, (char **p, size_t *n), (p, n), NULL, ENOMEM)
WRAP(FILE *, fopen, (const char *path, const char *mode), (path, mode), NULL, EMFILE)
WRAP(void *, mmap, (void *p, size_t n, int prot, int flags, int fd, off_t at), (p, n, prot, flags, fd, at), MAP_FAILED,
     ENOMEM)
WRAP(ssize_t, write, (int fd, const void *p, size_t n), (fd, p, n), -1, fd == STDERR_FILENO ? EIO : ENOSPC)
WRAP(ssize_t, pwrite, (int fd, const void *p, size_t n, off_t at), (fd, p, n, at), -1, ENOSPC)
WRAP(ssize_t, read, (int fd, void *p, size_t n), (fd, p, n), -1, EIO)
WRAP(ssize_t, pread, (int fd, void *p, size_t n, off_t at), (fd, p, n, at), -1, EIO)
WRAP(int, ftruncate, (int fd, off_t n), (fd, n), -1, EIO)
WRAP(int, fsync, (int fd), (fd), -1, EIO)
WRAP(int, fdatasync, (int fd), (fd), -1, EIO)
WRAP(int, rename, (const char *from, const char *to), (from, to), -1, EIO)
WRAP(int, unlink, (const char *path), (path), -1, EIO)
WRAP(int, socket, (int family, int type, int protocol), (family, type, protocol), -1, EMFILE)
WRAP(int, socketpair, (int family, int type, int protocol, int two[2]), (family, type, protocol, two), -1, EMFILE)
WRAP(int, pipe2, (int two[2], int flags), (two, flags), -1, EMFILE)
WRAP(int, setsockopt, (int fd, int level, int name, const void *p, socklen_t n), (fd, level, name, p, n), -1, ENOMEM)
WRAP(pid_t, fork, (void), (), -1, EAGAIN)
WRAP(int, connect, (int fd, const struct sockaddr *to, socklen_t n), (fd, to, n), -1, ECONNREFUSED)
WRAP(int, bind, (int fd, const struct sockaddr *to, socklen_t n), (fd, to, n), -1, EADDRINUSE)
WRAP(int, listen, (int fd, int n), (fd, n), -1, EADDRINUSE)
WRAP(ssize_t, send, (int fd, const void *p, size_t n, int flags), (fd, p, n, flags), -1, EPIPE)
WRAP(ssize_t, recv, (int fd, void *p, size_t n, int flags), (fd, p, n, flags), -1, ECONNRESET)
WRAP(int, poll, (struct pollfd * p, nfds_t n, int ms), (p, n, ms), -1, ENOMEM)
WRAP(int, dup2, (int from, int to), (from, to), -1, EBUSY)
WRAP(int, mkdir, (const char *path, mode_t mode), (path, mode), -1, EROFS)
WRAP(int, renameat2, (int at, const char *from, int to_at, const char *to, unsigned flags),
     (at, from, to_at, to, flags), -1, EIO)
WRAP(off_t, lseek, (int fd, off_t n, int from), (fd, n, from), -1, EIO)
WRAP(int, fstat, (int fd, struct stat *st), (fd, st), -1, EIO)
WRAP(DIR *, opendir, (const char *path), (path), NULL, EMFILE)
WRAP(int, posix_fallocate, (int fd, off_t at, off_t n), (fd, at, n), ENOSPC, ENOSPC)
WRAP(int, posix_spawn,
     (pid_t * pid, const char *path, const posix_spawn_file_actions_t *files, const posix_spawnattr_t *attributes,
      char *const argv[], char *const environment[]),
     (pid, path, files, attributes, argv, environment), EAGAIN, EAGAIN)
WRAP(int, getaddrinfo, (const char *host, const char *port, const struct addrinfo *hints, struct addrinfo **out),
     (host, port, hints, out), EAI_AGAIN, EAGAIN)

#ifdef CONNLOG_SQLITE3
WRAP(int, sqlite3_exec,
     (sqlite3 * db, const char *sql, int (*row)(void *, int, char **, char **), void *arg, char **err),
     (db, sql, row, arg, err), SQLITE_BUSY, 0)
WRAP(int, sqlite3_prepare_v2, (sqlite3 * db, const char *sql, int n, sqlite3_stmt **out, const char **rest),
     (db, sql, n, out, rest), SQLITE_NOMEM, 0)
WRAP(int, sqlite3_bind_text, (sqlite3_stmt * s, int i, const char *p, int n, void (*done)(void *)), (s, i, p, n, done),
     SQLITE_NOMEM, 0)
WRAP(int, sqlite3_step, (sqlite3_stmt * s), (s), SQLITE_FULL, 0)
WRAP(char *, sqlite3_vmprintf, (const char *format, va_list args), (format, args), NULL, 0)

int __real_sqlite3_open_v2(const char *path, sqlite3 **out, int flags, const char *vfs);
int __wrap_sqlite3_open_v2(const char *path, sqlite3 **out, int flags, const char *vfs);
int
__wrap_sqlite3_open_v2(const char *path, sqlite3 **out, int flags, const char *vfs)
{
	*out = NULL;
	return fails(0) ? SQLITE_NOMEM : __real_sqlite3_open_v2(path, out, flags, vfs);
}

char *__wrap_sqlite3_mprintf(const char *format, ...);
char *
__wrap_sqlite3_mprintf(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	char *text = __wrap_sqlite3_vmprintf(format, args);
	va_end(args);
	return text;
}
#endif

#ifdef CONNLOG_HIREDIS
WRAP(redisReader *, redisReaderCreate, (void), (), NULL, 0)
WRAP(int, redisReaderFeed, (redisReader * r, const char *p, size_t n), (r, p, n), REDIS_ERR, 0)
WRAP(int, redisReaderGetReply, (redisReader * r, void **reply), (r, reply), REDIS_ERR, 0)
#endif

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int
__wrap_open(const char *path, int flags, ...)
{
	va_list  more;
	unsigned mode = 0;

	if (flags & (O_CREAT | O_TMPFILE)) {
		va_start(more, flags);
		mode = va_arg(more, unsigned);
		va_end(more);
	}
	return fails(EMFILE) ? -1 : __real_open(path, flags, mode);
}

int __real_vasprintf(char **out, const char *format, va_list args);
int __wrap_vasprintf(char **out, const char *format, va_list args);
int __attribute__((format(printf, 2, 0))) __wrap_vasprintf(char **out, const char *format, va_list args)
{
	return fails(ENOMEM) ? -1 : __real_vasprintf(out, format, args);
}

int __wrap_asprintf(char **out, const char *format, ...) __attribute__((format(printf, 2, 3)));
int
__wrap_asprintf(char **out, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	const int n = __wrap_vasprintf(out, format, args);
	va_end(args);
	return n;
}

int __real_pthread_create(pthread_t *t, const pthread_attr_t *a, void *(*fn)(void *), void *arg);
int __wrap_pthread_create(pthread_t *t, const pthread_attr_t *a, void *(*fn)(void *), void *arg);
int
__wrap_pthread_create(pthread_t *t, const pthread_attr_t *a, void *(*fn)(void *), void *arg)
{
	return fails(EAGAIN) ? EAGAIN : __real_pthread_create(t, a, fn, arg);
}
