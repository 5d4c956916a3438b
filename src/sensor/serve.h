/* serve.h - answers whoever asks over HTTP with the latest text that was published: GET /metrics, GET /talkers.
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
enum serve_page { SERVE_METRICS, SERVE_TALKERS, SERVE_PAGES };
/* The text, allocated, is the answer from now on; it becomes the server's. NULL: there is none. */
void serve_publish(struct serve *s, enum serve_page page, char *text, size_t n);
/* Returns how often a page was asked for. */
unsigned serve_asked(struct serve *s, enum serve_page page);
/* Ends the thread and closes the socket; NULL is nothing. */
void serve_free(struct serve *s);
/* Returns whether this build has it, for --version. Static. */
const char *serve_version(void);

#endif
