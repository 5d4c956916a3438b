/* live_page.c - see live_page.h.
 *
 * Nothing here is called for a packet.  A record is packed when it is logged, and everything else is done once a second.
 */
#include "cli/live_page.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/html_data.h"
#include "cli/html_page.h"
#include "cli/html_story.h"
#include "cli/live_row.h"
#include "cli/live_state.h"
#include "cli/settings.h"
#include "sensor/clock.h"

#define SAMPLES_MAX 900 /* of a window, so that they fit into what the server has for them */

enum { TOKEN_LEAST = 16, TOKEN_MOST = 512 };

struct live_page {
	struct web *web;
	struct view view;
	const char *address;
	char       *text; /* the page, allocated */
	size_t      text_n;
	char        policy[HTML_POLICY_MAX + 32];
	bool        talks;        /* whether addresses may be told that are not in records */
	bool        late;         /* what was handed over is not shown yet */
	double      now;          /* clock_steady(), of late */
	double      sample_every; /* seconds */
	double      sample_at;    /* when the next one is due */
};

/* ---- the token --------------------------------------------------------------------------------------------------- */

/* Reads the file's first line.  Returns false after a message. */
static bool
read_line(const char *path, char out[TOKEN_MOST + 2])
{
	const int   fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct stat st;
	ssize_t     n = -1;

	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & S_IROTH) != 0) {
		complain("--web-token %s: everybody can read it: chmod o= %s", path, path);
		close(fd);
		return false;
	}
	if (fd >= 0)
		n = read(fd, out, TOKEN_MOST + 1);
	if (n < 0)
		complain("--web-token %s: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	if (n < 0)
		return false;
	out[n] = '\0';
	out[strcspn(out, "\r\n")] = '\0';
	return true;
}

/* Reads a token of printable characters without blanks, which is good as a password and in a header.  Returns false after a message. */
static bool
read_token(const char *path, char out[TOKEN_MOST + 2])
{
	if (!read_line(path, out))
		return false;
	const size_t n = strlen(out);
	for (size_t i = 0; i < n; i++)
		if (out[i] <= ' ' || out[i] > '~') {
			complain("--web-token %s: its first line is to be printable ASCII without blanks", path);
			return false;
		}
	if (n >= TOKEN_LEAST && n <= TOKEN_MOST)
		return true;
	complain("--web-token %s: its first line is to have %d to %d characters: openssl rand -hex 32 >%s", path,
	         TOKEN_LEAST, TOKEN_MOST, path);
	return false;
}

/* ---- opening ----------------------------------------------------------------------------------------------------- */

/* A web_format_fn for what is text already. */
static void
write_text(FILE *f, double time, const void *text, size_t n)
{
	(void)time;
	fwrite(text, 1, n, f);
}

/* A web_story_fn. */
static void
write_story(FILE *f, const char *proto, const char *history)
{
	html_story_write(f, story_proto_named(proto, strlen(proto)), history, strlen(history));
}

/* Writes which interfaces it is about. */
static void
name_source(const struct settings *s, char *out, size_t size)
{
	const char *const *names = s->interfaces_n > 0 ? s->interfaces : s->inputs;
	const size_t       n = s->interfaces_n > 0 ? s->interfaces_n : s->inputs_n;
	size_t             at = 0;

	out[0] = '\0';
	for (size_t i = 0; i < n && at < size; i++)
		at += (size_t)snprintf(out + at, size - at, "%s%s", i > 0 ? ", " : "", names[i]);
}

/* Returns what the page begins with, allocated; NULL when out of memory. */
static char *
make_data(const struct settings *s, size_t *n)
{
	struct html_data *d = html_data_new(0);
	char             *live = NULL, *text = NULL, source[MESSAGE_MAX];
	size_t            live_n = 0;
	FILE             *f = open_memstream(&live, &live_n);

	if (f != NULL) {
		fprintf(f, "{\"window\":%.3f,\"records\":", s->live.web_window);
		live_row_names(f);
		fprintf(f, ",\"samples\":%s,\"talks\":%s}", live_state_sample_names,
		        s->anonymize.with == NULL ? "true" : "false");
		if (fclose(f) != 0) {
			free(live);
			live = NULL;
		}
	}
	if (d != NULL && live != NULL) {
		html_data_live(d, live);
		name_source(s, source, sizeof source);
		text = html_data_finish(d, source, n);
	}
	html_data_free(d);
	free(live);
	return text;
}

