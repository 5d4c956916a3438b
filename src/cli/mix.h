/* mix.h - spreads the bits of a number for sketches and filters. */
#ifndef CONNLOG_CLI_MIX_H
#define CONNLOG_CLI_MIX_H

#include <stdint.h>

/* The end of MurmurHash3: each bit of the input flips each bit of the result half of the time. */
static inline uint64_t
mix(uint64_t x)
{
	x = (x ^ (x >> 33)) * 0xff51afd7ed558ccdu;
	x = (x ^ (x >> 33)) * 0xc4ceb9fe1a85ec53u;
	return x ^ (x >> 33);
}

#endif
