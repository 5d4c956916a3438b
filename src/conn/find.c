/* find.c - from a packet to its connection: see conn.h. */
#include <string.h>

#include "base/keyhash.h"
#include "conn/conn.h"

/* Hashes an IPv4 tuple: one block with both endpoints, the lower first unless the tuple is one-way. */
static uint64_t
hash_v4(const struct siphash_key *key, const struct pkt *p, uint64_t kind)
{
	const uint64_t src = (uint64_t)addr_v4(&p->src) << 16 | p->sport, dst = (uint64_t)addr_v4(&p->dst) << 16 | p->dport;
	const bool     swap = !p->one_way && src > dst;
	return keyhash_one(key, swap ? dst : src, (swap ? src : dst) | kind << 48);
}

/* Hashes any other tuple: one block per address and one for the rest. */
static __attribute__((noinline)) uint64_t
hash_v6(const struct siphash_key *key, const struct pkt *p, uint64_t kind)
{
	uint64_t   w[6];
	const int  order = addr_cmp(&p->src, &p->dst);
	const bool swap = !p->one_way && (order > 0 || (order == 0 && p->sport > p->dport));
	memcpy(w, swap ? &p->dst : &p->src, 16);
	memcpy(w + 2, swap ? &p->src : &p->dst, 16);
	w[4] = swap ? p->dport | (uint64_t)p->sport << 16 : p->sport | (uint64_t)p->dport << 16;
	w[5] = kind;
	return keyhash(key, w, 3);
}

uint32_t
conn_hash(const struct conn_store *s, const struct pkt *p)
{
	const uint64_t kind = p->proto | (uint64_t)p->one_way << 8;
	const uint64_t hash = conn_is_v4(p) ? hash_v4(&s->hash_key, p, kind) : hash_v6(&s->hash_key, p, kind);
	return (uint32_t)(hash ^ hash >> 32);
}

/* Returns whether a connection between addresses that are not both IPv4 has the endpoints of a packet sent by side
 * `from`. */
static bool
has_ends_v6(const struct conn_store *s, const struct conn *c, const struct pkt *p, int from)
{
	if (c->p[from] != p->sport || c->p[!from] != p->dport)
		return false;
	const struct conn_ends *ends = slab_at(&s->ends, c->ends);
	return addr_equal(&ends->h[from], &p->src) && addr_equal(&ends->h[!from], &p->dst);
}

static __attribute__((noinline)) uint32_t
find_v6(const struct conn_store *s, const struct pkt *p, uint32_t hash, struct conn **found, bool *is_orig)
{
	const uint8_t kind = (uint8_t)(CONN_V6 | (p->one_way ? CONN_ONE_WAY : 0));
	uint32_t      at = hash & s->table.mask, handle;

	while ((handle = table_probe(&s->table, hash, &at)) != 0) {
		struct conn *c = *found = conn_at(s, handle);
		if (c->proto != p->proto || (c->flags & (CONN_ONE_WAY | CONN_V6)) != kind)
			continue;
		if ((*is_orig = has_ends_v6(s, c, p, ORIG)) || (!p->one_way && has_ends_v6(s, c, p, RESP)))
			return handle;
	}
	return 0;
}

/* Does the same for IPv4, where two addresses are one word and two ports another. */
static inline uint32_t
find_v4(const struct conn_store *s, const struct pkt *p, uint32_t hash, struct conn **found, bool *is_orig)
{
	const uint64_t hosts = addr_v4(&p->src) | (uint64_t)addr_v4(&p->dst) << 32;
	const uint32_t ports = p->sport | (uint32_t)p->dport << 16;
	const uint8_t  kind = p->one_way ? CONN_ONE_WAY : 0;
	uint32_t       at = hash & s->table.mask, handle;

	while ((handle = table_probe(&s->table, hash, &at)) != 0) {
		struct conn *c = *found = conn_at(s, handle);
		if (c->proto != p->proto || (c->flags & (CONN_ONE_WAY | CONN_V6)) != kind)
			continue;
		const uint64_t its_hosts = c->v4[ORIG] | (uint64_t)c->v4[RESP] << 32;
		const uint32_t its_ports = c->p[ORIG] | (uint32_t)c->p[RESP] << 16;
		*is_orig = hosts == its_hosts && ports == its_ports;
		if (*is_orig ||
		    (!kind && hosts == (its_hosts << 32 | its_hosts >> 32) && ports == (its_ports << 16 | its_ports >> 16)))
			return handle;
	}
	return 0;
}

uint32_t
conn_find(const struct conn_store *s, const struct pkt *p, uint32_t hash, struct conn **found, bool *is_orig)
{
	return conn_is_v4(p) ? find_v4(s, p, hash, found, is_orig) : find_v6(s, p, hash, found, is_orig);
}
