/* index_files.c - the indexes of many captures: see connlog_archive.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "archive/index.h"
#include "capture/inputs.h"
#include "connlog_archive.h"

struct indexing {
	const connlog_index_options *o;
	const char                  *path; /* of the current capture */
	bool                         told;
};

static void
tell(struct indexing *g, const char *text)
{
	g->told = true;
	if (g->o->notice)
		g->o->notice(g->o->arg, text);
}

static int
tick(void *arg, uint64_t bytes)
{
	const struct indexing *g = arg;

	return g->o->progress ? g->o->progress(g->o->arg, g->path, bytes) : CONNLOG_OK;
}

/* Writes the index next to the capture. */
static int
write_file(const char *capture, const struct outbuf *b, char *err, size_t err_size)
{
	char         *path = index_path(capture);
	connlog_sink *s = path ? connlog_sink_file(path, err, err_size) : NULL;
	int           status = s ? CONNLOG_OK : CONNLOG_IO;

	if (!path)
		snprintf(err, err_size, "out of memory");
	if (s)
		status = connlog_sink_write(s, b->p, b->n, err, err_size);
	if (status == CONNLOG_OK)
		status = connlog_sink_close(s, err, err_size);
	connlog_sink_free(s);
	free(path);
	return status;
}

static void
report(const struct indexing *g, const struct index *x, bool was_there, uint64_t index_bytes)
{
	const connlog_indexed i = { g->path, was_there, x->file.size, x->packets, index_bytes };

	if (g->o->indexed)
		g->o->indexed(g->o->arg, &i);
}

/* Makes an index. For a damaged capture it covers what comes before the damage, since nothing after it can be read
 * anyway. */
static int
make(struct indexing *g, char *err, size_t err_size)
{
	struct index  x;
	struct outbuf b = { 0 };
	int           status = index_build(g->path, &x, tick, g, err, err_size);

	if ((status == CONNLOG_BAD_INPUT || status == CONNLOG_IO) && x.n > 0) {
		tell(g, err);
		status = CONNLOG_OK;
	}
	if (status == CONNLOG_OK)
		index_write(&x, &b);
	if (b.failed)
		status = source_fail(err, err_size, CONNLOG_NO_MEMORY, "out of memory");
	if (status == CONNLOG_OK)
		status = write_file(g->path, &b, err, err_size);
	if (status == CONNLOG_OK)
		report(g, &x, false, b.n);
	outbuf_free(&b);
	index_free(&x);
	return status;
}

/* Returns whether there is a usable index. */
static bool
is_there(const struct indexing *g)
{
	struct index x;
	struct stat  st = { .st_size = 0 };
	char        *path;

	if (g->o->anew || index_load(g->path, &x) != 0)
		return false;
	path = index_path(g->path);
	if (path)
		(void)stat(path, &st);
	free(path);
	report(g, &x, true, (uint64_t)st.st_size);
	index_free(&x);
	return true;
}

static int
index_input(struct indexing *g, const struct input *i, char *err, size_t err_size)
{
	char        text[1024];
	struct stat st;
	int         status = CONNLOG_OK;

	g->path = i->path;
	if (i->problem || strcmp(i->path, "-") == 0 || stat(i->path, &st) != 0 || !S_ISREG(st.st_mode)) {
		snprintf(text, sizeof text, "%s: %s", i->path, i->problem ? i->problem : "is no file that can be read again");
		tell(g, text);
		return CONNLOG_OK;
	}
	if (!is_there(g))
		status = make(g, err, err_size);
	if (status != CONNLOG_BAD_INPUT && status != CONNLOG_IO)
		return status;
	tell(g, err);
	return CONNLOG_OK;
}

int
connlog_index_files(const char *const *paths, size_t n, const connlog_index_options *o, char *err, size_t err_size)
{
	static const connlog_index_options none = { .anew = false };
	struct indexing                    g = { .o = o ? o : &none };
	struct inputs                      inputs = { .at = NULL };
	int                                status = CONNLOG_OK;

	if (!inputs_list(&inputs, paths, n))
		status = source_fail(err, err_size, CONNLOG_NO_MEMORY, "no memory for the list of files");
	for (size_t i = 0; i < inputs.n && status == CONNLOG_OK; i++)
		status = index_input(&g, &inputs.at[i], err, err_size);
	inputs_free(&inputs);
	return status == CONNLOG_OK && g.told ? CONNLOG_BAD_INPUT : status;
}
