/* url.c - see url.h. */
#include "ship/url.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char hidden[] = "***";

/* Returns the length of the scheme, or 0 if there is none. */
static size_t
scheme_length(const char *text)
{
	size_t n = 0;

	while (islower((unsigned char)text[n]))
		n++;
	return n > 1 && text[n] == ':' ? n : 0;
}

bool
url_is(const char *text)
{
	return scheme_length(text) > 0;
}

static int
hex_digit(char c)
{
	return isdigit((unsigned char)c) ? c - '0' : isxdigit((unsigned char)c) ? (c | 32) - 'a' + 10 : -1;
}

/* Decodes %XX. Returns false for anything else after a %, and for a NUL byte. */
static bool
decode(char *text)
{
	char *out = text;

	for (const char *p = text; *p != '\0'; p++) {
		if (*p != '%') {
			*out++ = *p;
			continue;
		}
		const int high = hex_digit(p[1]), low = high >= 0 ? hex_digit(p[2]) : -1;
		if (low < 0 || (high == 0 && low == 0))
			return false;
		*out++ = (char)(high * 16 + low);
		p += 2;
	}
	*out = '\0';
	return true;
}

/* Returns the "?" at which options begin, or the end of the text. */
static char *
find_options(char *text)
{
	char *mark = strrchr(text, '?'), *end = text + strlen(text);

	if (mark == NULL)
		return end;
	const char *p = mark + 1;
	while (isalnum((unsigned char)*p) || (*p != '\0' && strchr("._-", *p) != NULL))
		p++;
	return *p == '=' || mark[1] == '\0' ? mark : end;
}

/* Parses NAME=VALUE&.... */
static bool
take_options(struct url *u, char *text, char *err, size_t err_size)
{
	for (char *next; text != NULL && *text != '\0'; text = next) {
		next = strchr(text, '&');
		if (next != NULL)
			*next++ = '\0';
		char *value = strchr(text, '=');
		if (value == NULL || value == text) {
			snprintf(err, err_size, "NAME=VALUE is expected behind the ?, not \"%s\"", text);
			return false;
		}
		*value++ = '\0';
		if (u->options_n == URL_OPTIONS_MAX || !decode(value)) {
			snprintf(err, err_size,
			         u->options_n == URL_OPTIONS_MAX ? "too many options" : "%s: %%XX is expected behind a %%", text);
			return false;
		}
		u->options[u->options_n++] = (struct url_option){ .name = text, .value = value };
	}
	return true;
}

/* Parses USER:PASSWORD@HOSTS/PATH. */
static bool
take_authority(struct url *u, char *text)
{
	char *slash = strchr(text, '/');

	u->path = "";
	if (slash != NULL) {
		*slash = '\0';
		u->path = slash + 1;
		if (!decode(slash + 1))
			return false;
	}
	char *at = strrchr(text, '@');
	u->hosts = text;
	if (at == NULL)
		return true;
	*at = '\0';
	u->hosts = at + 1;
	char *colon = strchr(text, ':');
	if (colon != NULL)
		*colon = '\0';
	u->user = text;
	u->password = colon != NULL ? colon + 1 : NULL;
	return decode(text) && (colon == NULL || decode(colon + 1));
}

static bool
is_secret(const char *name)
{
	return strstr(name, "password") != NULL || strstr(name, "secret") != NULL;
}

/* Writes the URL's name for messages, --stats and metrics. */
static void
put_shown(FILE *f, const struct url *u)
{
	fprintf(f, "%s:", u->scheme);
	if (u->hosts != NULL) {
		fputs("//", f);
		if (u->user != NULL)
			fprintf(f, "%s%s%s@", u->user, u->password != NULL ? ":" : "", u->password != NULL ? hidden : "");
		fprintf(f, "%s%s", u->hosts, *u->path != '\0' ? "/" : "");
	}
	fputs(u->path, f);
	for (size_t i = 0; i < u->options_n; i++)
		fprintf(f, "%c%s=%s", i == 0 ? '?' : '&', u->options[i].name,
		        is_secret(u->options[i].name) ? hidden : u->options[i].value);
}

bool
url_parse(struct url *u, const char *text, char *err, size_t err_size)
{
	const size_t n = scheme_length(text);
	size_t       shown_n = 0;

	*u = (struct url){ .memory = strdup(text) };
	if (n == 0 || u->memory == NULL) {
		snprintf(err, err_size, n == 0 ? "a sink is named by a URL, such as unix:/run/x.sock" : "out of memory");
		return false;
	}
	char *options = find_options(u->memory), *place = u->memory + n + 1;
	u->scheme = u->memory;
	u->memory[n] = '\0';
	if (*options == '?') {
		*options = '\0';
		if (!take_options(u, options + 1, err, err_size))
			return false;
	}
	const bool command = strcmp(u->scheme, "exec") == 0, hosts = !command && strncmp(place, "//", 2) == 0;
	u->path = place;
	if (!command && !(hosts ? take_authority(u, place + 2) : decode(place))) {
		snprintf(err, err_size, "%%XX is expected behind a %%");
		return false;
	}
	FILE *f = open_memstream(&u->shown, &shown_n);
	if (f != NULL)
		put_shown(f, u);
	if (f != NULL && fclose(f) == 0)
		return true;
	snprintf(err, err_size, "out of memory");
	return false;
}

void
url_free(struct url *u)
{
	free(u->memory);
	free(u->shown);
	*u = (struct url){ 0 };
}

const char *
url_option(struct url *u, const char *name)
{
	const char *value = NULL;

	for (size_t i = 0; i < u->options_n; i++)
		if (strcmp(u->options[i].name, name) == 0) {
			u->options[i].used = true;
			value = u->options[i].value;
		}
	return value;
}

const char *
url_unknown(const struct url *u)
{
	for (size_t i = 0; i < u->options_n; i++)
		if (!u->options[i].used)
			return u->options[i].name;
	return NULL;
}

bool
url_split_host(const char *hosts, char *host, size_t host_size, const char **port)
{
	const char *colon = strrchr(hosts, ':'), *end = hosts + strlen(hosts);

	if (colon != NULL && strchr(colon, ']') == NULL) {
		*port = colon + 1;
		end = colon;
	}
	if (end - hosts > 1 && hosts[0] == '[' && end[-1] == ']') {
		hosts++;
		end--;
	}
	const size_t n = (size_t)(end - hosts);
	if (n == 0 || n >= host_size || *port == NULL || **port == '\0')
		return false;
	memcpy(host, hosts, n);
	host[n] = '\0';
	return true;
}
