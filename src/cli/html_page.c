/* html_page.c - see html_page.h.
 *
 * The Makefile turns each file of src/cli/html into an array of bytes, FILE.inc.  The page's Content Security Policy
 * (W3C) allows only its one style and its one script, by their SHA-256: nothing is loaded and no text can become code.
 */
#include "cli/html_page.h"

#include <openssl/evp.h>
#include <stdio.h>
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

#define HASH_MAX 64

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

#define POLICY_MAX 512

static bool
make_policy(char out[POLICY_MAX])
{
	char script[HASH_MAX], style[HASH_MAX];

	return hash_source(page_js, sizeof page_js, script) && hash_source(page_css, sizeof page_css, style) &&
	       snprintf(out, POLICY_MAX,
	                "default-src 'none'; script-src %s; style-src %s; base-uri 'none'; form-action 'none'; "
	                "require-trusted-types-for 'script'; trusted-types 'none'",
	                script, style) < POLICY_MAX;
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

int
html_page_write(connlog_sink *sink, const char *data, size_t data_n, char *err, size_t err_size)
{
	char policy[POLICY_MAX];

	if (!make_policy(policy)) {
		snprintf(err, err_size, "libcrypto has no SHA-256, which the page's policy needs");
		return CONNLOG_IO;
	}
	const struct part parts[] = {
		{ "POLICY", policy, strlen(policy) },
		{ "STYLE", page_css, sizeof page_css },
		{ "SCRIPT", page_js, sizeof page_js },
		{ "DATA", data, data_n },
		{ NULL, NULL, 0 },
	};
	const char *at = page_html, *const end = page_html + sizeof page_html;

	while (at < end) {
		const char        *mark = memmem(at, (size_t)(end - at), "@@", 2);
		const struct part *part = mark != NULL ? part_at(parts, mark + 2, (size_t)(end - mark - 2)) : NULL;
		const char        *stop = part != NULL ? mark : end;

		int status = connlog_sink_write(sink, at, (size_t)(stop - at), err, err_size);
		if (status == CONNLOG_OK && part != NULL)
			status = connlog_sink_write(sink, part->p, part->n, err, err_size);
		if (status != CONNLOG_OK)
			return status;
		at = part != NULL ? mark + 4 + strlen(part->name) : end;
	}
	return CONNLOG_OK;
}
