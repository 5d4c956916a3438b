/* What a process may still do after it was confined. Each case confines a child, which then tries something; the
 * child's exit status tells the result. A test in Python also builds this without sanitizers, for which the list of
 * calls is longer. */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "guard/guard.h"
#include "guard/user.h"
#include "guard_help.h"

static char folder[] = "/tmp/guard-test-XXXXXX", kept[64], other[64];

static char *
in(const char *dir, const char *name)
{
	static char path[2][128];
	static int  turn;

	turn = !turn;
	snprintf(path[turn], sizeof path[turn], "%s/%s", dir, name);
	return path[turn];
}

static int
files(const struct guard *g)
{
	int version;

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	return guard_files(g, &version);
}

static void
need_files(void)
{
	if (syscall(444, NULL, 0, 1) < 1)
		skip();
}

/* ---- calls -------------------------------------------------------------------------------------------------------- */

static int
open_socket(void)
{
	return socket(AF_INET, SOCK_DGRAM, 0) >= 0 ? 1 : 2;
}

static void
test_forbidden_calls_end_the_process(void **state)
{
	const struct guard none = { .paths = NULL };

	(void)state;
	need_calls();
	assert_int_equal(try_confined(calls, &none, open_socket), FORBIDDEN);
	assert_int_equal(try_confined(calls, &none, run_program), FORBIDDEN);
	assert_int_equal(try_confined(calls, &none, make_filesystem), FORBIDDEN);
	assert_int_equal(try_confined(calls, &none, load_bpf), FORBIDDEN);
	assert_int_equal(try_confined(calls, &none, change_user), FORBIDDEN);
	/* None of these is allowed for captures or servers. */
	const struct guard all = { .captures = true, .serves = true, .compiles = true };
	assert_int_equal(try_confined(calls, &all, open_socket), FORBIDDEN);
	assert_int_equal(try_confined(calls, &all, run_program), FORBIDDEN);
}

static int
map_code(void)
{
	void *at = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (at != MAP_FAILED)
		return 3;
	at = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return at == MAP_FAILED ? 4 : mprotect(at, 4096, PROT_READ | PROT_EXEC) == 0 ? 5 : errno == EPERM ? 0 : 6;
}

static int
compile(void)
{
	void *at = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return at != MAP_FAILED && mprotect(at, 4096, PROT_READ | PROT_EXEC) == 0 ? 0 : 3;
}

/* What a sanitizer's runtime needs is allowed in its builds. */
static void
test_no_processes_no_signals_no_code(void **state)
{
	const struct guard none = { .paths = NULL }, compiles = { .compiles = true };

	(void)state;
	need_calls();
	if (GUARD_SANITIZED)
		skip();
	assert_int_equal(try_confined(calls, &none, fork_child), FORBIDDEN);
	assert_int_equal(try_confined(calls, &none, kill_parent), FORBIDDEN);
	assert_int_equal(try_confined(calls, &none, look_into_parent), FORBIDDEN);
	assert_int_equal(try_confined(calls, &none, map_code), 0);
	assert_int_equal(try_confined(calls, &compiles, compile), 0);
}

static void *
idle(void *arg)
{
	return arg;
}

static int
use_what_is_allowed(void)
{
	pthread_t thread;
	char      bytes[8];
	const int fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	void     *memory = malloc(1 << 20);

	if (fd < 0 || read(fd, bytes, sizeof bytes) != sizeof bytes || memory == NULL)
		return 1;
	free(memory);
	close(fd);
	return pthread_create(&thread, NULL, idle, NULL) != 0 || pthread_join(thread, NULL) != 0;
}

static void
test_files_memory_and_threads_are_allowed(void **state)
{
	const struct guard none = { .paths = NULL };

	(void)state;
	need_calls();
	assert_int_equal(try_confined(calls, &none, use_what_is_allowed), 0);
}

static int pipe_ends[2];

static void *
wait_and_open_socket(void *arg)
{
	char byte;
	if (read(pipe_ends[0], &byte, 1) == 1)
		open_socket();
	return arg;
}

static int
start_thread_and_confine(const struct guard *g)
{
	static pthread_t thread;

	if (pipe(pipe_ends) != 0 || pthread_create(&thread, NULL, wait_and_open_socket, NULL) != 0)
		return 1;
	return calls(g);
}

static int
let_the_thread_go(void)
{
	if (write(pipe_ends[1], "x", 1) != 1)
		return 1;
	sleep(10);
	return 2;
}

