/* nets.c - see nets.h. */
#include "conn/nets.h"

#include <arpa/inet.h>
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "base/more.h"
#include "base/parse.h"

/* Zeek's private ranges; each IPv4 range is also added in its 6to4 form (RFC 3056). */
static const char *const private_v4[] = {
	"0.0.0.0/8",    "10.0.0.0/8",   "100.64.0.0/10",  "127.0.0.0/8",        "169.254.0.0/16",  "172.16.0.0/12",
	"192.0.0.0/24", "192.0.2.0/24", "192.168.0.0/16", "198.18.0.0/15",      "198.51.100.0/24", "203.0.113.0/24",
	"224.0.0.0/24", "239.0.0.0/8",  "240.0.0.0/4",    "255.255.255.255/32",
};
static const char *const private_v6[] = {
	"::/128",      "::1/128",       "64:ff9b:1::/48", "100::/64",  "2001::/23",
	"2001:2::/48", "2001:db8::/32", "fc00::/7",       "fe80::/10", "fec0::/10",
};

bool
subnet_parse(const char *text, size_t len, struct subnet *out)
{
	char        host[ADDR_TEXT_MAX];
	const char *slash = memchr(text, '/', len);
	size_t      host_len = slash ? (size_t)(slash - text) : len;
	unsigned    bits = 0;

	if (slash) {
		const char *end = text + len;
		if (slash + 1 == end || end - slash > 4)
			return false;
		for (const char *p = slash + 1; p < end; p++) {
			if (*p < '0' || *p > '9')
				return false;
			bits = 10 * bits + (unsigned)(*p - '0');
		}
	}
	if (host_len >= 2 && text[0] == '[' && text[host_len - 1] == ']') {
		text++;
		host_len -= 2;
	}
	if (host_len == 0 || host_len >= sizeof host)
		return false;
	memcpy(host, text, host_len);
	host[host_len] = '\0';

	uint8_t raw[16];
	if (inet_pton(AF_INET, host, raw) == 1) {
		out->net = addr_from_v4(raw);
		bits = slash ? bits + 96 : 128;
	} else if (inet_pton(AF_INET6, host, raw) == 1) {
		out->net = addr_from_v6(raw);
		bits = slash ? bits : 128;
	} else {
		return false;
	}
	out->bits = (uint8_t)bits;
	return bits <= 128;
}

/* Returns the mask of a prefix of `bits` bits, for the first 64 bits of an address as a big-endian word. */
static uint64_t
mask64(unsigned bits)
{
	return bits == 0 ? 0 : bits >= 64 ? UINT64_MAX : ~(UINT64_MAX >> bits);
}

static void
addr_words(const struct addr *a, uint64_t w[2])
{
	memcpy(w, a->b, 16);
	w[0] = be64toh(w[0]);
	w[1] = be64toh(w[1]);
}

/* Clears the bits after the prefix. */
static struct net_words
net_words(struct subnet *net)
{
	struct net_words w = { .mask = { mask64(net->bits), mask64(net->bits > 64 ? net->bits - 64u : 0) } };
	uint64_t         be[2];

	addr_words(&net->net, w.net);
	for (int i = 0; i < 2; i++) {
		w.net[i] &= w.mask[i];
		be[i] = htobe64(w.net[i]);
	}
	memcpy(net->net.b, be, 16);
	return w;
}

/* Marks the first bytes that addresses in an IPv4 network can have. The network is the last of the IPv4 ones. */
static void
mark_first(struct net_set *set, const struct subnet *net)
{
	const unsigned       bits = net->bits - 96u, first = net->net.b[12], span = bits >= 8 ? 1 : 256u >> bits;
	const enum net_first says = bits <= 8 ? NET_ALL : NET_SOME;
	for (unsigned byte = first; byte < first + span; byte++)
		if (set->v4_first[byte] < says) {
			set->v4_first[byte] = (uint8_t)says;
			set->v4_from[byte] = (uint8_t)(set->n_v4 < UINT8_MAX ? set->n_v4 : UINT8_MAX);
		}
}

bool
net_set_add(struct net_set *set, struct subnet net)
{
	const bool     v4 = net.bits >= 96 && addr_is_v4(&net.net);
	size_t         room = set->room; /* of both arrays */
	struct subnet *at = more(set->at, set->n, &room, sizeof *at, SIZE_MAX);

	if (!at)
		return false;
	set->at = at;
	struct net_words *words = more(set->words, set->n, &set->room, sizeof *words, SIZE_MAX);
	if (!words)
		return false;
	set->words = words;

	const struct net_words w = net_words(&net);
	size_t                 i = set->n++;
	if (v4) { /* the first of the other networks moves to the end */
		mark_first(set, &net);
		at[i] = at[set->n_v4];
		words[i] = words[set->n_v4];
		i = set->n_v4++;
	}
	at[i] = net;
	words[i] = w;
	return true;
}

bool
net_set_parse(struct net_set *set, const char *text)
{
	const char *at;
	size_t      len;

	while ((len = parse_element(&text, &at)) > 0) {
		struct subnet net;
		if (!subnet_parse(at, len, &net) || !net_set_add(set, net))
			return false;
	}
	return true;
}

void
net_set_free(struct net_set *set)
{
	free(set->at);
	free(set->words);
	*set = (struct net_set){ 0 };
}

/* Searches IPv4 networks: the first 64 bits of all IPv4 addresses are the same. */
static bool
is_in_v4(const struct net_words *n, const struct net_words *end, uint64_t second)
{
	for (; n < end; n++)
		if ((second & n->mask[1]) == n->net[1])
			return true;
	return false;
}

static bool
is_in_v6(const struct net_words *n, const struct net_words *end, const uint64_t w[2])
{
	for (; n < end; n++)
		if ((w[0] & n->mask[0]) == n->net[0] && (w[1] & n->mask[1]) == n->net[1])
			return true;
	return false;
}

bool
net_set_has(const struct net_set *set, const struct addr *a)
{
	uint64_t w[2];

	addr_words(a, w);
	if (!addr_is_v4(a))
		return is_in_v6(set->words + set->n_v4, set->words + set->n, w);
	const enum net_first says = set->v4_first[a->b[12]];
	return says == NET_SOME ? is_in_v4(set->words + set->v4_from[a->b[12]], set->words + set->n_v4, w[1])
	                        : says == NET_ALL;
}

/* Returns 2002::/16 followed by the IPv4 prefix. */
static struct subnet
six_to_four(const struct subnet *v4)
{
	struct subnet s = { .bits = (uint8_t)(v4->bits - 96 + 16) };
	s.net.b[0] = 0x20;
	s.net.b[1] = 0x02;
	memcpy(s.net.b + 2, v4->net.b + 12, 4);
	return s;
}

bool
net_set_add_private(struct net_set *set)
{
	struct subnet net;

	for (size_t i = 0; i < sizeof private_v4 / sizeof *private_v4; i++)
		if (!subnet_parse(private_v4[i], strlen(private_v4[i]), &net) || !net_set_add(set, net) ||
		    !net_set_add(set, six_to_four(&net)))
			return false;
	for (size_t i = 0; i < sizeof private_v6 / sizeof *private_v6; i++)
		if (!subnet_parse(private_v6[i], strlen(private_v6[i]), &net) || !net_set_add(set, net))
			return false;
	return true;
}
