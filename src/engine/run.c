/* run.c - the loop that most programs want: a source's packets into an engine. */
#include <stdio.h>

#include "engine/engine.h"

int
connlog_run(connlog_engine *e, connlog_source *s, char *err, size_t err_size)
{
	connlog_packet packets[BATCH];

	for (;;) {
		const int n = connlog_source_read(s, packets, BATCH, err, err_size);
		if (n <= 0)
			return n;
		const int status = connlog_packets(e, packets, (size_t)n);
		if (status != CONNLOG_OK) {
			snprintf(err, err_size, "%s", connlog_error_text(status));
			return status;
		}
	}
}
