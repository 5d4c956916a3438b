/* counts.h - what became of a sink's records: counted by the process that feeds it, read by the one that makes them. */
#ifndef CONNLOG_SHIP_COUNTS_H
#define CONNLOG_SHIP_COUNTS_H

#include <stdatomic.h>
#include <stdint.h>

/* In memory that both processes have. */
struct counts {
	_Atomic uint64_t delivered; /* records that the sink has taken, or confirmed where it can */
	_Atomic uint64_t lost;
	_Atomic uint64_t waiting, waiting_bytes; /* in memory */
	_Atomic uint64_t flying;                 /* of these: handed over, and not confirmed */
	_Atomic uint64_t spooled, spooled_bytes; /* on the disk */
	_Atomic uint64_t failures;               /* how often it could not be reached, or took nothing */
	_Atomic uint64_t opened;                 /* how often it was reached */
	_Atomic uint64_t moves;                  /* changes whenever something has come further */
	_Atomic uint64_t up;                     /* 1: it is reached */
};

#endif
