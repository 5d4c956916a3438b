/* batch.h - packets that go through an engine together, and the clock that follows from all packets before them. */
#ifndef CONNLOG_ENGINE_BATCH_H
#define CONNLOG_ENGINE_BATCH_H

#include "connlog.h"
#include "conn/clock.h"
#include "decode/pair.h"

/* What an engine has to know about a packet that it does not track. */
struct batch_time {
	double   now;    /* network time after the packet */
	uint32_t salt;   /* see struct packet_clock */
	uint16_t share;  /* the share that it belongs to, or PAIR_EVERYBODY */
	bool     counts; /* its time advances the input's clock */
};

struct batch_view {
	const connlog_packet    *packets;
	const struct batch_time *times;
	size_t                   n;
	uint64_t                 first;      /* number of the first packet */
	bool                     timers_run; /* the timers that are due before these packets have been run */
};

#endif
