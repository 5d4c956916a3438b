/* web_http.c - see web.h: the half that answers, all of it in the server's thread. */
#include "sensor/web_inside.h"

#ifdef CONNLOG_MICROHTTPD
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
	STREAMS = 24,     /* at once */
	BLOCK = 16 << 10, /* bytes that libmicrohttpd asks for at once */
	ITEMS = 16 << 10, /* bytes of items, about, that are made into text at once */
	BASE64_MAX = 1024,
};

static const char *const events[WEB_RINGS] = { [WEB_SAMPLES] = "samples", [WEB_RECORDS] = "records" };

/* ---- streams ----------------------------------------------------------------------------------------------------- */

/* An item between memory and text is this and its bytes. */
struct taken {
	double time;
	size_t n;
};

/* What a client gets next. */
struct news {
	uint64_t skipped;
	size_t   n[WEB_RINGS]; /* bytes in web.scratch */
	char    *state;        /* allocated, or NULL */
	size_t   state_n;
	bool     first;
};

/* Copies the next items of a ring; under the lock.  Returns their bytes. */
static size_t
take_items(struct stream *s, int ring, uint64_t *skipped)
{
	struct web  *w = s->web;
	uint8_t     *out = w->scratch[ring];
	struct taken item;
	size_t       n = 0;

	while (n < ITEMS) {
		item.n = recent_next(w->rings[ring], &s->at[ring], skipped, &item.time, out + n + sizeof item,
		                     WEB_SCRATCH - n - sizeof item);
		if (item.n == 0)
			break;
		memcpy(out + n, &item, sizeof item);
		n += sizeof item + item.n;
	}
	return n;
}

/* Takes what is new to a client; under the lock.  Returns whether anything is. */
static bool
take_news(struct stream *s, struct news *out)
{
	struct web *w = s->web;
	uint64_t    ignored = 0;

	*out = (struct news){ .first = !s->begun };
	if (!s->begun)
		for (int i = 0; i < WEB_RINGS; i++)
			recent_seek_first(w->rings[i], &s->at[i]);
	s->begun = true;
	if (w->state != NULL && s->state != w->states && (out->state = malloc(w->state_n)) != NULL) {
		memcpy(out->state, w->state, w->state_n);
		out->state_n = w->state_n;
		s->state = w->states;
	}
	out->n[WEB_SAMPLES] = take_items(s, WEB_SAMPLES, &ignored);
	out->n[WEB_RECORDS] = take_items(s, WEB_RECORDS, &out->skipped);
	w->counts.skipped += out->skipped;
	return out->first || out->state != NULL || out->skipped > 0 || out->n[WEB_SAMPLES] > 0 || out->n[WEB_RECORDS] > 0;
}

static void
write_items(FILE *f, const struct web *w, int ring, size_t n)
{
	const uint8_t *p = w->scratch[ring];
	struct taken   item;

	if (n == 0)
		return;
	fprintf(f, "event: %s\ndata: [", events[ring]);
	for (size_t at = 0; at < n; at += sizeof item + item.n) {
		memcpy(&item, p + at, sizeof item);
		if (at > 0)
			fputc(',', f);
		w->options.format[ring](f, item.time, p + at + sizeof item, item.n);
	}
	fputs("]\n\n", f);
}

/* Makes the next text for a client.  Returns false when out of memory. */
static bool
write_news(struct stream *s, const struct news *news)
{
	free(s->text);
	s->text = NULL;
	s->n = s->sent = 0;
	FILE *f = open_memstream(&s->text, &s->n);
	if (f == NULL)
		return false;
	if (news->first)
		fputs("retry: 3000\n\n", f);
	if (news->state != NULL) {
		fputs("event: state\ndata: ", f);
		fwrite(news->state, 1, news->state_n, f);
		fputs("\n\n", f);
	}
	if (news->skipped > 0)
		fprintf(f, "event: skipped\ndata: %llu\n\n", (unsigned long long)news->skipped);
	for (int i = 0; i < WEB_RINGS; i++)
		write_items(f, s->web, i, news->n[i]);
	const bool good = !ferror(f);
	return fclose(f) == 0 && good;
}

