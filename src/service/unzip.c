/* unzip.c - see unzip.h. */
#include "service/unzip.h"

#include <stdlib.h>
#include <zlib.h>

#define PIECE 4096u

struct unzip {
	z_stream z;
	bool     charged, over; /* it has ended or is corrupt: no more output */
};

static struct unzip *
unzip_new(struct budget *budget)
{
	struct unzip *u = calloc(1, sizeof *u);

	if (!u)
		return NULL;
	u->charged = budget_take(budget, UNZIP_BYTES);
	u->over = !u->charged || inflateInit2(&u->z, MAX_WBITS + 32) != Z_OK;
	return u;
}

/* The stream has no header that zlib knows; it may be raw. */
static bool
restart(struct unzip *u, struct bytes in)
{
	inflateEnd(&u->z);
	if (inflateInit2(&u->z, -MAX_WBITS) != Z_OK)
		return false;
	u->z.next_in = (Bytef *)(uintptr_t)in.p;
	u->z.avail_in = (uInt)in.n;
	return true;
}

void
unzip_feed(struct unzip **at, struct budget *budget, struct bytes in, unzip_fn take, void *arg)
{
	if (!*at)
		*at = unzip_new(budget);
	struct unzip *u = *at;
	bool          may_restart = true;
	uint8_t       piece[PIECE];

	if (!u || u->over || in.n == 0)
		return;
	u->z.next_in = (Bytef *)(uintptr_t)in.p;
	u->z.avail_in = (uInt)in.n;
	for (;;) {
		u->z.next_out = piece;
		u->z.avail_out = PIECE;
		const int status = inflate(&u->z, Z_SYNC_FLUSH);
		if (status == Z_OK || status == Z_STREAM_END) {
			may_restart = false;
			u->over = status == Z_STREAM_END;
			if (u->z.avail_out < PIECE)
				take(arg, (struct bytes){ piece, PIECE - u->z.avail_out });
			if (u->over || u->z.avail_in == 0)
				return;
		} else if (!may_restart || status != Z_DATA_ERROR || !restart(u, in)) {
			u->over = true;
			return;
		} else {
			may_restart = false;
		}
	}
}

void
unzip_free(struct unzip *u, struct budget *budget)
{
	if (!u)
		return;
	inflateEnd(&u->z);
	if (u->charged)
		budget_give(budget, UNZIP_BYTES);
	free(u);
}
