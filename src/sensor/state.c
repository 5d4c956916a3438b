/* state.c - see state.h. */
#include "sensor/state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC "connlog3"

/* Returns whether the open file still has that name: a process that ends removes it. */
static bool
is_current(const struct state *s)
{
	struct stat open_one, named;

	return fstat(s->fd, &open_one) == 0 && stat(s->path, &named) == 0 && open_one.st_dev == named.st_dev &&
	       open_one.st_ino == named.st_ino;
}

/* Opens and locks the file.  Returns false with errno set on failure. */
static bool
open_locked(struct state *s)
{
	for (;;) {
		s->fd = open(s->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
		if (s->fd < 0)
			return false;
		if (flock(s->fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
			return false;
		if (is_current(s))
			return true;
		close(s->fd);
	}
}

/* Allocates the blocks before mapping: on a full disk a store would raise SIGBUS.  Returns NULL on failure. */
static struct state_counts *
map(int fd)
{
	struct state_counts *at;

	if (posix_fallocate(fd, 0, (off_t)sizeof *at) != 0)
		return NULL;
	at = mmap(NULL, sizeof *at, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	return at != MAP_FAILED ? at : NULL;
}

bool
state_open(struct state *s, const char *folder, const char *name, struct state_counts *before, char *err,
           size_t err_size)
{
	*s = (struct state){ .fd = -1 };
	memset(before, 0, sizeof *before);
	if (asprintf(&s->path, "%s/.%s.state", folder, name) < 0) {
		s->path = NULL;
		snprintf(err, err_size, "out of memory");
		return false;
	}
	if (!open_locked(s)) {
		if (s->fd >= 0)
			snprintf(err, err_size, "%s/%s.log is being written by another connlog", folder, name);
		else
			snprintf(err, err_size, "cannot write %s: %s", s->path, strerror(errno));
		state_close(s, false);
		return false;
	}
	if (pread(s->fd, before, sizeof *before, 0) != (ssize_t)sizeof *before ||
	    memcmp(before->magic, MAGIC, sizeof before->magic) != 0)
		memset(before, 0, sizeof *before);
	s->at = map(s->fd);
	if (s->at == NULL)
		s->at = &s->own;
	memset(s->at, 0, sizeof *s->at);
	memcpy(s->at->magic, MAGIC, sizeof s->at->magic);
	return true;
}

static void
put_safe(struct state_counts *c, uint64_t size, uint64_t records)
{
	const uint64_t next = 1 - c->current;

	c->safe[next].size = size;
	c->safe[next].records = records;
	c->current = next;
}

static void
write_back(const struct state *s)
{
	if (s->at != &s->own)
		msync(s->at, sizeof *s->at, MS_SYNC);
}

void
state_begin(struct state *s, double opened)
{
	s->at->opened = opened;
	s->at->in_log = s->at->head = 0;
	put_safe(s->at, 0, 0);
	write_back(s);
}

void
state_safe(struct state *s, uint64_t size, uint64_t records)
{
	put_safe(s->at, size, records);
	write_back(s);
}

void
state_close(struct state *s, bool finished)
{
	if (s->at != NULL && s->at != &s->own)
		munmap(s->at, sizeof *s->at);
	if (finished && s->path != NULL)
		unlink(s->path);
	if (s->fd >= 0)
		close(s->fd);
	free(s->path);
	*s = (struct state){ .fd = -1 };
}
