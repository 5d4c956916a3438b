/* trace.h - connlog_on_counted(): which packets were counted, and which earlier packets held their fragments. */
#ifndef CONNLOG_ENGINE_TRACE_H
#define CONNLOG_ENGINE_TRACE_H

struct trace;

void trace_free(struct trace *t);

#endif
