/* url.h - the URL of a sink, parsed: SCHEME:PLACE?NAME=VALUE&NAME=VALUE.
 *
 *     unix:/run/x.sock              scheme "unix", path "/run/x.sock"
 *     tcp://host:514?format=json    scheme "tcp", hosts "host:514", option format
 *     kafka://a,b:9093/topic        hosts "a,b:9093", path "topic"
 *     redis://me:secret@host/list   user "me", password "secret"
 *     exec:jq -c .uid               path "jq -c .uid"
 *
 * %XX stands for a byte, but not in a command.  Options begin at the last "?" that has a name and "=" behind it, or nothing.
 */
#ifndef CONNLOG_SHIP_URL_H
#define CONNLOG_SHIP_URL_H

#include <stdbool.h>
#include <stddef.h>

enum { URL_OPTIONS_MAX = 64 };

struct url {
	char       *memory; /* of all that follows */
	char       *shown;  /* as it was given, but for passwords: for messages */
	const char *scheme;
	const char *user, *password, *hosts; /* NULL: none was given */
	const char *path;                    /* without the slash behind hosts; "" for none */
	struct url_option {
		const char *name, *value;
		bool        used;
	} options[URL_OPTIONS_MAX];
	size_t options_n;
};

/* Returns whether a text begins as a URL does. */
bool url_is(const char *text);
/* Takes it apart.  Returns false with a message in `err`; the URL is to be freed either way. */
bool url_parse(struct url *u, const char *text, char *err, size_t err_size);
void url_free(struct url *u);

/* Returns an option's value, or NULL where it was not given; it is known then. */
const char *url_option(struct url *u, const char *name);
/* Returns the name of an option that nobody has asked for, or NULL. */
const char *url_unknown(const struct url *u);

/* Takes "HOST:PORT" or "[HOST]:PORT" apart; without a port it is `port`, which may be NULL for none.
 * Returns false where there is no host or no port, or `host` has no room. */
bool url_split_host(const char *hosts, char *host, size_t host_size, const char **port);

#endif
