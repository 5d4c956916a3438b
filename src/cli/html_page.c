/* html_page.c - see html_page.h.
 *
 * The Makefile turns each file of src/cli/html into an array of bytes, FILE.inc.  The page's Content Security Policy
 * (W3C) allows only its one style and its one script, by their SHA-256: nothing is loaded and no text can become code.
 */
#include "cli/html_page.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char page_html[] = {
#include "page.html.inc"
};
static const char page_css[] = {
#include "page.css.inc"
};
/* The parts of the script share one scope. */
static const char page_js[] = {
#include "page.js.inc"
};
/* What a sensor's page has besides. */
static const char live_html[] = {
#include "live.html.inc"
};
static const char live_css[] = {
#include "live.css.inc"
};
static const char live_js[] = {
#include "live.js.inc"
};

#define HASH_MAX 64

/* What differs between the two pages. */
struct kind {
	const char *script, *style, *extra; /* `extra` is HTML */
	size_t      script_n, style_n, extra_n;
	const char *connects; /* what the policy says of connections */
};
static const struct kind log_page = { page_js, page_css, "", sizeof page_js, sizeof page_css, 0, "" };
static const struct kind live_page = {
	live_js, live_css, live_html, sizeof live_js, sizeof live_css, sizeof live_html, " connect-src 'self';"
};

/* Writes 'sha256-BASE64', the form in which a policy names a text.  Returns false if libcrypto fails. */
static bool
hash_source(const char *p, size_t n, char out[HASH_MAX])
{
	unsigned char digest[EVP_MAX_MD_SIZE], text[2 * EVP_MAX_MD_SIZE];
	unsigned      digest_n = 0;

	if (EVP_Digest(p, n, digest, &digest_n, EVP_sha256(), NULL) != 1)
		return false;
	EVP_EncodeBlock(text, digest, (int)digest_n);
	return snprintf(out, HASH_MAX, "'sha256-%s'", (const char *)text) < HASH_MAX;
}

static bool
make_policy(const struct kind *k, char out[HTML_POLICY_MAX])
{
	char script[HASH_MAX], style[HASH_MAX];

	return hash_source(k->script, k->script_n, script) && hash_source(k->style, k->style_n, style) &&
	       snprintf(out, HTML_POLICY_MAX,
	                "default-src 'none'; script-src %s; style-src %s;%s base-uri 'none'; form-action 'none'; "
	                "require-trusted-types-for 'script'; trusted-types 'none'",
	                script, style, k->connects) < HTML_POLICY_MAX;
}

struct part {
	const char *name; /* as it is between @@ and @@ in the template */
	const char *p;
	size_t      n;
};

/* Returns the part whose name is at `p`, just after the @@, or NULL. */
static const struct part *
part_at(const struct part *parts, const char *p, size_t n)
{
	for (; parts->name != NULL; parts++) {
		const size_t length = strlen(parts->name);
		if (length + 2 <= n && memcmp(p, parts->name, length) == 0 && memcmp(p + length, "@@", 2) == 0)
			return parts;
	}
	return NULL;
}

/* Where a page goes, piece by piece.  `put` returns CONNLOG_OK or why it failed. */
struct target {
	int (*put)(void *arg, const char *p, size_t n);
	void *arg;
};

static int
write_page(const struct kind *k, const char *policy, const char *data, size_t data_n, const struct target *to)
{
	const struct part parts[] = {
		{ "POLICY", policy, strlen(policy) }, { "STYLE", k->style, k->style_n }, { "SCRIPT", k->script, k->script_n },
		{ "EXTRA", k->extra, k->extra_n },    { "DATA", data, data_n },          { NULL, NULL, 0 },
	};
	const char *at = page_html, *const end = page_html + sizeof page_html;

	while (at < end) {
		const char        *mark = memmem(at, (size_t)(end - at), "@@", 2);
		const struct part *part = mark != NULL ? part_at(parts, mark + 2, (size_t)(end - mark - 2)) : NULL;
		const char        *stop = part != NULL ? mark : end;

		int status = to->put(to->arg, at, (size_t)(stop - at));
		if (status == CONNLOG_OK && part != NULL)
			status = to->put(to->arg, part->p, part->n);
		if (status != CONNLOG_OK)
			return status;
		at = part != NULL ? mark + 4 + strlen(part->name) : end;
	}
	return CONNLOG_OK;
}

/* A sink, and where its messages go. */
struct sink_target {
	connlog_sink *sink;
	char         *err;
	size_t        err_size;
};

static int
put_sink(void *arg, const char *p, size_t n)
{
	const struct sink_target *t = arg;
	return connlog_sink_write(t->sink, p, n, t->err, t->err_size);
}

static int
put_file(void *arg, const char *p, size_t n)
{
	return fwrite(p, 1, n, arg) == n ? CONNLOG_OK : CONNLOG_IO;
}

static const char no_digest[] = "libcrypto has no SHA-256, which the page's policy needs";

int
html_page_write(connlog_sink *sink, const char *data, size_t data_n, char *err, size_t err_size)
{
	char                policy[HTML_POLICY_MAX];
	struct sink_target  t = { sink, err, err_size };
	const struct target to = { put_sink, &t };

	if (make_policy(&log_page, policy))
		return write_page(&log_page, policy, data, data_n, &to);
	snprintf(err, err_size, "%s", no_digest);
	return CONNLOG_IO;
}

char *
html_page_live(const char *data, size_t data_n, char policy[HTML_POLICY_MAX], size_t *n, const char **err)
{
	char *text = NULL;

	*err = no_digest;
	if (!make_policy(&live_page, policy))
		return NULL;
	*err = "out of memory";
	FILE *f = open_memstream(&text, n);
	if (f == NULL)
		return NULL;
	const struct target to = { put_file, f };
	const int           status = write_page(&live_page, policy, data, data_n, &to);
	if (fclose(f) == 0 && status == CONNLOG_OK)
		return text;
	free(text);
	return NULL;
}
