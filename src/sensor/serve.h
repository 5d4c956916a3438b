/* serve.h - answers whoever asks over HTTP with the latest text that was published: GET /metrics.
 *
 * The answers come from a thread of their own, in which libmicrohttpd works; who publishes never waits for anybody who reads.
 */
#ifndef CONNLOG_SENSOR_SERVE_H
#define CONNLOG_SENSOR_SERVE_H

#include <stdbool.h>
#include <stddef.h>

struct serve;

/* Opens a socket at "ADDRESS:PORT" ("127.0.0.1:9911", "[::1]:9911") that listens.  Returns NULL with a text. */
struct serve *serve_open(const char *address, char *err, size_t err_size);
/* Begins to answer.  Returns whether there is a thread for it. */
bool serve_begin(struct serve *s);
/* The text, of the heap, is the answer from now on; it becomes the server's. */
void serve_publish(struct serve *s, char *text, size_t n);
/* Ends the thread and closes the socket; NULL is nothing. */
void serve_free(struct serve *s);
/* Returns whether this build has it, for --version. Static. */
const char *serve_version(void);

#endif
