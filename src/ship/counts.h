/* counts.h - counters of a sink, written by the delivering process and read by the other. */
#ifndef CONNLOG_SHIP_COUNTS_H
#define CONNLOG_SHIP_COUNTS_H

#include <stdatomic.h>
#include <stdint.h>

/* In shared memory. */
struct counts {
	_Atomic uint64_t delivered; /* records accepted by the sink, or acknowledged if it does that */
	_Atomic uint64_t lost;
	_Atomic uint64_t waiting, waiting_bytes; /* in memory */
	_Atomic uint64_t flying;                 /* delivered but not yet acknowledged */
	_Atomic uint64_t spooled, spooled_bytes; /* in the disk spool */
	_Atomic uint64_t failures;               /* failed attempts to open or write */
	_Atomic uint64_t opened;                 /* successful opens */
	_Atomic uint64_t moves;                  /* changes whenever there is progress */
	_Atomic uint64_t up;                     /* 1: connected */
};

#endif
