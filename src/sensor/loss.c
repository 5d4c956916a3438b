/* loss.c - see loss.h. */
#include "sensor/loss.h"

#define TELL_EVERY 60.0 /* seconds */

uint64_t
loss_news(struct loss *l, uint64_t lost, double now)
{
	const uint64_t more = lost - l->told;

	if (more == 0 || now < l->tell_at)
		return 0;
	l->told = lost;
	l->tell_at = now + TELL_EVERY;
	return more;
}