static void
test_threads_that_are_there_are_confined_too(void **state)
{
	const struct guard none = { .paths = NULL };

	(void)state;
	need_calls();
	assert_int_equal(try_confined(start_thread_and_confine, &none, let_the_thread_go), FORBIDDEN);
}

/* ---- files -------------------------------------------------------------------------------------------------------- */

static int
write_in_folder(void)
{
	const int fd = open(in(kept, "new"), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0 || write(fd, "x", 1) != 1 || ftruncate(fd, 0) != 0)
		return 1;
	close(fd);
	if (rename(in(kept, "new"), in(kept, "old")) != 0 || mkdir(in(kept, "sub"), 0700) != 0)
		return 2;
	if (rename(in(kept, "old"), in(kept, "sub/old")) != 0 && errno != EXDEV) /* which version 1 cannot allow */
		return 3;
	return open("/etc/passwd", O_RDONLY) < 0 && errno == EACCES ? 0 : GUARD_SANITIZED ? 0 : 4;
}

static int
write_elsewhere(void)
{
	if (open(in(other, "new"), O_WRONLY | O_CREAT, 0600) >= 0 || errno != EACCES)
		return 1;
	if (open(in(other, "there"), O_WRONLY) >= 0 || errno != EACCES)
		return 2;
	return unlink(in(other, "there")) != 0 && errno == EACCES ? 0 : 3;
}

static int
read_and_not_write(void)
{
	if (open(in(other, "there"), O_RDONLY) < 0 || open(other, O_RDONLY | O_DIRECTORY) < 0)
		return 1;
	return write_elsewhere();
}

