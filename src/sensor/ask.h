/* ask.h - queries a sensor over HTTP (serve.h). */
#ifndef CONNLOG_SENSOR_ASK_H
#define CONNLOG_SENSOR_ASK_H

#include <stddef.h>
#include <sys/socket.h>

struct addrinfo;

enum ask_outcome { ASK_OK, ASK_NOTHING, /* it responds, but has no text, or none yet */ ASK_FAILED };

/* Gets the text at `path`, allocated and terminated.  ASK_FAILED comes with a message. */
enum ask_outcome ask(const struct addrinfo *where, const char *path, char **text, char *err, size_t err_size);

#endif
