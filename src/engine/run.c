/* run.c - the loop that most programs want: passes a source's packets to an engine. */
#include <stdio.h>

#include "connlog_cores.h"
#include "engine/crew.h"
#include "engine/engine.h"

int
connlog_lend(connlog_engine *e, connlog_source *s)
{
	e->lender = s;
	again_source(&e->inspector.again);
	return e->crew ? crew_lend(e->crew, s) : e->status;
}

int
connlog_follow(connlog_engine *e, connlog_source *s)
{
	const int status = connlog_lend(e, s);

	if (e->crew && status == CONNLOG_OK)
		crew_follow(e->crew, s);
	return status;
}

int
connlog_run(connlog_engine *e, connlog_source *s, char *err, size_t err_size)
{
	connlog_packet packets[BATCH];

	int n = 0, status = connlog_follow(e, s);

	while (status == CONNLOG_OK && (n = connlog_source_read(s, packets, BATCH, err, err_size)) > 0)
		status = connlog_packets(e, packets, (size_t)n);
	const int end = connlog_lend(e, NULL);
	if (status == CONNLOG_OK)
		status = end;
	if (status == CONNLOG_OK)
		return n;
	snprintf(err, err_size, "%s", connlog_error_text(status));
	return status;
}
