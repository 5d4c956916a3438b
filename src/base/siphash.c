/* siphash.c - see siphash.h. */
#include "base/siphash.h"

#include <endian.h>
#include <string.h>

struct state {
	uint64_t v0, v1, v2, v3;
};

static inline uint64_t
rotl(uint64_t x, int by)
{
	return x << by | x >> (64 - by);
}

static inline void
sip_round(struct state *s)
{
	s->v0 += s->v1;
	s->v1 = rotl(s->v1, 13) ^ s->v0;
	s->v0 = rotl(s->v0, 32);
	s->v2 += s->v3;
	s->v3 = rotl(s->v3, 16) ^ s->v2;
	s->v0 += s->v3;
	s->v3 = rotl(s->v3, 21) ^ s->v0;
	s->v2 += s->v1;
	s->v1 = rotl(s->v1, 17) ^ s->v2;
	s->v2 = rotl(s->v2, 32);
}

static inline struct state
sip_start(const struct siphash_key *key)
{
	return (struct state){
		key->k0 ^ 0x736f6d6570736575u,
		key->k1 ^ 0x646f72616e646f6du,
		key->k0 ^ 0x6c7967656e657261u,
		key->k1 ^ 0x7465646279746573u,
	};
}

uint64_t
siphash13(const struct siphash_key *key, const uint64_t *words, size_t n)
{
	struct state s = sip_start(key);

	for (size_t i = 0; i <= n; i++) {
		const uint64_t m = i < n ? words[i] : (uint64_t)(8 * n) << 56;
		s.v3 ^= m;
		sip_round(&s);
		s.v0 ^= m;
	}
	s.v2 ^= 0xff;
	sip_round(&s);
	sip_round(&s);
	sip_round(&s);
	return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

static inline uint64_t
load_le64(const uint8_t *p)
{
	uint64_t v;
	memcpy(&v, p, 8);
	return le64toh(v);
}

static uint64_t
load_le64_part(const uint8_t *p, size_t n)
{
	uint64_t v = 0;
	for (size_t i = 0; i < n; i++)
		v |= (uint64_t)p[i] << (8 * i);
	return v;
}

static inline uint64_t
sip_finish(struct state *s)
{
#pragma GCC unroll 4
	for (int i = 0; i < 4; i++)
		sip_round(s);
	return s->v0 ^ s->v1 ^ s->v2 ^ s->v3;
}

static inline struct state
sip_start_128(const struct siphash_key *key)
{
	struct state s = sip_start(key);
	s.v1 ^= 0xee;
	return s;
}

static inline void
sip_take(struct state *s, uint64_t m)
{
	s->v3 ^= m;
	sip_round(s);
	sip_round(s);
	s->v0 ^= m;
}

static inline void
sip_finish_128(struct state *s, uint64_t out[2])
{
	s->v2 ^= 0xee;
	out[0] = sip_finish(s);
	s->v1 ^= 0xdd;
	out[1] = sip_finish(s);
}

void
siphash24_128(const struct siphash_key *key, const void *in, size_t n, uint64_t out[2])
{
	const uint8_t *p = in;
	struct state   s = sip_start_128(key);
	size_t         left = n;

	for (; left >= 8; p += 8, left -= 8)
		sip_take(&s, load_le64(p));
	sip_take(&s, load_le64_part(p, left) | (uint64_t)n << 56);
	sip_finish_128(&s, out);
}

void
siphash24_128_words(const struct siphash_key *key, const uint64_t *words, size_t n, uint8_t last, uint64_t out[2])
{
	struct state s = sip_start_128(key);

#pragma GCC unroll 6
	for (size_t i = 0; i < n; i++)
		sip_take(&s, words[i]);
	sip_take(&s, last | (uint64_t)(8 * n + 1) << 56);
	sip_finish_128(&s, out);
}
