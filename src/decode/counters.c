/* counters.c - the causes by name. */
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
