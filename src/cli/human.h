/* human.h - numbers for people: 1.4MB, 3.5m. */
#ifndef CONNLOG_CLI_HUMAN_H
#define CONNLOG_CLI_HUMAN_H

#include <stdint.h>

#define HUMAN_MAX 32 /* with the final zero byte */

/* => `out`: "912B", "7.3kB", "39kB", "1.2GB" (thousands, not 1024). */
const char *human_bytes(uint64_t n, char out[HUMAN_MAX]);
/* => `out`: "4.1ms", "54s", "3.5m", "12h", "2.1d". */
const char *human_seconds(double seconds, char out[HUMAN_MAX]);
/* => `out`: "1,234,567". */
const char *human_count(uint64_t n, char out[HUMAN_MAX]);

#endif
