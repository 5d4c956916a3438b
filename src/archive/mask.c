/* mask.c - the loop over the layers of a frame, addresses and checksums: see mask.h. */
#include "archive/mask.h"

#include "base/checksum.h"
#include "base/more.h"
#include "decode/links.h"
#include "decode/walk.h"

void
mask_keep(struct mask *m, size_t from, size_t n)
{
	if (from >= m->end)
		return;
	memcpy(m->new + from, m->old.p + from, n < m->end - from ? n : m->end - from);
}

void
mask_take(struct mask *m, size_t n)
{
	mask_keep(m, m->at, n);
	m->at += n;
}

void
mask_head(struct mask *m, size_t n)
{
	if (n < mask_left(m))
		m->end = m->at + n;
}

/* ---- addresses ---------------------------------------------------------------------------------------------------------------- */

static bool
is_there(const struct mask *m, size_t from, size_t n)
{
	return from <= m->end && n <= m->end - from;
}

void
mask_link_address(struct mask *m, size_t from)
{
	if (!is_there(m, from, 6))
		return;
	mask_keep(m, from, 6);
	m->failed |= !anonymizer_link(m->with, m->new + from);
}

void
mask_v4(struct mask *m, size_t from)
{
	struct addr a;

	if (!is_there(m, from, 4))
		return;
	a = mask_addr(m, addr_from_v4(m->old.p + from));
	memcpy(m->new + from, a.b + 12, 4);
}

void
mask_v6(struct mask *m, size_t from)
{
	struct addr a;

	if (!is_there(m, from, 16))
		return;
	a = mask_addr(m, addr_from_v6(m->old.p + from));
	memcpy(m->new + from, a.b, 16);
}

struct addr
mask_addr(struct mask *m, struct addr a)
{
	m->failed |= !anonymizer_addr(m->with, &a);
	return a;
}

/* ---- checksums ---------------------------------------------------------------------------------------------------------------- */

void
mask_add_sum(struct mask *m, struct mask_sum sum, uint64_t was, bool all_there)
{
	struct mask_sum *sums = more(m->sums, m->n_sums, &m->sums_room, sizeof *sums, SIZE_MAX / sizeof *sums);

	if (!sums) {
		m->failed = true;
		return;
	}
	sum.good = !all_there || checksum_fold(checksum_add(was, m->old.p + sum.at, sum.n)) == 0xffff;
	m->sums = sums;
	m->sums[m->n_sums++] = sum;
}

/* By how much a checksum was wrong would tell of the old addresses: one that was left to the network card is often their sum. */
static void
set_sum(const struct mask_sum *s, uint8_t *new)
{
	new[s->field] = new[s->field + 1] = 0;
	uint16_t value = be16toh((uint16_t)~checksum_fold(checksum_add(s->pseudo, new + s->at, s->n)));
	if (!s->good)
		value = value == 0xffff ? 1 : (uint16_t)(value + 1);
	if (value == 0 && s->never_zero)
		value = 0xffff;
	new[s->field] = (uint8_t)(value >> 8);
	new[s->field + 1] = (uint8_t)value;
}

void
mask_finish(const struct mask_sum *sums, size_t n, uint8_t *new)
{
	while (n > 0)
		set_sum(&sums[--n], new);
}

/* ---- layers ------------------------------------------------------------------------------------------------------------------- */

static enum mask_layer
call_layer(struct mask *m, enum mask_layer layer)
{
	switch (layer) {
	case MASK_RADIOTAP:
	case MASK_WLAN:
	case MASK_AMSDU:
		return mask_wlan(m, layer);
	case MASK_ARP:
		return mask_arp(m);
	case MASK_IP:
	case MASK_QUOTE:
		return mask_ip(m, layer == MASK_QUOTE);
	case MASK_GRE:
		return mask_gre(m);
	case MASK_TCP:
		return mask_tcp(m);
	case MASK_UDP:
		return mask_udp(m);
	case MASK_ICMP:
		return mask_icmp(m);
	case MASK_PAYLOAD:
		if (m->keep_payload)
			mask_keep(m, m->at, mask_left(m));
		return MASK_DONE;
	default:
		return mask_link(m, layer);
	}
}

/* Every layer either ends or moves on, so that this does. */
static void
go_on(struct mask *m, enum mask_layer layer)
{
	for (;;) {
		while (layer != MASK_DONE)
			layer = call_layer(m, layer);
		if (m->n_rests == 0)
			return;
		m->at = m->rests[--m->n_rests].at;
		m->end = m->rests[m->n_rests].end;
		layer = MASK_AMSDU;
	}
}

static enum mask_layer
first_layer(int32_t link)
{
	static const enum mask_layer layers[] = {
		[LAYER_ETHERNET] = MASK_ETHERNET, [LAYER_FDDI] = MASK_FDDI, [LAYER_NFLOG] = MASK_NFLOG,
		[LAYER_NULL] = MASK_NULL,         [LAYER_PPP] = MASK_PPP,   [LAYER_PPP_SERIAL] = MASK_PPP_SERIAL,
		[LAYER_SLL] = MASK_SLL,           [LAYER_SLL2] = MASK_SLL2, [LAYER_RADIOTAP] = MASK_RADIOTAP,
		[LAYER_WLAN] = MASK_WLAN,         [LAYER_IP] = MASK_IP,
	};

#define ROW(dlt, name, layer) { dlt, layer },
	static const struct {
		int32_t    link;
		enum layer layer;
	} links[] = { LINK_TYPES(ROW) };
#undef ROW
	for (size_t i = 0; i < sizeof links / sizeof links[0]; i++)
		if (links[i].link == link)
			return layers[links[i].layer];
	return MASK_IP; /* as the decoder takes it */
}

static void
begin(struct mask *m)
{
	m->at = 0;
	m->end = m->old.n;
	m->n_rests = 0;
	m->n_sums = 0;
	m->failed = false;
}

void
mask_frame(struct mask *m, int32_t link)
{
	begin(m);
	go_on(m, first_layer(link));
}

void
mask_datagram(struct mask *m)
{
	begin(m);
	go_on(m, MASK_IP);
}
