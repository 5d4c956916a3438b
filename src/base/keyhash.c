/* keyhash.c - see keyhash.h. */
#include "base/keyhash.h"

#if defined(__x86_64__)
#include <immintrin.h>

__attribute__((target("aes,sse4.1"))) static uint64_t
with_aes(const struct siphash_key *key, const uint64_t *words, size_t n)
{
	const __m128i k = _mm_loadu_si128((const void *)key);
	__m128i       state = _mm_xor_si128(k, _mm_loadu_si128((const void *)words));
	for (size_t i = 1; i < n; i++)
		state = _mm_xor_si128(_mm_aesenc_si128(state, k), _mm_loadu_si128((const void *)(words + 2 * i)));
	for (unsigned round = 0; round < 4; round++)
		state = _mm_aesenc_si128(state, k);
	return (uint64_t)_mm_cvtsi128_si64(state) ^ (uint64_t)_mm_extract_epi64(state, 1);
}
#endif

uint64_t
keyhash(const struct siphash_key *key, const uint64_t *words, size_t n)
{
#if defined(__x86_64__)
	if (__builtin_cpu_supports("aes") && __builtin_cpu_supports("sse4.1"))
		return with_aes(key, words, n);
#endif
	return siphash13(key, words, 2 * n);
}
