/* send.c - sends the frames of a capture through an interface: send INTERFACE FILE PACKETS-A-SECOND SECONDS
 *
 * The capture is repeated as often as there is time for; 0 packets a second means as fast as possible. Each time the
 * captures' servers get other addresses, so that the connections are new ones: frames are Ethernet, IPv4 without
 * options, and TCP or UDP, as written by gen.c, and clients are in 10.0.0.0/8. The kernel is passed up to 64 frames per
 * call, and the queueing discipline is bypassed (PACKET_QDISC_BYPASS). Prints "packets bytes seconds".
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
	FILE_HEADER = 24,
	RECORD_HEADER = 16,
	IP = 14,
	SOURCE = IP + 12,
	TRANSPORT = IP + 20,
	BATCH = 64,
	NAP_NS = 200000, /* shorter waits do not sleep */
};

struct frame {
	uint8_t *at;
	uint32_t size, round; /* the round of its current addresses */
};

struct frames {
	struct frame *at;
	size_t        n;
};

static _Noreturn void
fail(const char *what)
{
	perror(what);
	exit(1);
}

static int64_t
now_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

/* ---- frames ------------------------------------------------------------------------------------------------------ */

static struct frames
load(const char *path)
{
	struct frames f = { NULL, 0 };
	struct stat   st;
	const int     fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &st) != 0)
		fail(path);
	uint8_t *data = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	f.at = calloc((size_t)st.st_size / (RECORD_HEADER + TRANSPORT) + 1, sizeof *f.at);
	if (data == MAP_FAILED || f.at == NULL)
		fail(path);
	for (int64_t at = FILE_HEADER; at + RECORD_HEADER <= st.st_size;) {
		uint32_t size;
		memcpy(&size, data + at + 8, sizeof size);
		f.at[f.n++] = (struct frame){ data + at + RECORD_HEADER, size, 0 };
		at += RECORD_HEADER + size;
	}
	close(fd);
	if (f.n == 0) {
		fprintf(stderr, "send: %s has no packets\n", path);
		exit(1);
	}
	return f;
}

/* Updates a checksum for a changed word (RFC 1624). */
static void
adjust(uint8_t *checksum, uint16_t was, uint16_t is)
{
	uint16_t c;
	memcpy(&c, checksum, 2);
	uint32_t sum = (uint16_t)~c + (uint32_t)(uint16_t)~was + is;
	sum = (sum & 0xffff) + (sum >> 16);
	c = (uint16_t) ~(sum + (sum >> 16));
	memcpy(checksum, &c, 2);
}

/* Sets the address of a frame's server for a round, with an upper half that no earlier round had. */
static void
renew(struct frame *f, uint32_t round)
{
	uint8_t *server = f->at + SOURCE + (f->at[SOURCE] == 10 ? 4 : 0);
	uint8_t *checksum = f->at + TRANSPORT + (f->at[IP + 9] == IPPROTO_TCP ? 16 : 6);
	uint16_t was, is;

	memcpy(&was, server, 2);
	is = htons((uint16_t)(ntohs(was) + 2 * (round - f->round)));
	memcpy(server, &is, 2);
	adjust(f->at + IP + 10, was, is);
	adjust(checksum, was, is);
	f->round = round;
}

/* ---- sending ----------------------------------------------------------------------------------------------------- */

static int
open_interface(const char *name)
{
	const struct sockaddr_ll at = { .sll_family = AF_PACKET, .sll_ifindex = (int)if_nametoindex(name) };
	const int                yes = 1, fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (const struct sockaddr *)&at, sizeof at) != 0)
		fail(name);
	setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &yes, sizeof yes);
	return fd;
}

/* Sends the next `n` frames, from the `sent`th on.  Returns their bytes. */
static uint64_t
send_some(int fd, const struct frames *f, uint64_t sent, unsigned n)
{
	struct mmsghdr messages[BATCH];
	struct iovec   parts[BATCH];
	uint64_t       bytes = 0;

	memset(messages, 0, n * sizeof *messages);
	for (unsigned i = 0; i < n; i++) {
		struct frame  *frame = &f->at[(sent + i) % f->n];
		const uint32_t round = (uint32_t)((sent + i) / f->n);
		if (frame->round != round)
			renew(frame, round);
		parts[i] = (struct iovec){ frame->at, frame->size };
		messages[i].msg_hdr.msg_iov = &parts[i];
		messages[i].msg_hdr.msg_iovlen = 1;
		bytes += frame->size;
	}
	for (unsigned done = 0; done < n;) {
		const int k = sendmmsg(fd, messages + done, n - done, 0);
		if (k < 0 && errno != ENOBUFS && errno != EAGAIN && errno != EINTR)
			fail("sendmmsg");
		done += k > 0 ? (unsigned)k : 0;
	}
	return bytes;
}

static void
wait_until(int64_t when)
{
	const struct timespec t = { when / 1000000000, when % 1000000000 };

	if (when - now_ns() > NAP_NS)
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
	while (now_ns() < when)
		;
}

int
main(int argc, char **argv)
{
	if (argc != 5) {
		fprintf(stderr, "usage: send INTERFACE FILE PACKETS-A-SECOND SECONDS\n");
		return 2;
	}
	const struct frames frames = load(argv[2]);
	const int           fd = open_interface(argv[1]);
	const double        rate = strtod(argv[3], NULL), seconds = strtod(argv[4], NULL);
	const int64_t       begin = now_ns(), end = begin + (int64_t)(seconds * 1e9);
	/* A batch is at most a millisecond's worth, so that slow rates do not come in bursts. */
	const unsigned batch = rate > 0 && rate < BATCH * 1e3 ? (unsigned)(rate / 1e3) + 1 : BATCH;
	uint64_t       sent = 0, bytes = 0;

	while (seconds > 0 ? now_ns() < end : sent < frames.n) {
		const uint64_t left = frames.n - sent;
		const unsigned n = seconds > 0 || left > batch ? batch : (unsigned)left;
		if (rate > 0)
			wait_until(begin + (int64_t)((double)sent / rate * 1e9));
		bytes += send_some(fd, &frames, sent, n);
		sent += n;
	}
	printf("%llu %llu %.3f\n", (unsigned long long)sent, (unsigned long long)bytes, (double)(now_ns() - begin) / 1e9);
	return 0;
}
