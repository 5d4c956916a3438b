/* files.c - the source that reads captures one after another as one stream of packets.
 *
 * Only one file is open at a time.  An error in one is returned once, with its name, and the next call continues with
 * the next file.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture/capfile.h"
#include "capture/filter.h"
#include "capture/inputs.h"
#include "capture/source.h"

struct files {
	connlog_source        base;
	char                **paths; /* as they were given; expanded at the first read */
	size_t                n_paths;
	struct bytes          memory; /* used if there are no paths */
	struct filter        *filter; /* NULL: all packets */
	char                 *bpf;    /* its text */
	volatile sig_atomic_t stop;

	bool           listed;
	struct inputs  inputs;
	size_t         next; /* input to open next */
	struct capfile file;
	bool           open;

	int  unfiltered; /* CONNLOG_OK, or why the next packet cannot be filtered; returned by the next read */
	char unfiltered_why[400];

	bool           lends;
	struct windows windows; /* that are lent */

	uint64_t done_bytes; /* of the files before `file` */
	uint64_t packets, filtered;
};

static struct files *
files_of(connlog_source *s)
{
	return (struct files *)(void *)s;
}

static void
close_file(struct files *f)
{
	if (f->open) {
		f->done_bytes += f->file.in.raw;
		capfile_close(&f->file);
	}
	f->open = false;
}

/* Returns false when out of memory. */
static bool
lend_file(struct files *f)
{
	if (!windows_reserve(&f->windows))
		return false;
	f->file.in.windows = &f->windows;
	return true;
}

static int
list(struct files *f, char *err, size_t err_size)
{
	if (!inputs_list(&f->inputs, (const char *const *)f->paths, f->n_paths))
		return source_fail(err, err_size, CONNLOG_NO_MEMORY, "no memory for the list of files");
	f->listed = true;
	return CONNLOG_OK;
}

/* Returns CONNLOG_OK, CONNLOG_END past the last one, or why the next one cannot be read. */
static int
open_next(struct files *f, char *err, size_t err_size)
{
	struct input *i;
	int           status;

	if (f->memory.p && f->next == 0) {
		f->next = 1;
		f->open = true;
		status = capfile_open_memory(&f->file, f->memory, STREAM_PEEK, err, err_size);
	} else if (f->next >= f->inputs.n) {
		return CONNLOG_END;
	} else {
		i = &f->inputs.at[f->next++];
		if (i->problem)
			return source_fail(err, err_size, CONNLOG_IO, "%s: %s", i->path, i->problem);
		f->open = true;
		status = capfile_open(&f->file, i->path, i->as_zeek, STREAM_WINDOW, &f->stop, err, err_size);
	}
	if (status == CONNLOG_OK && f->lends && !lend_file(f))
		status = source_fail(err, err_size, CONNLOG_NO_MEMORY, "%s: no memory to read it", f->file.name);
	if (status != CONNLOG_OK)
		close_file(f);
	return status;
}

/* Keeps the packets that the filter accepts, up to the first for whose link type it does not compile.  Returns their
 * number. */
static int
apply_filter(struct files *f, connlog_packet *p, int n)
{
	int kept = 0, r;

	for (int i = 0; i < n; i++) {
		r = filter_match(f->filter, &p[i], f->unfiltered_why, sizeof f->unfiltered_why);
		if (r < 0) {
			f->unfiltered = r;
			break;
		}
		if (r)
			p[kept++] = p[i];
		else
			f->filtered++;
	}
	return kept;
}

/* Returns CONNLOG_OK, or the filter's error with a message; the file is not read further. */
static int
tell_unfiltered(struct files *f, char *err, size_t err_size)
{
	int r = f->unfiltered;

	if (r != CONNLOG_OK) {
		source_fail(err, err_size, r, "%s: %s", f->file.name, f->unfiltered_why);
		f->unfiltered = CONNLOG_OK;
		close_file(f);
	}
	return r;
}

static int
files_read(connlog_source *s, connlog_packet *p, size_t max, char *err, size_t err_size)
{
	struct files *f = files_of(s);
	int           r;

	if (!f->listed && (r = list(f, err, err_size)) != CONNLOG_OK)
		return r;
	while (!f->stop) {
		if ((r = tell_unfiltered(f, err, err_size)) != CONNLOG_OK)
			return r;
		if (!f->open && (r = open_next(f, err, err_size)) != CONNLOG_OK)
			return r;
		r = f->file.next(&f->file, p, max, err, err_size);
		if (r > 0 && f->filter && !f->file.as_zeek)
			r = apply_filter(f, p, r);
		if (r > 0) {
			f->packets += (uint64_t)r;
			return r;
		}
		if (r < 0)
			close_file(f);
		if (r < 0 && r != CONNLOG_END)
			return r;
	}
	return CONNLOG_END;
}

