/* sink.h - what a sink of a file does besides what connlog.h says of it. */
#ifndef CONNLOG_SINK_SINK_H
#define CONNLOG_SINK_SINK_H

#include "connlog.h"

/* Closes the file, which keeps its hidden name: connlog_sink_close() does the rest.  Returns CONNLOG_OK, or CONNLOG_IO with a text. */
int sink_settle(connlog_sink *s, char *err, size_t err_size);

#endif
