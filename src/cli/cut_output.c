/* cut_output.c - the buffered standard output of `connlog cut`. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cut.h"

bool
cut_output_init(struct cut_output *o)
{
	o->p = malloc(CUT_OUTPUT_ROOM);
	o->sink = connlog_sink_fd(STDOUT_FILENO, o->error, sizeof o->error);
	if (o->p == NULL)
		complain("out of memory");
	else if (o->sink == NULL)
		complain("%s", o->error);
	return o->p != NULL && o->sink != NULL;
}

void
cut_output_free(struct cut_output *o)
{
	connlog_sink_free(o->sink);
	free(o->p);
}

static void
hand_on(struct cut_output *o, const char *p, size_t n)
{
	if (o->status == CONNLOG_OK && n > 0)
		o->status = connlog_sink_write(o->sink, p, n, o->error, sizeof o->error);
}

int
cut_output_flush(struct cut_output *o)
{
	hand_on(o, o->p, o->n);
	o->n = 0;
	return o->status;
}

void
cut_put(struct cut_output *o, const char *p, size_t n)
{
	if (n > CUT_OUTPUT_ROOM - o->n)
		cut_output_flush(o);
	if (n > CUT_OUTPUT_ROOM) {
		hand_on(o, p, n);
		return;
	}
	if (n > 0)
		memcpy(o->p + o->n, p, n);
	o->n += n;
}
