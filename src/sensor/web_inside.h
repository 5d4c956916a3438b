/* web_inside.h - what the two halves of web.h share: web.c, which the publisher calls, and web_http.c, which answers. */
#ifndef CONNLOG_SENSOR_WEB_INSIDE_H
#define CONNLOG_SENSOR_WEB_INSIDE_H

#ifdef CONNLOG_MICROHTTPD
#include <pthread.h>
#include <stdatomic.h>

#include "sensor/httpd.h"
#include "sensor/recent.h"
#include "sensor/web.h"

enum { WEB_DIGEST = 32 }; /* bytes of SHA-256 */

/* A client that follows the page.  Used by the server's thread, but for `waiting`, which is under the lock. */
struct stream {
	struct stream         *next;
	struct web            *web;
	struct MHD_Connection *connection;
	struct recent_cursor   at[WEB_RINGS];
	uint64_t               state; /* the number of the state that it has */
	bool                   begun, waiting;
	char                  *text; /* what is being sent */
	size_t                 n, sent;
};

/* Items that were handed over and are not in memory yet; of the publisher's thread. */
struct stage {
	uint8_t *p;
	size_t   n;
};

struct web {
	struct web_options options; /* without the token */
	bool               guarded; /* a token is needed, of which this is the digest */
	uint8_t            token[WEB_DIGEST];
	int                fd;
	struct MHD_Daemon *daemon;
	const char        *page, *policy;
	size_t             page_n;

	struct stage      stage; /* of the publisher */
	char             *next_state;
	size_t            next_state_n;
	uint64_t          lost;  /* records that did not fit into the stage */
	struct web_counts shown; /* as of the latest web_publish() */

	uint8_t *scratch[WEB_RINGS]; /* of the server's thread */

	pthread_mutex_t   lock; /* of what follows */
	struct recent    *rings[WEB_RINGS];
	char             *state;
	size_t            state_n;
	uint64_t          states; /* so far */
	struct stream    *streams;
	bool              ending;
	struct web_counts counts;
	atomic_uint       streams_n; /* may be read without it */
};

enum { WEB_SCRATCH = RECENT_ITEM_MAX + 64 }; /* bytes that are sent of a ring at once, about */

/* An MHD_AccessHandlerCallback. */
enum MHD_Result web_handle(void *arg, struct MHD_Connection *c, const char *url, const char *method,
                           const char *version, const char *upload, size_t *upload_n, void **state);
/* Continues all streams that wait; under the lock. */
void web_wake(struct web *w);
#endif

#endif
