/* nets.h - sets of subnets: Site::local_nets, ignore_checksums_nets. */
#ifndef CONNLOG_CONN_NETS_H
#define CONNLOG_CONN_NETS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/addr.h"
#include "decode/decode.h" /* struct subnet */

/* Whether none, some or all addresses with a certain first byte are in the set. */
enum net_first { NET_NONE, NET_SOME, NET_ALL };

/* IPv4 networks come before the others, so that an address is compared only with networks of its family. */
struct net_set {
	struct subnet *at;
	struct net_words {
		uint64_t net[2], mask[2]; /* the networks in `at`, most significant word first */
	} * words;
	size_t  n, n_v4, room;
	uint8_t v4_first[256]; /* by the first byte of an IPv4 address, enum net_first: nearly always decides */
	uint8_t v4_from[256];  /* NET_SOME: the first network to compare with */
};

/* Parses "10.0.0.0/8" "fd00::/8" "[fd00::]/8" "192.0.2.1".
 * Returns false when it is none of these. */
bool subnet_parse(const char *text, size_t len, struct subnet *out);

/* Clears the bits after the prefix.  Returns false when out of memory. */
bool net_set_add(struct net_set *set, struct subnet net);
/* Adds a list of them: "10.0.0.0/8,fd00::/8", "{ 10.0.0.0/8 }". Returns false if it is not one, or when out of memory. */
bool net_set_parse(struct net_set *set, const char *text);
void net_set_free(struct net_set *set);
bool net_set_has(const struct net_set *set, const struct addr *a);

/* Adds Site::private_address_space (scripts/base/utils/site.zeek). */
bool net_set_add_private(struct net_set *set);

#endif
