/* human.h - sizes and times for people. */
#ifndef CONNLOG_CLI_HUMAN_H
#define CONNLOG_CLI_HUMAN_H

#include <stdint.h>

#define HUMAN_MAX 32

/* "7320 B", "12.3 kB": powers of 1000. */
void human_bytes(double bytes, char out[HUMAN_MAX]);
/* "0", "12.3", "812", "12.3 k", "3.21 M": powers of 1000. */
void human_number(double n, char out[HUMAN_MAX]);
/* "1,234,567" */
void human_count(uint64_t n, char out[HUMAN_MAX]);
/* "250 us", "12.3 ms", "54.4 s", "3:05 min", "2:11 h", "1.50 d". */
void human_span(double seconds, char out[HUMAN_MAX]);
/* Removes the blank, for columns: "12.3kB".  Returns the text. */
const char *human_join(char text[HUMAN_MAX]);

#endif
