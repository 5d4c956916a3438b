/* counters.c - the causes of rejection by name. */
#include "decode/decode.h"

#define NAME(n) #n,

const char *
decode_rejected_name(enum decode_rejected cause)
{
	static const char *const name[] = { DECODE_REJECTED(NAME) };
	return name[cause];
}

const char *
decode_ignored_name(enum decode_ignored cause)
{
	static const char *const name[] = { DECODE_IGNORED(NAME) };
	return name[cause];
}

static void
add(uint64_t *to, const uint64_t *from, size_t n)
{
	for (size_t i = 0; i < n; i++)
		to[i] += from[i];
}

void
decode_counters_add(struct decode_counters *n, const struct decode_counters *other)
{
	n->frames += other->frames;
	n->inner += other->inner;
	n->flows += other->flows;
	n->carriers += other->carriers;
	n->fragments += other->fragments;
	add(n->rejected, other->rejected, DECODE_R_COUNT);
	add(n->ignored, other->ignored, DECODE_I_COUNT);
	n->fragments_expired += other->fragments_expired;
	n->fragments_evicted += other->fragments_evicted;
	n->ip_tunnels_evicted += other->ip_tunnels_evicted;
	n->datagrams += other->datagrams;
	add(n->checked, other->checked, 4);
	add(n->bad, other->bad, 4);
	n->truncated += other->truncated;
	n->unknown_link += other->unknown_link;
}
