/* loss.h - when to say that something was lost: at once, and then once a minute as long as it goes on. */
#ifndef CONNLOG_SENSOR_LOSS_H
#define CONNLOG_SENSOR_LOSS_H

#include <stdint.h>

/* Something that can get lost.  All zero: nothing was told yet. */
struct loss {
	uint64_t told;    /* the number in the latest message */
	double   tell_at; /* seconds, as `now` below: not earlier than this */
};

/* Returns how many more were lost than told, if they are to be told now; otherwise 0.  `lost`: so far; `now`: clock_steady(). */
uint64_t loss_news(struct loss *l, uint64_t lost, double now);

#endif
