/* serve.h - serves the latest published text over HTTP: GET /metrics, GET /talkers.
 *
 * A separate thread, run by libmicrohttpd, sends the responses; the publisher never waits for a client.
 */
#ifndef CONNLOG_SENSOR_SERVE_H
#define CONNLOG_SENSOR_SERVE_H

#include <stdbool.h>
#include <stddef.h>

struct serve;

/* Opens a listening socket at "ADDRESS:PORT" ("127.0.0.1:9911", "[::1]:9911").  Returns NULL and writes a message on failure. */
struct serve *serve_open(const char *address, char *err, size_t err_size);
/* Starts serving. Returns false if no thread can be started. */
bool serve_begin(struct serve *s);
enum serve_page { SERVE_METRICS, SERVE_TALKERS, SERVE_PAGES };
/* Publishes the text, which is allocated and becomes the server's; NULL for none. */
void serve_publish(struct serve *s, enum serve_page page, char *text, size_t n);
/* Returns how often a page was requested. */
unsigned serve_asked(struct serve *s, enum serve_page page);
/* Ends the thread and closes the socket; NULL is ignored. */
void serve_free(struct serve *s);
/* Returns the library in this build, for --version; static. */
const char *serve_version(void);

#endif
