/* human.h - sizes and times for people. */
#ifndef CONNLOG_CLI_HUMAN_H
#define CONNLOG_CLI_HUMAN_H

#include <stddef.h>

#define HUMAN_MAX 32

/* "7320 B", "12.3 kB": powers of 1000. */
void human_bytes(double bytes, char out[HUMAN_MAX]);
/* "250 us", "12.3 ms", "54.4 s", "3:05 min", "2:11 h", "1.50 d". */
void human_span(double seconds, char out[HUMAN_MAX]);

#endif
