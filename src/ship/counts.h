/* counts.h - counters of a sink, written by the process that delivers its records and read by the others. */
#ifndef CONNLOG_SHIP_COUNTS_H
#define CONNLOG_SHIP_COUNTS_H

#include <stdatomic.h>
#include <stdint.h>

/* In shared memory, so they outlive a delivering process that is killed. */
struct counts {
	_Atomic uint64_t delivered; /* records accepted by the sink, or acknowledged if it does that */
	_Atomic uint64_t lost;
	_Atomic uint64_t held;                   /* taken from the queue and not yet handed to the sink */
	_Atomic uint64_t flying;                 /* handed to the sink but not yet acknowledged */
	_Atomic uint64_t spooled, spooled_bytes; /* in the disk spool */
	_Atomic uint64_t failures;               /* failed attempts to open or write */
	_Atomic uint64_t opened;                 /* successful opens */
	_Atomic uint64_t moves;                  /* changes whenever there is progress */
	_Atomic uint64_t up;                     /* 1: connected */
	_Atomic uint64_t restarts;               /* delivering processes that had to be replaced */

	/* What the next delivering process makes of the end of this one: */
	_Atomic uint64_t
		again; /* counted as delivered out of a file of the disk spool that is still there: will be repeated */
	_Atomic uint64_t unsafe; /* counted as delivered, but in files that are not complete: will be lost */
	_Atomic uint64_t whole;  /* 1: all records or none; the sink is lost with the process */
	_Atomic uint64_t gone;   /* 1: no process delivers this sink's records any more */
};

#endif
