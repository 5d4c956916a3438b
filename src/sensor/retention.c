/* retention.c - see retention.h. */
#include "sensor/retention.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct old {
	char    *name;
	double   changed;
	uint64_t size;
};

struct olds {
	struct old *at;
	size_t      n, room;
};

static bool
add(struct olds *all, const char *name, const struct stat *st)
{
	if (all->n == all->room) {
		const size_t room = all->room > 0 ? 2 * all->room : 64;
		struct old  *at = realloc(all->at, room * sizeof *at);
		if (at == NULL)
			return false;
		all->at = at;
		all->room = room;
	}
	struct old *o = &all->at[all->n];
	*o = (struct old){ .name = strdup(name), .size = (uint64_t)st->st_size };
	o->changed = (double)st->st_mtim.tv_sec + (double)st->st_mtim.tv_nsec / 1e9;
	all->n += o->name != NULL;
	return o->name != NULL;
}

/* Finds the rotated logs; when out of memory, only those found so far. */
static void
collect(struct olds *all, DIR *d, const struct rotation *names, const char *name)
{
	struct dirent *entry;
	struct stat    st;
	bool           packed;

	while ((entry = readdir(d)) != NULL)
		if (rotate_is_ours(names, name, entry->d_name, &packed) &&
		    fstatat(dirfd(d), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) &&
		    !add(all, entry->d_name, &st))
			return;
}

static int
compare(const void *a, const void *b)
{
	const struct old *x = a, *y = b;

	if (x->changed != y->changed)
		return x->changed < y->changed ? -1 : 1;
	return strcmp(x->name, y->name);
}

unsigned
retention_apply(const struct retention *r, const struct rotation *names, const char *folder, const char *name,
                double now, int *failed)
{
	struct olds all = { 0 };
	uint64_t    total = 0;
	unsigned    removed = 0;
	DIR        *d = opendir(folder);

	if (d == NULL) {
		*failed = errno;
		return 0;
	}
	collect(&all, d, names, name);
	if (all.n > 1)
		qsort(all.at, all.n, sizeof *all.at, compare);
	for (size_t i = 0; i < all.n; i++)
		total += all.at[i].size;
	for (size_t i = 0; i < all.n; i++) {
		const struct old *o = &all.at[i];
		if (!((r->age > 0 && o->changed + r->age < now) || (r->size > 0 && total > r->size)))
			continue;
		if (unlinkat(dirfd(d), o->name, 0) != 0 && errno != ENOENT) {
			*failed = errno;
			continue;
		}
		total -= o->size;
		removed++;
	}
	for (size_t i = 0; i < all.n; i++)
		free(all.at[i].name);
	free(all.at);
	closedir(d);
	return removed;
}