static int
connect_out(void)
{
	const struct sockaddr_in to = { .sin_family = AF_INET,
		                            .sin_port = htons(9),
		                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const int                fd = socket(AF_INET, SOCK_STREAM, 0);

	return connect(fd, (const struct sockaddr *)(const void *)&to, sizeof to) != 0 && errno == EACCES ? 0 : 1;
}

static void
test_only_what_is_allowed_can_be_opened(void **state)
{
	struct guard g = { .paths = NULL };

	(void)state;
	need_files();
	assert_true(guard_allow(&g, kept, GUARD_WRITE) && guard_allow(&g, "/no/such/file", GUARD_READ) &&
	            guard_allow(&g, "", GUARD_WRITE));
	assert_int_equal(try_confined(files, &g, write_in_folder), 0);
	assert_int_equal(try_confined(files, &g, write_elsewhere), 0);
	if (syscall(444, NULL, 0, 1) >= 4)
		assert_int_equal(try_confined(files, &g, connect_out), 0);
	assert_true(guard_allow(&g, other, GUARD_READ));
	assert_int_equal(try_confined(files, &g, read_and_not_write), 0);
	guard_free(&g);
}

static int
write_one_file(void)
{
	const int fd = open(in(other, "there"), O_WRONLY | O_TRUNC);
	return fd >= 0 && open(in(other, "new"), O_WRONLY | O_CREAT, 0600) < 0 ? 0 : 1;
}

static void
test_the_folder_of_a_file(void **state)
{
	struct guard g = { .paths = NULL };

	(void)state;
	assert_true(guard_allow_folder_of(&g, "/a/b", GUARD_WRITE) && guard_allow_folder_of(&g, "/a", GUARD_WRITE) &&
	            guard_allow_folder_of(&g, "a", GUARD_READ) && guard_allow_folder_of(&g, "b/", GUARD_READ));
	static const char *const want[] = { "/a", "/", ".", "b" };
	for (size_t i = 0; i < 4; i++)
		assert_string_equal(g.paths[i].path, want[i]);
	guard_free(&g);
	need_files();
	assert_true(guard_allow(&g, in(other, "there"), GUARD_WRITE));
	assert_int_equal(try_confined(files, &g, write_one_file), 0);
	guard_free(&g);
}

/* ---- root --------------------------------------------------------------------------------------------------------- */

static int
drop(const struct guard *g)
{
	(void)g;
	return guard_drop_capabilities();
}

static int
count_capabilities(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct   now[2];

	if (syscall(SYS_capget, &head, now) != 0)
		return 1;
	for (int i = 0; i < 2; i++)
		if (now[i].effective != 0 || now[i].permitted != 0 || now[i].inheritable != 0)
			return 2;
	return 0;
}

static void
test_capabilities_are_given_up(void **state)
{
	(void)state;
	assert_int_equal(try_confined(drop, NULL, count_capabilities), 0);
}

static struct guard_user user;

static int
become(const struct guard *g)
{
	(void)g;
	return guard_become(&user);
}

static int
try_to_be_root(void)
{
	uid_t real, effective, saved;

	if (getresuid(&real, &effective, &saved) != 0 || real != user.uid || effective != user.uid || saved != user.uid)
		return 1;
	return setuid(0) != 0 && setgid(0) != 0 && count_capabilities() == 0 ? 0 : 2;
}

static void
test_root_is_given_up(void **state)
{
	char err[128];

	(void)state;
	assert_false(guard_find_user(&user, "no-such-user", NULL, err, sizeof err));
	assert_string_equal(err, "no user is called 'no-such-user'");
	if (geteuid() != 0 || !guard_find_user(&user, "nobody", NULL, err, sizeof err))
		skip();
	assert_int_equal(try_confined(become, NULL, try_to_be_root), 0);
	assert_true(guard_find_user(&user, NULL, "/no/such/folder", err, sizeof err) && user.uid != 0);
	assert_int_equal(chown(other, 4711, 4712), 0);
	assert_true(guard_find_user(&user, NULL, other, err, sizeof err)); /* the folder's owner */
	assert_true(user.uid == 4711 && user.gid == 4712 && user.name[0] == '\0');
	assert_int_equal(try_confined(become, NULL, try_to_be_root), 0);
}

static uid_t
owner(const char *path)
{
	struct stat st;
	assert_int_equal(lstat(path, &st), 0);
	return st.st_uid;
}

static void
touch(const char *path)
{
	const int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	close(fd);
}

static void
test_a_folder_is_handed_over_with_its_logs(void **state)
{
	static const struct guard_user to = { "", 4711, 4711 };

	(void)state;
	if (geteuid() != 0)
		skip();
	char *logs = strdup(in(folder, "logs"));
	mkdir(logs, 0755);
	mkdir(in(logs, "rotated"), 0755);
	touch(in(logs, "conn.log"));
	touch(in(logs, ".conn.state"));
	touch(in(logs, "important"));
	assert_false(guard_hand_over(logs, "conn", in(logs, "rotated"), &to)); /* belongs to another user */
	unlink(in(logs, "important"));
	assert_false(guard_hand_over(logs, "conn", NULL, &to)); /* a folder that was not named */
	assert_int_equal(symlink("/etc/passwd", in(logs, "conn.link")), 0);
	assert_false(guard_hand_over(logs, "conn", in(logs, "rotated"), &to));
	unlink(in(logs, "conn.link"));
	assert_int_equal(owner(logs), 0);
	assert_true(guard_hand_over(logs, "conn", in(logs, "rotated"), &to));
	assert_int_equal(owner(logs), 4711);
	assert_int_equal(owner(in(logs, "conn.log")), 4711);
	assert_int_equal(owner(in(logs, ".conn.state")), 4711);
	assert_int_equal(owner(in(logs, "rotated")), 0);
	assert_false(guard_hand_over(logs, "conn", in(logs, "rotated"), &to)); /* no longer root's */
	assert_false(guard_hand_over("/no/such/folder", "conn", NULL, &to));
	free(logs);
}

static int
begin(void **state)
{
	(void)state;
	if (mkdtemp(folder) == NULL)
		return -1;
	chmod(folder, 0755);
	snprintf(kept, sizeof kept, "%s/kept", folder);
	snprintf(other, sizeof other, "%s/other", folder);
	if (mkdir(kept, 0777) != 0 || mkdir(other, 0777) != 0)
		return -1;
	touch(in(other, "there"));
	return 0;
}

static int
end(void **state)
{
	char *argv[] = { (char[]){ "rm" }, (char[]){ "-rf" }, folder, NULL };
	pid_t pid;
	int   status;

	(void)state;
	return posix_spawnp(&pid, "rm", NULL, NULL, argv, environ) == 0 && waitpid(pid, &status, 0) == pid ? status : -1;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forbidden_calls_end_the_process),
		cmocka_unit_test(test_no_processes_no_signals_no_code),
		cmocka_unit_test(test_files_memory_and_threads_are_allowed),
		cmocka_unit_test(test_threads_that_are_there_are_confined_too),
		cmocka_unit_test(test_only_what_is_allowed_can_be_opened),
		cmocka_unit_test(test_the_folder_of_a_file),
		cmocka_unit_test(test_capabilities_are_given_up),
		cmocka_unit_test(test_root_is_given_up),
		cmocka_unit_test(test_a_folder_is_handed_over_with_its_logs),
	};
	return cmocka_run_group_tests(tests, begin, end);
}