/* Makes the page.  Returns false after a message. */
static bool
make_page(struct live_page *p, const struct settings *s)
{
	char        policy[HTML_POLICY_MAX];
	const char *err = "out of memory";
	size_t      n = 0;
	char       *data = make_data(s, &n);

	if (data != NULL)
		p->text = html_page_live(data, n, policy, &p->text_n, &err);
	free(data);
	if (p->text == NULL) {
		complain("--web: %s", err);
		return false;
	}
	/* What a page in itself cannot say. */
	snprintf(p->policy, sizeof p->policy, "%s; frame-ancestors 'none'", policy);
	return true;
}

bool
live_page_open(struct live_page **out, const struct settings *s, int *code)
{
	const struct live_settings *l = &s->live;
	char                        token[TOKEN_MOST + 2], err[MESSAGE_MAX];

	*out = NULL;
	if (l->web == NULL && l->web_given == NULL)
		return true;
	*code = EXIT_USAGE;
	if (l->web == NULL) {
		complain("%s: there is no page without --web", l->web_given);
		return false;
	}
	if (l->web_token != NULL && !read_token(l->web_token, token))
		return false;
	const struct web_options o = { .address = l->web,
		                           .token = l->web_token != NULL ? token : NULL,
		                           .window = l->web_window,
		                           .memory = l->web_memory,
		                           .format = { [WEB_SAMPLES] = write_text, [WEB_RECORDS] = live_row_write },
		                           .story = write_story };
	struct live_page        *p = calloc(1, sizeof *p);
	if (p != NULL)
		*p = (struct live_page){ .talks = s->anonymize.with == NULL,
			                     .address = l->web,
			                     .now = clock_steady(),
			                     .sample_every = l->web_window > SAMPLES_MAX ? l->web_window / SAMPLES_MAX : 1 };
	if (p != NULL && (p->web = web_open(&o, err, sizeof err)) == NULL)
		complain("--web: %s", err);
	explicit_bzero(token, sizeof token);
	if (p == NULL)
		complain("out of memory");
	if (p == NULL || p->web == NULL || !make_page(p, s)) {
		live_page_free(p);
		return false;
	}
	view_init(&p->view);
	*out = p;
	return true;
}

bool
live_page_begin(struct live_page *p)
{
	if (web_begin(p->web, p->text, p->text_n, p->policy))
		return true;
	complain("--web: there is no thread that could answer");
	return false;
}

void
live_page_free(struct live_page *p)
{
	if (p == NULL)
		return;
	web_free(p->web);
	free(p->text);
	free(p);
}

uint64_t
live_page_memory(const struct settings *s)
{
	return s->live.web != NULL ? s->live.web_memory + WEB_OVERHEAD : 0;
}

/* ---- what happens ------------------------------------------------------------------------------------------------ */

int
live_page_record(void *page, const connlog_record *r)
{
	struct live_page *p = page;
	unsigned char     row[LIVE_ROW_MAX];

	web_put(p->web, WEB_RECORDS, p->now, row, live_row_pack(&p->view, r, row));
	return CONNLOG_OK;
}

void
live_page_tick(struct live_page *p, double now)
{
	p->now = now;
	if (p->late)
		p->late = !web_publish(p->web, now);
}

void
live_page_state(struct live_page *p, const struct metrics *m, const struct talker_rates *talkers, size_t n)
{
	if (p->now >= p->sample_at) {
		char sample[LIVE_SAMPLE_MAX];
		web_put(p->web, WEB_SAMPLES, p->now, sample, live_state_sample(m, sample));
		p->sample_at = p->now + p->sample_every - 0.5; /* it is a second's beat that it waits for */
	}
	if (web_streams(p->web) > 0) {
		struct live_state s = { .metrics = m, .talkers = p->talks ? talkers : NULL, .talkers_n = n, .now = p->now };
		size_t            size = 0;
		web_count(p->web, &s.web);
		char *text = live_state_text(&s, &size);
		if (text != NULL)
			web_state(p->web, text, size);
	}
	p->late = !web_publish(p->web, p->now);
}

bool
live_page_wants_talkers(const struct live_page *p)
{
	return p->talks && web_streams(p->web) > 0;
}

void
live_page_count(struct live_page *p, struct web_counts *out)
{
	web_count(p->web, out);
}
