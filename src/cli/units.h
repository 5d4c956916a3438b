/* units.h - intervals and sizes on the command line. */
#ifndef CONNLOG_CLI_UNITS_H
#define CONNLOG_CLI_UNITS_H

#include <stdbool.h>
#include <stdint.h>

/* Parses an interval as Zeek writes it ("90sec", "1.5 hrs", "1day"), or with the letters s, m, h, d; a bare number is
 * in seconds.  Returns false for anything else. */
bool units_interval(const char *text, double *seconds);

/* Parses a size: a number, with K, M, G or T (or KB, KiB and so on) for powers of 1024.  Returns false for anything
 * else. */
bool units_size(const char *text, uint64_t *bytes);

#endif