static void
files_progress(const connlog_source *s, connlog_source_progress *out)
{
	const struct files *f = (const struct files *)(const void *)s;

	out->bytes = f->done_bytes + (f->open ? f->file.in.raw : 0);
	out->total_bytes = f->inputs.total;
	out->packets = f->packets;
	out->filtered = f->filtered;
	out->name = f->open ? f->file.name : NULL;
}

static void
files_stop(connlog_source *s)
{
	files_of(s)->stop = 1;
}

static struct windows *
files_lend(connlog_source *s, bool on)
{
	struct files *f = files_of(s);

	if (!on) {
		f->file.in.windows = NULL;
		windows_free(&f->windows);
	}
	f->lends = on && (!f->open || lend_file(f));
	return f->lends ? &f->windows : NULL;
}

static bool
files_extent(const connlog_source *s, struct source_extent *out)
{
	const struct files *f = (const struct files *)(const void *)s;

	out->opened = f->next;
	return f->open && stream_extent(&f->file.in, out);
}

static void
files_free(connlog_source *s)
{
	struct files *f = files_of(s);

	close_file(f);
	windows_free(&f->windows);
	inputs_free(&f->inputs);
	filter_free(f->filter);
	for (size_t i = 0; i < f->n_paths; i++)
		free(f->paths[i]);
	free(f->paths);
	free(f->bpf);
	free(f);
}

static connlog_source *files_copy(connlog_source *s);

static struct files *
files_new(const char *bpf, char *err, size_t err_size)
{
	static const struct source_ops ops = { files_read, files_progress, files_stop,   files_free, NULL,
		                                   files_lend, NULL,           files_extent, files_copy };
	struct files                  *f = calloc(1, sizeof *f);

	if (!f) {
		source_fail(err, err_size, CONNLOG_NO_MEMORY, "no memory for a source");
		return NULL;
	}
	f->base.ops = &ops;
	if (bpf && *bpf && !((f->bpf = strdup(bpf)) && (f->filter = filter_new(bpf, err, err_size)))) {
		files_free(&f->base);
		return NULL;
	}
	return f;
}

connlog_source *
connlog_source_files(const char *const *paths, size_t n, const char *bpf, char *err, size_t err_size)
{
	struct files *f = files_new(bpf, err, err_size);

	if (!f)
		return NULL;
	f->paths = calloc(n ? n : 1, sizeof *f->paths);
	for (; f->paths && f->n_paths < n; f->n_paths++)
		if (!(f->paths[f->n_paths] = strdup(paths[f->n_paths])))
			break;
	if (f->n_paths < n || !f->paths) {
		source_fail(err, err_size, CONNLOG_NO_MEMORY, "no memory for the list of files");
		files_free(&f->base);
		return NULL;
	}
	return &f->base;
}

connlog_source *
source_memory(const uint8_t *data, size_t n, const char *bpf, char *err, size_t err_size)
{
	struct files *f = files_new(bpf, err, err_size);

	if (!f)
		return NULL;
	f->memory = (struct bytes){ data, n };
	return &f->base;
}

/* Returns whether all inputs are plain regular files. */
static bool
are_plain(const struct inputs *l)
{
	bool plain = l->n > 0;

	for (size_t i = 0; plain && i < l->n; i++)
		plain = !l->at[i].problem && l->at[i].size > 0 && capfile_is_plain(l->at[i].path);
	return plain;
}

static connlog_source *
files_copy(connlog_source *s)
{
	struct files *f = files_of(s), *copy;

	if (f->memory.p || f->next > 0 || (!f->listed && list(f, NULL, 0) != CONNLOG_OK) || !are_plain(&f->inputs))
		return NULL;
	copy = files_new(f->bpf, NULL, 0);
	if (copy && !inputs_copy(&copy->inputs, &f->inputs)) {
		files_free(&copy->base);
		return NULL;
	}
	if (copy)
		copy->listed = true;
	return copy ? &copy->base : NULL;
}
