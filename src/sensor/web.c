/* web.c - see web.h: the publisher's half. */
#include "sensor/web.h"

#ifdef CONNLOG_MICROHTTPD
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sensor/web_inside.h"

enum {
	STAGE = 256 << 10,    /* bytes */
	SAMPLES = 256 << 10,  /* the same */
	SEND_ROOM = 64 << 10, /* the same, of a connection in the kernel, which doubles it */
	CONNECTIONS = 48,     /* at once */
	PATIENCE = 10,        /* seconds for a silent connection, or one that takes nothing */
	MEMORY = 48 << 10,    /* bytes of a request, and of what is being sent */
};

/* An item in the stage is this and its bytes. */
struct staged {
	double        time;
	size_t        n;
	enum web_ring ring;
};

/* ---- opening and closing ----------------------------------------------------------------------------------------- */

static void
free_parts(struct web *w)
{
	for (int i = 0; i < WEB_RINGS; i++) {
		recent_free(w->rings[i]);
		free(w->scratch[i]);
	}
	free(w->stage.p);
	free(w->next_state);
	free(w->state);
	free(w);
}

/* Returns NULL when out of memory. */
static struct web *
make_parts(const struct web_options *o)
{
	struct web *w = calloc(1, sizeof *w);

	if (w == NULL)
		return NULL;
	w->options = *o;
	w->options.token = NULL;
	w->guarded = o->token != NULL;
	w->rings[WEB_SAMPLES] = recent_new(SAMPLES);
	w->rings[WEB_RECORDS] = recent_new(o->memory);
	w->stage.p = malloc(STAGE);
	bool good = w->rings[WEB_SAMPLES] != NULL && w->rings[WEB_RECORDS] != NULL && w->stage.p != NULL;
	for (int i = 0; i < WEB_RINGS; i++)
		good = (w->scratch[i] = malloc(WEB_SCRATCH)) != NULL && good;
	if (good)
		return w;
	free_parts(w);
	return NULL;
}

struct web *
web_open(const struct web_options *o, char *err, size_t err_size)
{
	struct web *w = make_parts(o);
	unsigned    n = 0;
	bool        loopback = false;

	if (w == NULL) {
		snprintf(err, err_size, "out of memory");
		return NULL;
	}
	w->fd = httpd_listen(o->address, SEND_ROOM, &loopback, err, err_size);
	bool good = w->fd >= 0;
	if (good && !loopback && o->token == NULL) {
		snprintf(err, err_size,
		         "%s can be reached by others: --web-token FILE makes them show a token; without one only 127.0.0.1 "
		         "and [::1] are served",
		         o->address);
		good = false;
	}
	if (good && o->token != NULL && EVP_Digest(o->token, strlen(o->token), w->token, &n, EVP_sha256(), NULL) != 1) {
		snprintf(err, err_size, "libcrypto has no SHA-256, which the token needs");
		good = false;
	}
	if (good) {
		pthread_mutex_init(&w->lock, NULL);
		return w;
	}
	if (w->fd >= 0)
		close(w->fd);
	free_parts(w);
	return NULL;
}

bool
web_begin(struct web *w, const char *page, size_t page_n, const char *policy)
{
	static const struct httpd_options options = { CONNECTIONS, PATIENCE, MEMORY, true };

	w->page = page;
	w->page_n = page_n;
	w->policy = policy;
	w->daemon = httpd_start(w->fd, &options, web_handle, w);
	return w->daemon != NULL;
}

void
web_free(struct web *w)
{
	if (w == NULL)
		return;
	if (w->daemon != NULL) {
		pthread_mutex_lock(&w->lock);
		w->ending = true;
		web_wake(w);
		pthread_mutex_unlock(&w->lock);
		MHD_stop_daemon(w->daemon); /* which closes the socket */
	} else {
		close(w->fd);
	}
	pthread_mutex_destroy(&w->lock);
	free_parts(w);
}

/* ---- publishing -------------------------------------------------------------------------------------------------- */

/* Moves what was put aside into memory; under the lock. */
static void
pour(struct web *w)
{
	struct staged item;

	for (size_t at = 0; at < w->stage.n; at += sizeof item + item.n) {
		memcpy(&item, w->stage.p + at, sizeof item);
		recent_put(w->rings[item.ring], item.time, w->stage.p + at + sizeof item, item.n);
	}
	w->stage.n = 0;
}

void
web_put(struct web *w, enum web_ring ring, double time, const void *p, size_t n)
{
	const struct staged item = { time, n, ring };

	if (w->stage.n + sizeof item + n > STAGE && pthread_mutex_trylock(&w->lock) == 0) {
		pour(w);
		pthread_mutex_unlock(&w->lock);
	}
	if (w->stage.n + sizeof item + n > STAGE) {
		w->lost++;
		return;
	}
	memcpy(w->stage.p + w->stage.n, &item, sizeof item);
	memcpy(w->stage.p + w->stage.n + sizeof item, p, n);
	w->stage.n += sizeof item + n;
}

void
web_state(struct web *w, char *text, size_t n)
{
	free(w->next_state);
	w->next_state = text;
	w->next_state_n = n;
}

bool
web_publish(struct web *w, double now)
{
	struct recent_counts records;
	char                *old = NULL;

	if (pthread_mutex_trylock(&w->lock) != 0)
		return false;
	pour(w);
	for (int i = 0; i < WEB_RINGS; i++)
		recent_expire(w->rings[i], now - w->options.window);
	if (w->next_state != NULL) {
		old = w->state;
		w->state = w->next_state;
		w->state_n = w->next_state_n;
		w->states++;
		w->next_state = NULL;
	} else if (web_streams(w) == 0) { /* it would be old when somebody comes */
		old = w->state;
		w->state = NULL;
	}
	web_wake(w);
	w->shown = w->counts;
	recent_count(w->rings[WEB_RECORDS], &records);
	pthread_mutex_unlock(&w->lock);
	free(old);
	w->shown.records = records.put;
	w->shown.pushed_out = records.pushed_out;
	w->shown.kept = records.items;
	w->shown.bytes = records.bytes;
	return true;
}

unsigned
web_streams(const struct web *w)
{
	return atomic_load_explicit(&w->streams_n, memory_order_relaxed);
}

void
web_count(const struct web *w, struct web_counts *out)
{
	*out = w->shown;
	out->streams = web_streams(w);
	out->records += w->lost;
	out->pushed_out += w->lost;
}

#else
#include <stdlib.h>

struct web *
web_open(const struct web_options *o, char *err, size_t err_size)
{
	snprintf(err, err_size, "this connlog has no page at %s: it was built without libmicrohttpd", o->address);
	return NULL;
}

bool
web_begin(struct web *w, const char *page, size_t page_n, const char *policy)
{
	(void)w;
	(void)page;
	(void)page_n;
	(void)policy;
	return false;
}

void
web_free(struct web *w)
{
	(void)w;
}

void
web_put(struct web *w, enum web_ring ring, double time, const void *item, size_t n)
{
	(void)w;
	(void)ring;
	(void)time;
	(void)item;
	(void)n;
}

void
web_state(struct web *w, char *text, size_t n)
{
	(void)w;
	(void)n;
	free(text);
}

bool
web_publish(struct web *w, double now)
{
	(void)w;
	(void)now;
	return true;
}

unsigned
web_streams(const struct web *w)
{
	(void)w;
	return 0;
}

void
web_count(const struct web *w, struct web_counts *out)
{
	(void)w;
	*out = (struct web_counts){ 0 };
}
#endif
