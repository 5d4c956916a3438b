/* Live capture from the loopback interface of the test's own network namespace, in which there is nothing else. If the
 * system forbids such namespaces, the tests that need one are skipped. */
#include "capture_build.h"

#include <arpa/inet.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "capture/iface.h"

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

/* Packets sent before the stop are returned, except filtered ones, and then the end. */
static void
captures_until_it_is_stopped(void **state)
{
	connlog_source_progress    progress;
	connlog_interface_progress interface;
	connlog_source            *s;
	connlog_packet             p[64];
	char                       err[300] = "";
	unsigned                   n = 0;
	int                        r;

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
	assert_true(connlog_source_interface(s, 0, &interface));
	assert_string_equal(interface.name, "lo");
	assert_int_equal(interface.packets, PACKETS);
	assert_int_equal(interface.bytes, progress.bytes);
	assert_false(interface.down);
	assert_false(connlog_source_interface(s, 1, &interface));
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
	assert_non_null(strstr(err, "the filter 'no such words' does not compile for link type 1 (EN10MB): "));
}

static void
options_that_cannot_be(void **state)
{
	static const struct {
		connlog_live_options o;
		const char          *text;
	} cases[] = {
		{ { .block = 100000 }, "a power of two: not 100000 bytes" },
		{ { .block = 4096 }, "a ring's blocks are of 16 KiB to 64 MiB" },
		{ { .ring = 1 << 18 }, "a ring has two blocks (of 256 KiB) at least" },
		{ { .ring = UINT64_C(1) << 32 }, "less than 4 GiB" },
		{ { .timeout = 10001 }, "a ring's time-out is 1 to 10000 ms: not 10001" },
		{ { .snaplen = 10 }, "64 to 262144 bytes of a packet can be captured: not 10" },
	};
	const char *const lo = "lo";
	char              err[300];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		assert_null(connlog_source_interfaces(&lo, 1, &cases[i].o, err, sizeof err));
		if (!strstr(err, cases[i].text))
			fail_msg("%s", err);
	}
}

/* The other end of a socket pair plays the part of the kernel. */
static void
drops_of_the_card(void **state)
{
	struct {
		struct nlmsghdr          head;
		struct ifinfomsg         info;
		struct rtattr            name_head;
		char                     name[4];
		struct rtattr            stats_head;
		struct rtnl_link_stats64 stats;
	} __attribute__((packed))
	answer = { .head = { .nlmsg_len = sizeof answer, .nlmsg_type = RTM_NEWLINK },
		       .name_head = { .rta_len = RTA_LENGTH(4), .rta_type = IFLA_IFNAME },
		       .stats_head = { .rta_len = RTA_LENGTH(sizeof answer.stats), .rta_type = IFLA_STATS64 },
		       .stats = { .rx_dropped = 1000, .rx_missed_errors = 30, .rx_fifo_errors = 4 } };
	int pair[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	assert_int_equal(iface_drops(pair[0], "eth0"), 0); /* no reply */
	for (size_t n = 0; n <= sizeof answer; n++) {
		assert_int_equal(send(pair[1], &answer, n, 0), n);
		assert_int_equal(iface_drops(pair[0], "eth0"), n == sizeof answer ? 34 : 0);
	}
	answer.name_head.rta_len = 3;
	assert_int_equal(send(pair[1], &answer, sizeof answer, 0), sizeof answer);
	assert_int_equal(iface_drops(pair[0], "eth0"), 0);
	answer.name_head.rta_len = RTA_LENGTH(4);
	answer.stats_head.rta_len++;
	assert_int_equal(send(pair[1], &answer, sizeof answer, 0), sizeof answer);
	assert_int_equal(iface_drops(pair[0], "eth0"), 0);
	assert_int_equal(iface_drops(pair[0], "a name that is longer than any"), 0);
	close(pair[0]);
	close(pair[1]);
	const int netlink = iface_drops_open();
	assert_true(netlink >= 0);
	assert_int_equal(iface_drops(netlink, "lo"), 0);
	close(netlink);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(captures_until_it_is_stopped),
		cmocka_unit_test(what_cannot_be_captured),
		cmocka_unit_test(options_that_cannot_be),
		cmocka_unit_test(drops_of_the_card),
	};

	return cmocka_run_group_tests(tests, make_network, NULL);
}
