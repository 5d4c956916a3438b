/* ring_filter.c - see ring_filter.h.
 *
 * The program stands there twice, behind a test of whether there is a tag beside the frame: as it is, and with the places that
 * it reads moved by the four bytes of the tag, which itself is read from where the kernel keeps it.  An instruction that
 * cannot be changed so by itself lets the frame through.
 */
#include "capture/ring_filter.h"

#include <stdbool.h>

enum {
	TAG_AT = 12, /* where the tag was: 2 bytes of TPID, 2 of TCI */
	TAG_SIZE = 4,
	TAG_END = TAG_AT + TAG_SIZE,
	PREFIX = 3, /* the test */
};

#define ANCILLARY(what) ((uint32_t)(SKF_AD_OFF + SKF_AD_##what))

static bool
is_return(const struct sock_filter *i)
{
	return BPF_CLASS(i->code) == BPF_RET;
}

/* Bytes that a load reads. */
static unsigned
width(const struct sock_filter *i)
{
	return BPF_SIZE(i->code) == BPF_W ? 4 : BPF_SIZE(i->code) == BPF_H ? 2 : 1;
}

/* Moves a load from a fixed place.  Returns false where it reads a part of the tag that the kernel does not keep as such. */
static bool
move_fixed(struct sock_filter *i)
{
	const bool half = BPF_SIZE(i->code) == BPF_H;

	if (i->k >= TAG_END)
		i->k -= TAG_SIZE;
	else if (half && i->k == TAG_AT)
		*i = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, ANCILLARY(VLAN_TPID));
	else if (half && i->k == TAG_AT + 2)
		*i = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, ANCILLARY(VLAN_TAG));
	else
		return i->k + width(i) <= TAG_AT;
	return true;
}

/* Changes an instruction for frames whose tag is beside them. */
static void
move(struct sock_filter *i, uint32_t snaplen)
{
	const unsigned class = BPF_CLASS(i->code), mode = BPF_MODE(i->code);
	bool done = true;

	if (class == BPF_LD && mode == BPF_ABS)
		done = move_fixed(i);
	else if ((class == BPF_LD && mode == BPF_IND) || (class == BPF_LDX && mode == BPF_MSH)) {
		done = i->k >= TAG_END; /* the index is never negative */
		i->k -= TAG_SIZE;
	} else if ((class == BPF_LD || class == BPF_LDX) && mode == BPF_LEN)
		done = false;
	if (!done)
		*i = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, snaplen);
}

static size_t
return_all(uint32_t snaplen, struct sock_filter *out)
{
	out[0] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, snaplen);
	return 1;
}

size_t
ring_filter(const struct bpf_program *program, uint32_t snaplen, struct sock_filter *out)
{
	const size_t n = program ? program->bf_len : 0;

	if (n == 0 || PREFIX + 2 * n > BPF_MAXINSNS)
		return return_all(snaplen, out);
	out[0] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, ANCILLARY(VLAN_TAG_PRESENT));
	out[1] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0);
	out[2] = (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, (uint32_t)n);
	for (size_t i = 0; i < n; i++) {
		const struct bpf_insn *from = &program->bf_insns[i];
		struct sock_filter     to = { from->code, from->jt, from->jf, from->k };
		if (is_return(&to) && to.k > snaplen)
			to.k = snaplen;
		out[PREFIX + i] = out[PREFIX + n + i] = to;
		move(&out[PREFIX + n + i], snaplen);
	}
	return PREFIX + 2 * n;
}
