/* What a process that delivers records may do: a network client, and one that runs a command. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "guard_help.h"

static int
open_packet_socket(void)
{
	return socket(AF_PACKET, SOCK_RAW, 0) >= 0 ? 1 : 2;
}

/* Connects to itself, as a client would, and sends and receives a byte. */
static int
be_a_client(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t          at_n = sizeof at;
	char               byte = 0;
	const int          fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (fd < 0 || bind(fd, (const struct sockaddr *)(const void *)&at, sizeof at) != 0 ||
	    getsockname(fd, (struct sockaddr *)(void *)&at, &at_n) != 0)
		return 1;
	if (connect(fd, (const struct sockaddr *)(const void *)&at, sizeof at) != 0 || send(fd, "x", 1, 0) != 1)
		return 2;
	return recv(fd, &byte, 1, 0) == 1 && byte == 'x' ? 0 : 3;
}

/* A library can be loaded, but writable memory cannot be executed. */
static int
load_but_not_write_code(void)
{
	const int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	void     *at = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);

	if (at == MAP_FAILED)
		return 3;
	at = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (at != MAP_FAILED)
		return 4;
	at = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return at == MAP_FAILED ? 5 : mprotect(at, 4096, PROT_READ | PROT_EXEC) == 0 ? 6 : errno == EPERM ? 0 : 7;
}

static void
test_a_client_connects_and_does_nothing_else(void **state)
{
	const struct guard client = { .connects = true };

	(void)state;
	need_calls();
	assert_int_equal(try_confined(calls, &client, be_a_client), 0);
	assert_int_equal(try_confined(calls, &client, open_packet_socket), FORBIDDEN);
	assert_int_equal(try_confined(calls, &client, run_program), FORBIDDEN);
	assert_int_equal(try_confined(calls, &client, make_filesystem), FORBIDDEN);
	assert_int_equal(try_confined(calls, &client, load_bpf), FORBIDDEN);
	assert_int_equal(try_confined(calls, &client, change_user), FORBIDDEN);
	if (GUARD_SANITIZED)
		return;
	assert_int_equal(try_confined(calls, &client, fork_child), FORBIDDEN);
	assert_int_equal(try_confined(calls, &client, kill_parent), FORBIDDEN);
	assert_int_equal(try_confined(calls, &client, look_into_parent), FORBIDDEN);
	assert_int_equal(try_confined(calls, &client, load_but_not_write_code), 0);
}

static int
run_true(void)
{
	int         status;
	const pid_t pid = fork();

	if (pid == 0)
		execl("/bin/true", "true", (char *)NULL);
	return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : 3;
}

static int
administer(void)
{
	if (syscall(SYS_mount, "none", "/", "tmpfs", 0, NULL) == 0 || errno != EPERM)
		return 1;
	if (syscall(SYS_bpf, 0, NULL, 0) == 0 || errno != EPERM)
		return 2;
	return syscall(SYS_ptrace, 16, getppid(), 0, 0) != 0 && errno == EPERM ? 0 : 3;
}

static void
test_a_command_does_not_administer_the_system(void **state)
{
	const struct guard command = { .spawns = true };

	(void)state;
	need_calls();
	assert_int_equal(try_confined(calls, &command, administer), 0);
	if (!GUARD_SANITIZED)
		assert_int_equal(try_confined(calls, &command, run_true), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_client_connects_and_does_nothing_else),
		cmocka_unit_test(test_a_command_does_not_administer_the_system),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
