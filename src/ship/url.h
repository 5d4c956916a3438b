/* url.h - the URL of a sink, parsed: SCHEME:PLACE?NAME=VALUE&NAME=VALUE.
 *
 *     unix:/run/x.sock              scheme "unix", path "/run/x.sock"
 *     tcp://host:514?format=json    scheme "tcp", hosts "host:514", option format
 *     kafka://a,b:9093/topic        hosts "a,b:9093", path "topic"
 *     redis://me:secret@host/list   user "me", password "secret"
 *     exec:jq -c .uid               path "jq -c .uid"
 *
 * %XX stands for a byte, except in a command. Options begin at the last "?" that is followed by a name and "=", or by
 * nothing.
 */
#ifndef CONNLOG_SHIP_URL_H
#define CONNLOG_SHIP_URL_H

#include <stdbool.h>
#include <stddef.h>

enum { URL_OPTIONS_MAX = 64 };

struct url {
	char       *memory; /* for all of the following */
	char       *shown;  /* as given, without passwords: for messages */
	const char *scheme;
	const char *user, *password, *hosts; /* NULL: not given */
	const char *path;                    /* without the slash after the hosts; "" for none */
	struct url_option {
		const char *name, *value;
		bool        used;
	} options[URL_OPTIONS_MAX];
	size_t options_n;
};

/* Returns whether a text begins as a URL does. */
bool url_is(const char *text);
/* Parses it. Returns false with a message in `err`; the URL has to be freed either way. */
bool url_parse(struct url *u, const char *text, char *err, size_t err_size);
void url_free(struct url *u);

/* Returns an option's value, or NULL if it was not given; the option then counts as known. */
const char *url_option(struct url *u, const char *name);
/* Returns the name of an option that was never queried, or NULL. */
const char *url_unknown(const struct url *u);

/* Splits "HOST:PORT" or "[HOST]:PORT"; `port` is the default, or NULL. Returns false if there is no host or no port, or
 * if `host` is too small. */
bool url_split_host(const char *hosts, char *host, size_t host_size, const char **port);

#endif