/* An MHD_ContentReaderCallback.  A client for whom there is nothing waits until web_wake(). */
static ssize_t
read_stream(void *arg, uint64_t position, char *out, size_t size)
{
	struct stream *s = arg;
	struct web    *w = s->web;

	(void)position;
	if (s->sent == s->n) {
		struct news news;
		pthread_mutex_lock(&w->lock);
		const bool ending = w->ending, some = !ending && take_news(s, &news);
		if (!some && !ending) {
			s->waiting = true;
			MHD_suspend_connection(s->connection);
		}
		pthread_mutex_unlock(&w->lock);
		if (!some)
			return ending ? (ssize_t)MHD_CONTENT_READER_END_OF_STREAM : 0;
		const bool good = write_news(s, &news);
		free(news.state);
		if (!good)
			return (ssize_t)MHD_CONTENT_READER_END_WITH_ERROR;
	}
	const size_t n = s->n - s->sent < size ? s->n - s->sent : size;
	memcpy(out, s->text + s->sent, n);
	s->sent += n;
	return (ssize_t)n;
}

void
web_wake(struct web *w)
{
	for (struct stream *s = w->streams; s != NULL; s = s->next)
		if (s->waiting) {
			s->waiting = false;
			MHD_resume_connection(s->connection);
		}
}

/* An MHD_ContentReaderFreeCallback. */
static void
free_stream(void *arg)
{
	struct stream *s = arg;
	struct web    *w = s->web;

	pthread_mutex_lock(&w->lock);
	struct stream **at = &w->streams;
	while (*at != s)
		at = &(*at)->next;
	*at = s->next;
	atomic_fetch_sub(&w->streams_n, 1);
	pthread_mutex_unlock(&w->lock);
	free(s->text);
	free(s);
}

/* Returns a new client's stream, or NULL if there is no place for it. */
static struct stream *
new_stream(struct web *w, struct MHD_Connection *c)
{
	struct stream *s = calloc(1, sizeof *s);

	pthread_mutex_lock(&w->lock);
	const bool place = s != NULL && !w->ending && atomic_load(&w->streams_n) < STREAMS;
	if (place) {
		*s = (struct stream){ .next = w->streams, .web = w, .connection = c };
		w->streams = s;
		atomic_fetch_add(&w->streams_n, 1);
		w->counts.opened++;
	} else {
		w->counts.refused++;
	}
	pthread_mutex_unlock(&w->lock);
	if (place)
		return s;
	free(s);
	return NULL;
}

/* ---- answers ----------------------------------------------------------------------------------------------------- */

/* Sends the answer and lets go of it. */
static enum MHD_Result
send_answer(struct web *w, struct MHD_Connection *c, unsigned code, const char *type, struct MHD_Response *r)
{
	static const char *const headers[][2] = {
		{ "Cache-Control", "no-store" },      { "X-Content-Type-Options", "nosniff" },
		{ "Referrer-Policy", "no-referrer" }, { "Cross-Origin-Resource-Policy", "same-origin" },
		{ "X-Frame-Options", "DENY" },
	};

	if (r == NULL)
		return MHD_NO;
	MHD_add_response_header(r, "Content-Type", type);
	MHD_add_response_header(r, "Content-Security-Policy", w->policy);
	for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++)
		MHD_add_response_header(r, headers[i][0], headers[i][1]);
	const enum MHD_Result done = MHD_queue_response(c, code, r);
	MHD_destroy_response(r);
	return done;
}

static enum MHD_Result
answer_page(struct web *w, struct MHD_Connection *c)
{
	return send_answer(w, c, MHD_HTTP_OK, "text/html; charset=utf-8",
	                   MHD_create_response_from_buffer(w->page_n, (void *)(uintptr_t)w->page, MHD_RESPMEM_PERSISTENT));
}

static enum MHD_Result
answer_events(struct web *w, struct MHD_Connection *c)
{
	struct stream *s = new_stream(w, c);

	if (s == NULL)
		return httpd_answer(c, MHD_HTTP_SERVICE_UNAVAILABLE, "connlog: as many follow the page as can\n");
	struct MHD_Response *r = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK, read_stream, s, free_stream);
	if (r == NULL)
		free_stream(s);
	else
		MHD_add_response_header(r, "X-Accel-Buffering", "no"); /* nginx is to pass it on at once */
	return send_answer(w, c, MHD_HTTP_OK, "text/event-stream", r);
}

/* A question whose answer depends on nothing else. */
static enum MHD_Result
answer_story(struct web *w, struct MHD_Connection *c)
{
	const char *proto = MHD_lookup_connection_value(c, MHD_GET_ARGUMENT_KIND, "proto");
	const char *history = MHD_lookup_connection_value(c, MHD_GET_ARGUMENT_KIND, "history");
	char       *text = NULL;
	size_t      n = 0;
	FILE       *f = proto != NULL && history != NULL ? open_memstream(&text, &n) : NULL;

	if (f == NULL)
		return httpd_answer(c, MHD_HTTP_BAD_REQUEST, "connlog: /story?proto=tcp&history=ShADadFf\n");
	w->options.story(f, proto, history);
	if (fclose(f) != 0) {
		free(text);
		return MHD_NO;
	}
	return send_answer(w, c, MHD_HTTP_OK, "application/json",
	                   MHD_create_response_from_buffer(n, text, MHD_RESPMEM_MUST_FREE));
}

