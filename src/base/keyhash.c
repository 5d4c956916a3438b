/* keyhash.c - see keyhash.h. */
#include "base/keyhash.h"

#include <stdbool.h>

#if defined(__x86_64__)
#include <immintrin.h>

__attribute__((target("aes,sse4.1"))) static inline uint64_t
finish(__m128i state, __m128i k)
{
	for (unsigned round = 0; round < 4; round++)
		state = _mm_aesenc_si128(state, k);
	return (uint64_t)_mm_cvtsi128_si64(state) ^ (uint64_t)_mm_extract_epi64(state, 1);
}

/* The words are passed in registers: loading in one piece what has just been stored in two is slow. */
__attribute__((target("aes,sse4.1"))) static uint64_t
one_with_aes(const struct siphash_key *key, uint64_t first, uint64_t second)
{
	const __m128i k = _mm_loadu_si128((const void *)key);
	return finish(_mm_xor_si128(k, _mm_set_epi64x((long long)second, (long long)first)), k);
}

__attribute__((target("aes,sse4.1"))) static uint64_t
with_aes(const struct siphash_key *key, const uint64_t *words, size_t n)
{
	const __m128i k = _mm_loadu_si128((const void *)key);
	__m128i       state = _mm_xor_si128(k, _mm_loadu_si128((const void *)words));
	for (size_t i = 1; i < n; i++)
		state = _mm_xor_si128(_mm_aesenc_si128(state, k), _mm_loadu_si128((const void *)(words + 2 * i)));
	return finish(state, k);
}

static bool
have_aes(void)
{
	return __builtin_cpu_supports("aes") && __builtin_cpu_supports("sse4.1");
}
#endif

uint64_t
keyhash(const struct siphash_key *key, const uint64_t *words, size_t n)
{
#if defined(__x86_64__)
	if (have_aes())
		return with_aes(key, words, n);
#endif
	return siphash13(key, words, 2 * n);
}

uint64_t
keyhash_one(const struct siphash_key *key, uint64_t first, uint64_t second)
{
#if defined(__x86_64__)
	if (have_aes())
		return one_with_aes(key, first, second);
#endif
	return siphash13(key, (const uint64_t[2]){ first, second }, 2);
}
