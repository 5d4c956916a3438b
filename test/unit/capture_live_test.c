/* Capturing live, from the loopback interface of a network namespace of the test's own: nothing else is in it.
 * Where the system forbids such namespaces the tests that need one are skipped. */
#include "capture_build.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define PACKETS 200

static bool isolated;

static int
make_network(void **state)
{
	struct ifreq up = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int          fd;

	(void)state;
	if (unshare(CLONE_NEWNET) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0)
		return 0;
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	isolated = fd >= 0 && ioctl(fd, SIOCSIFFLAGS, &up) == 0;
	close(fd);
	return 0;
}

/* Sends datagrams of 1, 2, 3 … bytes to 127.0.0.1, from a port to itself. */
static void
send_packets(unsigned port, unsigned n)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	uint8_t            bytes[PACKETS] = { 0 };
	int                fd = socket(AF_INET, SOCK_DGRAM, 0);

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&to, sizeof to), 0);
	for (unsigned i = 0; i < n; i++)
		assert_int_equal(sendto(fd, bytes, i + 1, 0, (struct sockaddr *)&to, sizeof to), i + 1);
	close(fd);
}

/* What was sent before the stop comes, what the filter leaves out does not, and then the end. */
static void
captures_until_it_is_stopped(void **state)
{
	connlog_source_progress progress;
	connlog_source         *s;
	connlog_packet          p[64];
	char                    err[300] = "";
	unsigned                n = 0;
	int                     r;

	(void)state;
	if (!isolated)
		skip();
	s = connlog_source_live("lo", "udp port 4000", err, sizeof err);
	if (!s)
		fail_msg("%s", err);
	assert_int_equal(connlog_source_read(s, p, 64, err, sizeof err), 0);
	send_packets(4001, 10);
	send_packets(4000, PACKETS);
	connlog_source_stop(s);
	while ((r = connlog_source_read(s, p, 64, err, sizeof err)) >= 0) {
		assert_true(r > 0);
		for (int i = 0; i < r; i++, n++) {
			assert_int_equal(p[i].link, 1);
			assert_int_equal(p[i].caplen, 14 + 20 + 8 + n + 1);
			assert_int_equal(p[i].len, p[i].caplen);
			assert_int_equal(p[i].data[34] << 8 | p[i].data[35], 4000); /* the source port */
			assert_true(p[i].sec > 1600000000 && p[i].nsec < 1000000000);
		}
	}
	assert_int_equal(r, CONNLOG_END);
	assert_int_equal(n, PACKETS);
	connlog_source_progress_get(s, &progress);
	assert_int_equal(progress.packets, PACKETS);
	assert_int_equal(progress.dropped, 0);
	assert_string_equal(progress.name, "lo");
	assert_int_equal(connlog_source_read(s, p, 64, err, sizeof err), CONNLOG_END);
	connlog_source_free(s);
}

static void
what_cannot_be_captured(void **state)
{
	char err[300] = "";

	(void)state;
	if (!isolated)
		skip();
	assert_null(connlog_source_live("nosuch0", NULL, err, sizeof err));
	assert_string_equal(err, "nosuch0: No such device exists");
	assert_null(connlog_source_live("lo", "no such words", err, sizeof err));
	assert_non_null(strstr(err, "the filter 'no such words' does not compile for lo: "));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(captures_until_it_is_stopped),
		cmocka_unit_test(what_cannot_be_captured),
	};

	return cmocka_run_group_tests(tests, make_network, NULL);
}