/* ---- who may ask ------------------------------------------------------------------------------------------------- */

/* Returns whether it is the token.  Digests are compared, so that the time depends on nothing of it. */
static bool
is_token(const struct web *w, const char *text, size_t n)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned      digest_n = 0;

	return EVP_Digest(text, n, digest, &digest_n, EVP_sha256(), NULL) == 1 &&
	       CRYPTO_memcmp(digest, w->token, WEB_DIGEST) == 0;
}

/* The same of what stands behind "Basic": the password is what counts, whatever the name. */
static bool
is_password(const struct web *w, const char *base64)
{
	unsigned char text[BASE64_MAX];
	const size_t  n = strlen(base64);

	if (n == 0 || n > sizeof text || n % 4 != 0)
		return false;
	int size = EVP_DecodeBlock(text, (const unsigned char *)base64, (int)n);
	if (size < 0)
		return false;
	size -= (base64[n - 1] == '=') + (base64[n - 2] == '=');
	const unsigned char *colon = memchr(text, ':', (size_t)size);
	return colon != NULL && is_token(w, (const char *)colon + 1, (size_t)(text + size - colon - 1));
}

static bool
has_token(const struct web *w, struct MHD_Connection *c)
{
	const char *text = MHD_lookup_connection_value(c, MHD_HEADER_KIND, MHD_HTTP_HEADER_AUTHORIZATION);

	if (text == NULL)
		return false;
	if (strncasecmp(text, "Bearer ", 7) == 0)
		return is_token(w, text + 7, strlen(text + 7));
	return strncasecmp(text, "Basic ", 6) == 0 && is_password(w, text + 6);
}

/* A page of somebody else's whose name is made to lead here would be let in by a browser, as that asks under its name (DNS rebinding). */
static bool
is_for_loopback(struct MHD_Connection *c)
{
	const char *host = MHD_lookup_connection_value(c, MHD_HEADER_KIND, MHD_HTTP_HEADER_HOST);

	if (host == NULL) /* no browser */
		return true;
	if (strncmp(host, "[::1]", 5) == 0)
		return host[5] == '\0' || host[5] == ':';
	const size_t n = strcspn(host, ":");
	if (n == 9 && strncasecmp(host, "localhost", n) == 0)
		return true;
	return n < 16 && strncmp(host, "127.", 4) == 0 && strspn(host, "0123456789.") == n;
}

static enum MHD_Result
deny(struct web *w, struct MHD_Connection *c)
{
	static const char text[] = "connlog: the token is needed: as a password, whatever the name\n";

	pthread_mutex_lock(&w->lock);
	w->counts.denied++;
	pthread_mutex_unlock(&w->lock);
	if (!w->guarded)
		return httpd_answer(c, MHD_HTTP_FORBIDDEN,
		                    "connlog: without --web-token the page is for localhost, 127.0.0.1 and [::1]\n");
	struct MHD_Response *r =
		MHD_create_response_from_buffer(sizeof text - 1, (void *)(uintptr_t)text, MHD_RESPMEM_PERSISTENT);
	if (r != NULL)
		MHD_add_response_header(r, MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Basic realm=\"connlog\", charset=\"UTF-8\"");
	return send_answer(w, c, MHD_HTTP_UNAUTHORIZED, "text/plain; charset=utf-8", r);
}

enum MHD_Result
web_handle(void *arg, struct MHD_Connection *c, const char *url, const char *method, const char *version,
           const char *upload, size_t *upload_n, void **state)
{
	struct web *w = arg;

	(void)version;
	(void)upload;
	(void)state;
	if (*upload_n > 0) { /* not wanted */
		*upload_n = 0;
		return MHD_NO;
	}
	if (w->guarded ? !has_token(w, c) : !is_for_loopback(c))
		return deny(w, c);
	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
		return httpd_answer(c, MHD_HTTP_METHOD_NOT_ALLOWED, "connlog: the page can be read only\n");
	if (strcmp(url, "/") == 0)
		return answer_page(w, c);
	if (strcmp(url, "/events") == 0)
		return answer_events(w, c);
	if (strcmp(url, "/story") == 0)
		return answer_story(w, c);
	return httpd_answer(c, MHD_HTTP_NOT_FOUND, "connlog: the page is at /\n");
}
#endif
