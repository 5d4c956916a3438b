/* source.c - the public functions of a source, dispatched through its table (source.h). */
#include "capture/source.h"

#include <stdio.h>
#include <string.h>

int
source_fail(char *err, size_t err_size, int code, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(err, err_size, format, ap); /* which writes nothing if the size is 0 */
	va_end(ap);
	return code;
}

int
connlog_source_read(connlog_source *s, connlog_packet *p, size_t max, char *err, size_t err_size)
{
	return s->ops->read(s, p, max, err, err_size);
}

void
connlog_source_progress_get(const connlog_source *s, connlog_source_progress *out)
{
	memset(out, 0, sizeof *out);
	s->ops->progress(s, out);
}

bool
connlog_source_interface(const connlog_source *s, size_t i, connlog_interface_progress *out)
{
	return s->ops->interface && s->ops->interface(s, i, out);
}

bool
connlog_source_ring(const connlog_source *s, size_t i, size_t ring, connlog_ring_progress *out)
{
	return s->ops->ring && s->ops->ring(s, i, ring, out);
}

struct windows *
source_lend(connlog_source *s, bool on)
{
	return s->ops->lend ? s->ops->lend(s, on) : NULL;
}

bool
source_extent(const connlog_source *s, struct source_extent *out)
{
	return s->ops->extent && s->ops->extent(s, out);
}

connlog_source *
source_copy(connlog_source *s)
{
	return s->ops->copy ? s->ops->copy(s) : NULL;
}

void
connlog_source_stop(connlog_source *s)
{
	s->ops->stop(s);
}

void
connlog_source_free(connlog_source *s)
{
	if (s)
		s->ops->free(s);
}
