/* batch.h - packets that go through an engine together, with what follows from the times of all packets before them. */
#ifndef CONNLOG_ENGINE_BATCH_H
#define CONNLOG_ENGINE_BATCH_H

#include "connlog.h"
#include "conn/clock.h"
#include "decode/pair.h"

/* What an engine that does not track a packet has to know of it. */
struct batch_time {
	double   now;    /* network time once it has come */
	uint32_t salt;   /* struct packet_clock */
	uint16_t share;  /* whose it is, or PAIR_EVERYBODY */
	bool     counts; /* its time is one of the input's */
};

struct batch_view {
	const connlog_packet    *packets;
	const struct batch_time *times;
	size_t                   n;
	uint64_t                 first;      /* the number of the first packet */
	bool                     timers_run; /* those that are due before the packets have been run */
};

#endif
