/* ring_fanout.c - see ring_fanout.h: packet(7), and for the program the kernel's Documentation/networking/filter.rst. */
#include "capture/ring_fanout.h"

#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <sys/socket.h>

#include "base/pairhash.h"

enum {
	V4_SOURCE = 12, /* in IP's header */
	V4_DESTINATION = 16,
	V6_SOURCE = 8,
	V6_DESTINATION = 24,
	TAG = 4,
	TAG_TYPE = 2, /* in a tag that was left in the frame: where the type of what follows stands */
	SOURCE = 0,
	TARGET,
	XOR, /* words of the program's memory */
};

/* What is written, one instruction after the other. */
struct writer {
	struct sock_filter *at;
	size_t              n;
};

static void
put(struct writer *w, unsigned code, uint32_t k)
{
	w->at[w->n++] = (struct sock_filter)BPF_STMT((uint16_t)code, k);
}

/* A place in the packet, counted from IP's header, or from a tag that was left before it. */
static uint32_t
net(uint32_t at)
{
	return (uint32_t)SKF_NET_OFF + at;
}

/* Goes on with the next instruction if A is `k`, and else with the one after `n` more. */
static void
unless_skip(struct writer *w, uint32_t k, unsigned n)
{
	w->at[w->n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, k, 0, (uint8_t)n);
}

/* A = A op itself shifted by `n`, with `op` exclusive or. */
static void
put_xor_shifted(struct writer *w, uint32_t n)
{
	put(w, BPF_MISC | BPF_TAX, 0);
	put(w, BPF_ALU | BPF_RSH | BPF_K, n);
	put(w, BPF_ALU | BPF_XOR | BPF_X, 0);
}

enum { SHARE_LENGTH = 24 };

/* pairhash_share() of the two words in memory, which the program returns. */
static void
put_share(struct writer *w, unsigned of)
{
	put(w, BPF_LD | BPF_MEM, SOURCE);
	put(w, BPF_LDX | BPF_MEM, TARGET);
	put(w, BPF_ALU | BPF_XOR | BPF_X, 0);
	put(w, BPF_ST, XOR);
	put(w, BPF_LD | BPF_MEM, SOURCE);
	put(w, BPF_ALU | BPF_ADD | BPF_X, 0);
	put(w, BPF_ALU | BPF_MUL | BPF_K, PAIRHASH_SUM);
	put(w, BPF_LDX | BPF_MEM, XOR);
	put(w, BPF_ALU | BPF_XOR | BPF_X, 0);
	put_xor_shifted(w, 16);
	put(w, BPF_ALU | BPF_MUL | BPF_K, PAIRHASH_FIRST);
	put_xor_shifted(w, 13);
	put(w, BPF_ALU | BPF_MUL | BPF_K, PAIRHASH_SECOND);
	put_xor_shifted(w, 16);
	put(w, BPF_ALU | BPF_RSH | BPF_K, 16);
	put(w, BPF_ALU | BPF_MUL | BPF_K, of);
	put(w, BPF_ALU | BPF_RSH | BPF_K, 16);
	put(w, BPF_RET | BPF_A, 0);
}

/* pairhash_fold() of the address at that place, into a word of memory. */
static void
put_fold(struct writer *w, uint32_t at, unsigned word)
{
	put(w, BPF_LD | BPF_W | BPF_ABS, net(at));
	for (uint32_t i = 4; i < 16; i += 4) {
		put(w, BPF_ALU | BPF_MUL | BPF_K, PAIRHASH_FOLD);
		put(w, BPF_MISC | BPF_TAX, 0);
		put(w, BPF_LD | BPF_W | BPF_ABS, net(at + i));
		put(w, BPF_ALU | BPF_ADD | BPF_X, 0);
	}
	put(w, BPF_ST, word);
}

enum { V4_LENGTH = 5, FOLD_LENGTH = 14, V6_LENGTH = 2 * FOLD_LENGTH, PAIR_LENGTH = 2 + V4_LENGTH + V6_LENGTH + 1 };

/* Puts the pair of addresses into memory, by the type that is in A, and goes on `behind` instructions after all of this; what is not
 * IP goes on right after it. */
static void
put_pair(struct writer *w, uint32_t at, unsigned behind)
{
	unless_skip(w, ETH_P_IP, V4_LENGTH);
	put(w, BPF_LD | BPF_W | BPF_ABS, net(at + V4_SOURCE));
	put(w, BPF_ST, SOURCE);
	put(w, BPF_LD | BPF_W | BPF_ABS, net(at + V4_DESTINATION));
	put(w, BPF_ST, TARGET);
	put(w, BPF_JMP | BPF_JA, 1 + V6_LENGTH + 1 + behind);
	unless_skip(w, ETH_P_IPV6, V6_LENGTH + 1);
	put_fold(w, at + V6_SOURCE, SOURCE);
	put_fold(w, at + V6_DESTINATION, TARGET);
	put(w, BPF_JMP | BPF_JA, behind);
}

/* The kernel has taken the outermost tag out of the frame, so there may be one more in it. */
size_t
fanout_program(unsigned n, struct sock_filter out[FANOUT_CODE])
{
	const unsigned inside = 1 + PAIR_LENGTH + 1; /* what is done where there is a tag */
	struct writer  w = { out, 0 };

	put(&w, BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_PROTOCOL));
	put_pair(&w, 0, 2 + inside);
	w.at[w.n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_8021Q, 1, 0);
	unless_skip(&w, ETH_P_8021AD, inside - 1);
	put(&w, BPF_LD | BPF_H | BPF_ABS, net(TAG_TYPE));
	put_pair(&w, TAG, 1);
	put(&w, BPF_JMP | BPF_JA,
	    SHARE_LENGTH); /* the kernel's check takes what stands behind a return as what follows it */
	put_share(&w, n);
	put(&w, BPF_RET | BPF_K, 0);
	return w.n;
}

static bool
set(int fd, int option, const void *value, size_t size)
{
	return setsockopt(fd, SOL_PACKET, option, value, (socklen_t)size) == 0;
}

bool
fanout_begin(int fd, uint16_t *group)
{
	const uint32_t any = (uint32_t)(PACKET_FANOUT_CBPF | PACKET_FANOUT_FLAG_UNIQUEID) << 16;
	uint32_t       is = 0;
	socklen_t      size = sizeof is;

	if (!set(fd, PACKET_FANOUT, &any, sizeof any) || getsockopt(fd, SOL_PACKET, PACKET_FANOUT, &is, &size) != 0)
		return false;
	*group = (uint16_t)is;
	return true;
}

bool
fanout_join(int fd, uint16_t group)
{
	const uint32_t to = (uint32_t)PACKET_FANOUT_CBPF << 16 | group;

	return set(fd, PACKET_FANOUT, &to, sizeof to);
}

bool
fanout_spread(int fd, unsigned n)
{
	struct sock_filter      code[FANOUT_CODE];
	const struct sock_fprog program = { .len = (unsigned short)fanout_program(n, code), .filter = code };

	return set(fd, PACKET_FANOUT_DATA, &program, sizeof program);
}
