/* sink.h - functions of a sink of a file that are not part of connlog.h. */
#ifndef CONNLOG_SINK_SINK_H
#define CONNLOG_SINK_SINK_H

#include "connlog.h"

/* Closes the file, which keeps its temporary name: connlog_sink_close() renames it. Returns CONNLOG_OK, or CONNLOG_IO
 * with a message. */
int sink_settle(connlog_sink *s, char *err, size_t err_size);

#endif
