/* where.c - measures a condition: where CONDITION ROWS tests that many records and prints how many matched and the CPU
 * nanoseconds per row. Under cachegrind, the difference between two runs is the instructions per row. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "connlog_where.h"
#include "record/public.h"

enum { RECORDS = 1024 };

static void
make(struct record *r, unsigned i)
{
	static const char *const services[] = { "http", "ssl", "dns", "ssl,http" }, *const states[] = { "SF", "S0",
		                                                                                            "RSTO" };
	static const char *const histories[] = { "ShADadFf", "S", "ShADadR", "Dd" };

	*r = (struct record){
		.ts = 1.7e9 + i, .duration = i % 400, .orig_p = (uint16_t)(i * 7919), .orig_bytes = i * 4099u
	};
	r->resp_p = i % 3 ? 443 : 80;
	r->resp_bytes = i * 104729u;
	r->orig_h = addr_from_v4((const uint8_t[]){ 192, 168, (uint8_t)(i >> 8), (uint8_t)i });
	r->resp_h = addr_from_v4((const uint8_t[]){ (uint8_t)(i % 5 ? 10 : 203), 0, 113, (uint8_t)i });
	r->proto = text_from(i % 4 == 2 ? "udp" : "tcp");
	r->service = text_from(services[i % 4]);
	r->conn_state = text_from(states[i % 3]);
	r->history = text_from(histories[i % 4]);
	r->local_orig = i % 2;
	r->has = HAS_ALWAYS | HAS_LASTED | HAS_LOCAL | HAS(COL_SERVICE) | HAS(COL_HISTORY);
}

static double
cpu(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

int
main(int argc, char **argv)
{
	static struct record records[RECORDS];
	connlog_where_error  error;
	connlog_where       *w = argc == 3 ? connlog_where_new(argv[1], 0, &error) : NULL;
	unsigned long        chosen = 0, rows = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;

	if (!w) {
		fprintf(stderr, "where: %s\n", argc == 3 ? error.text : "usage: where CONDITION ROWS");
		return 2;
	}
	for (unsigned i = 0; i < RECORDS; i++)
		make(&records[i], i);
	const double begin = cpu();
	for (unsigned long i = 0; i < rows; i++)
		chosen += connlog_where_match(w, record_public(&records[i % RECORDS]));
	printf("%lu %.1f\n", chosen, (cpu() - begin) / (double)rows);
	connlog_where_free(w);
	return 0;
}
