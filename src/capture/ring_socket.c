/* ring_socket.c - see ring_socket.h: packet(7), and the kernel's Documentation/networking/packet_mmap.rst. */
#include "capture/ring_socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "capture/filter.h"
#include "capture/iface.h"
#include "capture/ring_filter.h"
#include "capture/source.h"

enum { FRAME_SIZE = 2048, ETHERNET = 1 }; /* with blocks, the frame's size is only checked to divide them */

static bool
set(const struct ring_socket *s, int option, const void *value, size_t size)
{
	return setsockopt(s->fd, SOL_PACKET, option, value, (socklen_t)size) == 0;
}

static bool
set_number(const struct ring_socket *s, int option, int value)
{
	return set(s, option, &value, sizeof value);
}

int
ring_socket_open(struct ring_socket *s, const char *name, char *err, size_t err_size)
{
	s->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s->fd < 0 && (errno == EPERM || errno == EACCES))
		return source_fail(
			err, err_size, CONNLOG_IO,
			"%s: no permission to capture: run as root, or allow the program with `setcap cap_net_raw+ep`", name);
	if (s->fd < 0)
		return source_fail(err, err_size, CONNLOG_END, "there are no packet sockets: %s", strerror(errno));
	if (!set_number(s, PACKET_VERSION, TPACKET_V3) || !set_number(s, PACKET_RESERVE, RING_HEADROOM))
		return source_fail(err, err_size, CONNLOG_END, "the kernel has no such rings: %s", strerror(errno));
	return CONNLOG_OK;
}

int
ring_socket_map(struct ring_socket *s, const char *name, const connlog_live_options *o, unsigned parts, char *err,
                size_t err_size)
{
	struct tpacket_req3 r = { .tp_block_size = o->block, .tp_retire_blk_tov = o->timeout, .tp_frame_size = FRAME_SIZE };
	void               *map;

	r.tp_block_nr = (unsigned)(o->ring / parts / o->block);
	r.tp_frame_nr = r.tp_block_nr * (o->block / FRAME_SIZE);
	s->block_size = o->block;
	s->blocks = r.tp_block_nr;
	s->map_size = (size_t)r.tp_block_nr * o->block;
	if (!set(s, PACKET_RX_RING, &r, sizeof r))
		return source_fail(err, err_size, CONNLOG_IO, "%s: no ring of %zu MiB in blocks of %u KiB: %s", name,
		                   s->map_size >> 20, o->block >> 10, strerror(errno));
	map = mmap(NULL, s->map_size, PROT_READ | PROT_WRITE, MAP_SHARED, s->fd, 0);
	if (map == MAP_FAILED)
		return source_fail(err, err_size, CONNLOG_IO, "%s: the ring of %zu MiB cannot be mapped: %s", name,
		                   s->map_size >> 20, strerror(errno));
	s->map = map;
	return CONNLOG_OK;
}

static bool
attach(struct ring_socket *s, struct sock_filter *code, size_t n)
{
	const struct sock_fprog program = { .len = (unsigned short)n, .filter = code };

	return setsockopt(s->fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) == 0;
}

int
ring_socket_filter(struct ring_socket *s, const char *name, const connlog_live_options *o, struct filter *filter,
                   char *err, size_t err_size)
{
	struct sock_filter        code[BPF_MAXINSNS];
	const struct bpf_program *program = NULL;

	if (filter && !(program = filter_program(filter, ETHERNET, err, err_size)))
		return CONNLOG_BAD_INPUT;
	const size_t n = ring_filter(program, o->snaplen, code);
	s->unfiltered = program && n == 1;
	if (!attach(s, code, n))
		return source_fail(err, err_size, CONNLOG_IO, "%s: the filter cannot be set: %s", name, strerror(errno));
	return CONNLOG_OK;
}

void
ring_socket_close(struct ring_socket *s)
{
	if (s->map)
		munmap(s->map, s->map_size);
	if (s->fd >= 0)
		close(s->fd);
	s->map = NULL;
	s->fd = -1;
}

int
ring_socket_suits(const struct ring_socket *s, const char *name, char *err, size_t err_size)
{
	const int type = iface_type(s->fd, name);

	if (type == ARPHRD_ETHER || type == ARPHRD_LOOPBACK)
		return CONNLOG_OK;
	return source_fail(err, err_size, CONNLOG_END, "its link layer is not Ethernet");
}

/* On loopback a packet comes twice, as one that is sent and as one that is received; the second is enough. */
static bool
choose_direction(struct ring_socket *s, const char *name)
{
	return set_number(s, PACKET_IGNORE_OUTGOING, iface_type(s->fd, name) == ARPHRD_LOOPBACK);
}

int
ring_socket_bind(struct ring_socket *s, const char *name, int index, char *err, size_t err_size)
{
	const struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = index };

	if (!choose_direction(s, name))
		return source_fail(err, err_size, CONNLOG_END, "the kernel cannot leave out packets that are sent: %s",
		                   strerror(errno));
	if (bind(s->fd, (const struct sockaddr *)(const void *)&to, sizeof to) != 0)
		return source_fail(err, err_size, CONNLOG_IO, "%s: %s", name, strerror(errno));
	s->index = index;
	return CONNLOG_OK;
}

int
ring_socket_widen(struct ring_socket *s, const char *name, char *err, size_t err_size)
{
	const struct packet_mreq m = { .mr_ifindex = s->index, .mr_type = PACKET_MR_PROMISC };

	if (set(s, PACKET_ADD_MEMBERSHIP, &m, sizeof m))
		return CONNLOG_OK;
	return source_fail(err, err_size, CONNLOG_IO, "%s: it cannot be made promiscuous: %s", name, strerror(errno));
}

bool
ring_socket_shut(struct ring_socket *s)
{
	struct sock_filter nothing = { .code = BPF_RET | BPF_K, .k = 0 };

	return attach(s, &nothing, 1);
}
