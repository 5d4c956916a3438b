/* logfile.c - see logfile.h. */
#include "sensor/logfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sensor/clock.h"

bool
logfile_init(struct logfile *f, const char *folder, const char *name, connlog_writer *frame)
{
	*f = (struct logfile){ .folder = folder, .name = name, .frame = frame, .out.fd = -1 };
	if (asprintf(&f->path, "%s/%s.log", folder, name) >= 0)
		return true;
	f->path = NULL;
	return false;
}

void
logfile_init_stream(struct logfile *f, int fd, connlog_writer *frame)
{
	*f = (struct logfile){ .frame = frame, .opened = clock_wall() };
	out_init(&f->out, fd);
}

void
logfile_free(struct logfile *f)
{
	if (f->out.fd >= 0 && f->path != NULL)
		close(f->out.fd);
	connlog_writer_free(f->frame);
	free(f->path);
}

/* Writes the rest of the writer's output. Returns 0 or errno. */
static int
write_frame(struct logfile *f, struct spool *s)
{
	const connlog_text t = connlog_writer_bytes(f->frame);
	const size_t       before = f->framed;
	const int          why = out_write(&f->out, t.p, t.n, &f->framed, s);

	f->size += f->framed - before;
	f->dirty = f->dirty || f->framed != before;
	if (why != 0)
		return why;
	connlog_writer_clear(f->frame);
	f->framed = 0;
	return 0;
}

static void
forget_frame(struct logfile *f)
{
	connlog_writer_clear(f->frame);
	f->framed = 0;
	f->headed = false;
}

static int
write_head(struct logfile *f, struct spool *s)
{
	forget_frame(f);
	if (connlog_writer_open(f->frame, f->opened) != CONNLOG_OK)
		return ENOMEM;
	f->headed = true;
	return write_frame(f, s);
}

int
logfile_open(struct logfile *f, double when, struct spool *s)
{
	const int   fd = open(f->path, O_WRONLY | O_CREAT | O_APPEND | O_NOCTTY | O_CLOEXEC, 0666);
	struct stat st;

	if (fd < 0)
		return errno;
	if (fstat(fd, &st) != 0 || st.st_size > 0) {
		close(fd);
		return EEXIST;
	}
	f->bytes += f->out.bytes;
	out_init(&f->out, fd);
	f->opened = when;
	f->records = f->size = 0;
	return write_head(f, s);
}

int
logfile_ready(struct logfile *f, struct spool *s)
{
	return f->headed ? write_frame(f, s) : write_head(f, s);
}

int
logfile_write(struct logfile *f, struct spool_item *item, size_t end, struct spool *s)
{
	const size_t before = item->done, counted = whole_lines(item->bytes, before);
	const int    why = out_write(&f->out, item->bytes, end, &item->done, s);
	/* Counts lines that are complete now, even if they were begun before, but not an incomplete one. */
	const size_t   whole = whole_lines(item->bytes, item->done);
	const uint64_t records = item->done == item->n ? item->records
	                         : whole > counted     ? count_lines(item->bytes + counted, whole - counted)
	                                               : 0;

	f->size += item->done - before;
	f->records += records;
	f->dirty = f->dirty || item->done != before;
	spool_written(s, item, records);
	return why;
}

int
logfile_sync(struct logfile *f)
{
	f->dirty = false;
	return f->out.fd < 0 || fdatasync(f->out.fd) == 0 ? 0 : errno;
}

void
logfile_close(struct logfile *f, double when, struct spool *s)
{
	if (f->out.fd < 0)
		return;
	if (f->headed && connlog_writer_close(f->frame, when) == CONNLOG_OK)
		write_frame(f, s);
	forget_frame(f);
	f->dirty = false;
	if (f->path == NULL)
		return;
	fdatasync(f->out.fd);
	close(f->out.fd);
	f->out.fd = -1;
}

bool
logfile_was_moved(const struct logfile *f)
{
	struct stat open_one, named;

	return f->out.fd < 0 || fstat(f->out.fd, &open_one) != 0 || stat(f->path, &named) != 0 ||
	       open_one.st_dev != named.st_dev || open_one.st_ino != named.st_ino;
}

bool
logfile_was_removed(const struct logfile *f)
{
	struct stat st;

	return f->out.fd >= 0 && f->path != NULL && fstat(f->out.fd, &st) == 0 && st.st_nlink == 0;
}

int
logfile_begin_again(struct logfile *f, double when, struct spool *s)
{
	if (f->out.fd < 0)
		return logfile_open(f, when, s);
	if (ftruncate(f->out.fd, 0) != 0)
		return errno;
	lseek(f->out.fd, 0, SEEK_SET);
	f->opened = when;
	f->size = 0;
	return write_head(f, s);
}
