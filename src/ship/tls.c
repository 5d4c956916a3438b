/* tls.c - see tls.h. */
#include "ship/tls.h"

#include <stddef.h>

#ifdef CONNLOG_OPENSSL
#include <arpa/inet.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define PATIENCE 10.0 /* seconds for the handshake */

struct tls_settings {
	SSL_CTX *ctx;
};

struct tls {
	SSL *ssl;
};

/* Returns OpenSSL's text for the latest error. Static. */
static const char *
reason(void)
{
	const unsigned long code = ERR_peek_last_error();
	const char         *text = code != 0 ? ERR_reason_error_string(code) : NULL;

	return text != NULL ? text : "unknown reason";
}

static bool
trust(SSL_CTX *ctx, const char *ca)
{
	struct stat st;

	if (ca == NULL)
		return SSL_CTX_set_default_verify_paths(ctx) == 1;
	if (stat(ca, &st) == 0 && S_ISDIR(st.st_mode))
		return SSL_CTX_load_verify_locations(ctx, NULL, ca) == 1;
	return SSL_CTX_load_verify_locations(ctx, ca, NULL) == 1;
}

struct tls_settings *
tls_settings_new(const char *ca, const char *cert, const char *key, char *err, size_t err_size)
{
	struct tls_settings *s = calloc(1, sizeof *s);

	ERR_clear_error();
	if (s == NULL || (s->ctx = SSL_CTX_new(TLS_client_method())) == NULL) {
		snprintf(err, err_size, "out of memory");
		tls_settings_free(s);
		return NULL;
	}
	SSL_CTX_set_verify(s->ctx, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_min_proto_version(s->ctx, TLS1_2_VERSION);
	SSL_CTX_set_mode(s->ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	const char *what = NULL;
	if (!trust(s->ctx, ca))
		what = ca != NULL ? ca : "the system's certificates";
	else if (cert != NULL && SSL_CTX_use_certificate_chain_file(s->ctx, cert) != 1)
		what = cert;
	else if (cert != NULL && SSL_CTX_use_PrivateKey_file(s->ctx, key != NULL ? key : cert, SSL_FILETYPE_PEM) != 1)
		what = key != NULL ? key : cert;
	if (what == NULL)
		return s;
	snprintf(err, err_size, "%s cannot be used: %s", what, reason());
	tls_settings_free(s);
	return NULL;
}

void
tls_settings_free(struct tls_settings *s)
{
	if (s == NULL)
		return;
	SSL_CTX_free(s->ctx);
	free(s);
}

/* Sets whose certificate is expected: that of a name or of an address. */
static bool
expect(SSL *ssl, const char *host)
{
	unsigned char address[sizeof(struct in6_addr)];

	if (inet_pton(AF_INET, host, address) == 1 || inet_pton(AF_INET6, host, address) == 1)
		return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host) == 1;
	return SSL_set1_host(ssl, host) == 1 && SSL_set_tlsext_host_name(ssl, host) == 1;
}

/* Returns the events to wait for, or 0. */
static short
wanted(const SSL *ssl, int outcome)
{
	const int error = SSL_get_error(ssl, outcome);

	return error == SSL_ERROR_WANT_READ ? POLLIN : error == SSL_ERROR_WANT_WRITE ? POLLOUT : 0;
}

static int
say_why(const SSL *ssl, struct link *l)
{
	const long verified = SSL_get_verify_result(ssl);

	if (verified != X509_V_OK)
		return link_fail(l, "its certificate is not trusted: %s", X509_verify_cert_error_string(verified));
	if (ERR_peek_last_error() == 0)
		return link_fail(l, "the other side has closed the connection");
	return link_fail(l, "TLS failed: %s", reason());
}

struct tls *
tls_open(struct tls_settings *s, int fd, const char *host, struct link *l)
{
	struct tls *t = calloc(1, sizeof *t);
	int         outcome;
	short       events;

	ERR_clear_error();
	if (t == NULL || (t->ssl = SSL_new(s->ctx)) == NULL || SSL_set_fd(t->ssl, fd) != 1 || !expect(t->ssl, host)) {
		link_fail(l, "out of memory");
		tls_close(t, false);
		return NULL;
	}
	while ((outcome = SSL_connect(t->ssl)) != 1) {
		events = wanted(t->ssl, outcome);
		if (events != 0 && link_wait(l, fd, events, PATIENCE) == 0)
			continue;
		if (events == 0)
			say_why(t->ssl, l);
		tls_close(t, false);
		return NULL;
	}
	return t;
}

ssize_t
tls_write(struct tls *t, const char *p, size_t n, short *events, struct link *l)
{
	size_t took;

	ERR_clear_error();
	const int outcome = SSL_write_ex(t->ssl, p, n, &took);
	if (outcome == 1)
		return (ssize_t)took;
	*events = wanted(t->ssl, outcome);
	errno = *events != 0 ? EAGAIN : EPROTO;
	if (*events == 0)
		say_why(t->ssl, l);
	return -1;
}

ssize_t
tls_read(struct tls *t, char *p, size_t n, short *events, struct link *l)
{
	size_t took;

	ERR_clear_error();
	const int outcome = SSL_read_ex(t->ssl, p, n, &took);
	if (outcome == 1)
		return (ssize_t)took;
	*events = wanted(t->ssl, outcome);
	errno = *events != 0 ? EAGAIN : EPROTO;
	if (*events == 0 && SSL_get_error(t->ssl, outcome) == SSL_ERROR_ZERO_RETURN)
		return 0;
	if (*events == 0)
		say_why(t->ssl, l);
	return -1;
}

bool
tls_look(struct tls *t)
{
	char   text[256];
	size_t n;
	int    outcome;

	ERR_clear_error();
	while ((outcome = SSL_read_ex(t->ssl, text, sizeof text, &n)) == 1)
		;
	return wanted(t->ssl, outcome) != 0;
}

void
tls_close(struct tls *t, bool well)
{
	if (t == NULL)
		return;
	if (well)
		SSL_shutdown(t->ssl);
	SSL_free(t->ssl);
	free(t);
}

#else

/* Never called: kind_tcps reports that TLS is missing. */
struct tls_settings *
tls_settings_new(const char *ca, const char *cert, const char *key, char *err, size_t err_size)
{
	(void)ca, (void)cert, (void)key, (void)err, (void)err_size;
	return NULL;
}

void
tls_settings_free(struct tls_settings *s)
{
	(void)s;
}

struct tls *
tls_open(struct tls_settings *s, int fd, const char *host, struct link *l)
{
	(void)s, (void)fd, (void)host, (void)l;
	return NULL;
}

ssize_t
tls_write(struct tls *t, const char *p, size_t n, short *events, struct link *l)
{
	(void)t, (void)p, (void)n, (void)events, (void)l;
	return -1;
}

ssize_t
tls_read(struct tls *t, char *p, size_t n, short *events, struct link *l)
{
	(void)t, (void)p, (void)n, (void)events, (void)l;
	return -1;
}

bool
tls_look(struct tls *t)
{
	(void)t;
	return false;
}

void
tls_close(struct tls *t, bool well)
{
	(void)t, (void)well;
}
#endif
