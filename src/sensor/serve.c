/* serve.c - see serve.h. */
#include "sensor/serve.h"

#include <stdio.h>

#ifdef CONNLOG_MICROHTTPD
#include <microhttpd.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sensor/httpd.h"

enum {
	CONNECTIONS = 16,  /* connections at the same time */
	PATIENCE = 10,     /* seconds after which a silent connection is closed */
	MEMORY = 16 << 10, /* bytes of a request */
};

struct serve {
	int                fd;
	struct MHD_Daemon *daemon;
	pthread_mutex_t    lock;
	struct page {
		char    *text; /* NULL: none yet */
		size_t   n;
		unsigned asked;
	} pages[SERVE_PAGES];
};

static const char *const urls[SERVE_PAGES] = { [SERVE_METRICS] = "/metrics", [SERVE_TALKERS] = "/talkers" };

struct serve *
serve_open(const char *address, char *err, size_t err_size)
{
	struct serve *s = calloc(1, sizeof *s);

	if (s == NULL) {
		snprintf(err, err_size, "out of memory");
		return NULL;
	}
	s->fd = httpd_listen(address, 0, NULL, err, err_size);
	if (s->fd < 0) {
		free(s);
		return NULL;
	}
	pthread_mutex_init(&s->lock, NULL);
	return s;
}

static enum MHD_Result
answer_page(struct serve *s, struct page *page, struct MHD_Connection *c)
{
	struct MHD_Response *r = NULL;
	enum MHD_Result      done = MHD_NO;

	pthread_mutex_lock(&s->lock);
	page->asked++;
	if (page->text != NULL)
		r = MHD_create_response_from_buffer(page->n, page->text, MHD_RESPMEM_MUST_COPY);
	pthread_mutex_unlock(&s->lock);
	if (r == NULL)
		return httpd_answer(c, MHD_HTTP_SERVICE_UNAVAILABLE, "nothing has been counted yet\n");
	MHD_add_response_header(r, "Content-Type", "text/plain; version=0.0.4; charset=utf-8");
	done = MHD_queue_response(c, MHD_HTTP_OK, r);
	MHD_destroy_response(r);
	return done;
}

/* An MHD_AccessHandlerCallback. */
static enum MHD_Result
handle(void *arg, struct MHD_Connection *c, const char *url, const char *method, const char *version,
       const char *upload, size_t *upload_n, void **state)
{
	struct serve *s = arg;

	(void)version;
	(void)upload;
	(void)state;
	if (*upload_n > 0) { /* request bodies are discarded */
		*upload_n = 0;
		return MHD_NO;
	}
	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
		return httpd_answer(c, MHD_HTTP_METHOD_NOT_ALLOWED, "GET /metrics\n");
	for (int i = 0; i < SERVE_PAGES; i++)
		if (strcmp(url, urls[i]) == 0)
			return answer_page(s, &s->pages[i], c);
	return httpd_answer(c, MHD_HTTP_NOT_FOUND, "connlog: the metrics are at /metrics\n");
}

bool
serve_begin(struct serve *s)
{
	static const struct httpd_options options = { CONNECTIONS, PATIENCE, MEMORY, false };

	s->daemon = httpd_start(s->fd, &options, handle, s);
	return s->daemon != NULL;
}

void
serve_publish(struct serve *s, enum serve_page page, char *text, size_t n)
{
	pthread_mutex_lock(&s->lock);
	char *old = s->pages[page].text;
	s->pages[page].text = text;
	s->pages[page].n = n;
	pthread_mutex_unlock(&s->lock);
	free(old);
}

unsigned
serve_asked(struct serve *s, enum serve_page page)
{
	pthread_mutex_lock(&s->lock);
	const unsigned asked = s->pages[page].asked;
	pthread_mutex_unlock(&s->lock);
	return asked;
}

void
serve_free(struct serve *s)
{
	if (s == NULL)
		return;
	if (s->daemon != NULL)
		MHD_stop_daemon(s->daemon); /* also closes the socket */
	else
		close(s->fd);
	pthread_mutex_destroy(&s->lock);
	for (int i = 0; i < SERVE_PAGES; i++)
		free(s->pages[i].text);
	free(s);
}

const char *
serve_version(void)
{
	return "Prometheus, over HTTP";
}

#else
#include <stdlib.h>

struct serve *
serve_open(const char *address, char *err, size_t err_size)
{
	snprintf(err, err_size, "this connlog cannot answer at %s: it was built without libmicrohttpd", address);
	return NULL;
}

bool
serve_begin(struct serve *s)
{
	(void)s;
	return false;
}

void
serve_publish(struct serve *s, enum serve_page page, char *text, size_t n)
{
	(void)s;
	(void)page;
	(void)n;
	free(text);
}

unsigned
serve_asked(struct serve *s, enum serve_page page)
{
	(void)s;
	(void)page;
	return 0;
}

void
serve_free(struct serve *s)
{
	(void)s;
}

const char *
serve_version(void)
{
	return "none (without libmicrohttpd)";
}
#endif
