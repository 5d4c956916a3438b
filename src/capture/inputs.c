/* inputs.c - determines which files are read, and in which order (inputs.h).
 *
 * To order a directory's files, each is opened once for the time of its first packet.  Paths that cannot be read stay
 * in the list; the source reports them when it reaches them.
 */
#include "capture/inputs.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "capture/capfile.h"

#define AS_ZEEK "pcapng::"

/* Takes over `path` and `problem`.  Returns the new entry, or NULL when out of memory. */
static struct input *
add(struct inputs *l, char *path, bool as_zeek, char *problem)
{
	if (l->n == l->room && path) {
		size_t        room = l->room ? l->room * 2 : 16;
		struct input *at = realloc(l->at, room * sizeof *at);
		if (at) {
			l->at = at;
			l->room = room;
		}
	}
	if (l->n == l->room || !path) {
		free(path);
		free(problem);
		return NULL;
	}
	l->at[l->n] = (struct input){ .path = path, .as_zeek = as_zeek, .problem = problem };
	return &l->at[l->n++];
}

static void
look_at_first_packet(struct input *i)
{
	struct capfile f;
	connlog_packet p;
	int            r;

	r = capfile_open(&f, i->path, i->as_zeek, STREAM_PEEK, NULL, NULL, 0);
	do {
		r = r < 0 ? r : f.next(&f, &p, 1, NULL, 0);
	} while (r == 0); /* a block without a packet */
	if (r == 1) {
		i->sec = p.sec;
		i->nsec = p.nsec;
		i->dated = true;
	}
	capfile_close(&f);
}

static int
by_first_packet(const void *va, const void *vb)
{
	const struct input *a = va, *b = vb;

	if (a->dated != b->dated)
		return a->dated ? -1 : 1;
	if (a->dated && a->sec != b->sec)
		return a->sec < b->sec ? -1 : 1;
	if (a->dated && a->nsec != b->nsec)
		return a->nsec < b->nsec ? -1 : 1;
	return strcmp(a->path, b->path);
}

static bool
list_directory(struct inputs *l, const char *path, bool as_zeek, DIR *d)
{
	const size_t   first = l->n, n = strlen(path);
	const char    *slash = n > 0 && path[n - 1] == '/' ? "" : "/";
	struct dirent *e;
	struct input  *i;
	struct stat    st;
	bool           there;
	char          *name;

	while ((e = readdir(d)) != NULL) {
		if (e->d_name[0] == '.')
			continue;
		if (asprintf(&name, "%s%s%s", path, slash, e->d_name) < 0)
			return false;
		there = stat(name, &st) == 0; /* a dangling link is reported when it is opened */
		if (there && !S_ISREG(st.st_mode)) {
			free(name);
			continue;
		}
		i = add(l, name, as_zeek, NULL);
		if (!i)
			return false;
		i->size = there ? (uint64_t)st.st_size : 0;
		look_at_first_packet(i);
	}
	if (l->n == first)
		return add(l, strdup(path), as_zeek, strdup("holds no files")) != NULL;
	qsort(l->at + first, l->n - first, sizeof *l->at, by_first_packet);
	return true;
}

static bool
list_path(struct inputs *l, const char *path)
{
	struct input *i;
	struct stat   st;
	char         *problem;
	DIR          *d;
	bool          good;
	const bool    as_zeek = strncmp(path, AS_ZEEK, strlen(AS_ZEEK)) == 0;

	if (as_zeek)
		path += strlen(AS_ZEEK);
	if (strcmp(path, "-") == 0 || stat(path, &st) != 0)
		return add(l, strdup(path), as_zeek, NULL) != NULL; /* a missing file is reported when it is opened */
	if (S_ISDIR(st.st_mode)) {
		d = opendir(path);
		if (!d)
			return asprintf(&problem, "cannot be listed: %s", strerror(errno)) >= 0 &&
			       add(l, strdup(path), as_zeek, problem);
		good = list_directory(l, path, as_zeek, d);
		closedir(d);
		return good;
	}
	i = add(l, strdup(path), as_zeek, NULL);
	if (i && S_ISREG(st.st_mode))
		i->size = (uint64_t)st.st_size;
	return i != NULL;
}

bool
inputs_list(struct inputs *l, const char *const *paths, size_t n)
{
	bool known = true;

	for (size_t i = 0; i < n; i++)
		if (!list_path(l, paths[i]))
			return false;
	for (size_t i = 0; i < l->n; i++) {
		known = known && (l->at[i].size > 0 || l->at[i].problem);
		l->total += l->at[i].size;
	}
	if (!known)
		l->total = 0;
	return true;
}

bool
inputs_copy(struct inputs *l, const struct inputs *from)
{
	for (size_t k = 0; k < from->n; k++) {
		const struct input *i = &from->at[k];
		struct input       *copy = add(l, strdup(i->path), i->as_zeek, NULL);
		if (!copy)
			return false;
		copy->size = i->size;
	}
	l->total = from->total;
	return true;
}

void
inputs_free(struct inputs *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->at[i].path);
		free(l->at[i].problem);
	}
	free(l->at);
	*l = (struct inputs){ 0 };
}
