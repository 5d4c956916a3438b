/* iface.c - see iface.h: netdevice(7), the requests of linux/ethtool.h, and rtnetlink(7) for counters. */
#include "capture/iface.h"

#include <linux/ethtool.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* Returns false for no such interface, too. */
static bool
ask(int fd, const char *name, unsigned long request, struct ifreq *r)
{
	const size_t n = strlen(name);

	if (n == 0 || n >= sizeof r->ifr_name)
		return false;
	memcpy(r->ifr_name, name, n + 1);
	return ioctl(fd, request, r) == 0;
}

int
iface_index(int fd, const char *name)
{
	struct ifreq r = { 0 };

	return ask(fd, name, SIOCGIFINDEX, &r) ? r.ifr_ifindex : 0;
}

bool
iface_up(int fd, const char *name)
{
	struct ifreq r = { 0 };

	return ask(fd, name, SIOCGIFFLAGS, &r) && (r.ifr_flags & IFF_UP);
}

int
iface_type(int fd, const char *name)
{
	struct ifreq r = { 0 };

	return ask(fd, name, SIOCGIFHWADDR, &r) ? r.ifr_hwaddr.sa_family : -1;
}

unsigned
iface_mtu(int fd, const char *name)
{
	struct ifreq r = { 0 };

	return ask(fd, name, SIOCGIFMTU, &r) && r.ifr_mtu > 0 ? (unsigned)r.ifr_mtu : 0;
}

static uint32_t
ask_ethtool(int fd, const char *name, uint32_t command)
{
	struct ethtool_value v = { .cmd = command };
	struct ifreq         r = { .ifr_data = (char *)(void *)&v };

	return ask(fd, name, SIOCETHTOOL, &r) ? v.data : 0;
}

bool
iface_glue(int fd, const char *name, bool sent, char out[IFACE_GLUE_MAX])
{
	static const struct {
		const char *off;
		uint32_t    command, bit;
		bool        sent;
	} features[] = {
		{ "gro off", ETHTOOL_GGRO, ~0u, false },
		{ "lro off", ETHTOOL_GFLAGS, ETH_FLAG_LRO, false },
		{ "tso off", ETHTOOL_GTSO, ~0u, true },
		{ "gso off", ETHTOOL_GGSO, ~0u, true },
	};

	out[0] = '\0';
	for (size_t i = 0; i < sizeof features / sizeof features[0]; i++) {
		if (features[i].sent != sent || !(ask_ethtool(fd, name, features[i].command) & features[i].bit))
			continue;
		const size_t n = strlen(out);
		snprintf(out + n, IFACE_GLUE_MAX - n, "%s%s", n > 0 ? " " : "", features[i].off);
	}
	return out[0] != '\0';
}

int
iface_drops_open(void)
{
	return socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
}

static bool
send_question(int netlink, const char *name)
{
	struct {
		struct nlmsghdr  head;
		struct ifinfomsg info;
		struct rtattr    attribute;
		char             name[IFNAMSIZ];
	} q = { .head = { .nlmsg_len = sizeof q, .nlmsg_type = RTM_GETLINK, .nlmsg_flags = NLM_F_REQUEST },
		    .attribute = { .rta_len = RTA_LENGTH(sizeof q.name), .rta_type = IFLA_IFNAME } };
	const size_t n = strlen(name);

	if (n >= sizeof q.name)
		return false;
	memcpy(q.name, name, n + 1);
	return write(netlink, &q, sizeof q) == (ssize_t)sizeof q;
}

/* Of the attributes of an interface. */
static uint64_t
drops_in(const uint8_t *p, size_t n)
{
	struct rtnl_link_stats64 stats;
	struct rtattr            a;

	while (n >= sizeof a) {
		memcpy(&a, p, sizeof a);
		const size_t whole = RTA_ALIGN((size_t)a.rta_len);
		if (a.rta_len < sizeof a || whole > n)
			break;
		if (a.rta_type == IFLA_STATS64 && a.rta_len >= RTA_LENGTH(sizeof stats)) {
			memcpy(&stats, p + RTA_LENGTH(0), sizeof stats);
			return stats.rx_missed_errors + stats.rx_fifo_errors;
		}
		p += whole;
		n -= whole;
	}
	return 0;
}

uint64_t
iface_drops(int netlink, const char *name)
{
	const size_t    behind = NLMSG_SPACE(sizeof(struct ifinfomsg));
	uint8_t         answer[16384];
	struct nlmsghdr head;

	if (!send_question(netlink, name))
		return 0;
	const ssize_t n =
		recv(netlink, answer, sizeof answer, MSG_DONTWAIT); /* the kernel has answered when write() returns */
	if (n < (ssize_t)behind)
		return 0;
	memcpy(&head, answer, sizeof head);
	return head.nlmsg_type == RTM_NEWLINK && head.nlmsg_len <= (size_t)n && head.nlmsg_len >= behind
	           ? drops_in(answer + behind, head.nlmsg_len - behind)
	           : 0;
}
