/* disk.c - see disk.h. A file is a sequence of frames (frame.h), each with a checksum, so that a frame truncated by a
 * crash is detected. */
#include "ship/disk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "ship/frame.h"

enum { FILES = 8, FILE_LEAST = 64 << 10, FILE_MOST = 16 << 20, PATH_ROOM = 4096 };

static void
path_of(const struct disk *d, unsigned number, char *out)
{
	snprintf(out, PATH_ROOM, "%s/%08u", d->folder, number);
}

static uint32_t
check_of(const char *p, size_t n)
{
	return (uint32_t)crc32_z(0, (const unsigned char *)p, n);
}

/* Finds the first and the last file by name. */
static bool
find_files(struct disk *d)
{
	DIR           *folder = opendir(d->folder);
	struct dirent *e;

	while (folder != NULL && (e = readdir(folder)) != NULL) {
		char          *end;
		const unsigned number = (unsigned)strtoul(e->d_name, &end, 10);
		if (*end != '\0' || number == 0)
			continue;
		if (d->first == 0 || number < d->first)
			d->first = number;
		if (number > d->last)
			d->last = number;
	}
	if (folder != NULL)
		closedir(folder);
	return folder != NULL;
}

/* Counts the content of a file from an earlier run. */
static void
count_file(struct disk *d, unsigned number)
{
	char         path[PATH_ROOM];
	struct stat  st;
	struct frame f;
	off_t        at = 0;

	path_of(d, number, path);
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	if (fstat(fd, &st) == 0)
		d->bytes += (uint64_t)st.st_size;
	while (pread(fd, &f, sizeof f, at) == sizeof f && frame_is_good(&f)) {
		at += (off_t)sizeof f + f.n;
		if (at > st.st_size)
			break;
		d->records += f.records;
	}
	close(fd);
}

static bool
make_folders(const struct disk *d, const char *folder)
{
	return (mkdir(folder, 0777) == 0 || errno == EEXIST) && (mkdir(d->folder, 0777) == 0 || errno == EEXIST);
}

bool
disk_open(struct disk *d, const char *folder, const char *name, uint64_t max, char *err, size_t err_size)
{
	*d = (struct disk){ .lock = -1, .max = max, .in = -1, .out = -1 };
	if (asprintf(&d->folder, "%s/%s", folder, name) < 0) {
		d->folder = NULL;
		snprintf(err, err_size, "out of memory");
		return false;
	}
	if (make_folders(d, folder))
		d->lock = open(d->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (d->lock < 0 || access(d->folder, W_OK) != 0 || !find_files(d)) {
		snprintf(err, err_size, "cannot use %s: %s", d->folder, strerror(errno));
		return false;
	}
	if (flock(d->lock, LOCK_EX | LOCK_NB) != 0) {
		snprintf(err, err_size, "%s belongs to another connlog that runs", d->folder);
		return false;
	}
	for (unsigned i = d->first; i > 0 && i <= d->last; i++)
		count_file(d, i);
	return true;
}

static void
close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void
disk_close(struct disk *d)
{
	if (d->folder == NULL)
		return;
	close_fd(&d->in);
	close_fd(&d->out);
	close_fd(&d->lock);
	free(d->item);
	free(d->head);
	free(d->folder);
	d->folder = NULL;
}

bool
disk_is_empty(const struct disk *d)
{
	return d->folder == NULL || d->first == 0;
}

/* ---- filling ------------------------------------------------------------------------------------------------------ */

/* Appends a frame. Returns 0, or errno with the file as it was. */
static int
append(struct disk *d, enum frame_kind kind, const char *p, size_t n, uint64_t records)
{
	const struct frame f = { kind, (uint32_t)n, (uint32_t)records, check_of(p, n) };
	const size_t       all = sizeof f + n;
	int                why = 0;

	if (pwrite(d->out, &f, sizeof f, (off_t)d->out_n) != sizeof f)
		why = errno != 0 ? errno : ENOSPC;
	for (size_t done = 0; why == 0 && done < n;) {
		const ssize_t took = pwrite(d->out, p + done, n - done, (off_t)(d->out_n + sizeof f + done));
		if (took > 0)
			done += (size_t)took;
		else if (took == 0 || errno != EINTR)
			why = took == 0 ? ENOSPC : errno;
	}
	if (why == 0) {
		d->out_n += all;
		d->bytes += all;
	} else if (ftruncate(d->out, (off_t)d->out_n) != 0) {
		close_fd(&d->out); /* the checksum shows that this is no frame */
	}
	return why;
}

/* Starts the next file. Returns 0 or errno. */
static int
begin_file(struct disk *d)
{
	char           path[PATH_ROOM];
	const unsigned number = d->last + 1;

	close_fd(&d->out);
	path_of(d, number, path);
	d->out = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (d->out < 0)
		return errno;
	d->out_n = 0;
	const int why = d->head != NULL ? append(d, FRAME_HEAD, d->head, d->head_n, 0) : 0;
	if (why != 0) {
		close_fd(&d->out);
		unlink(path);
		return why;
	}
	d->last = number;
	if (d->first == 0)
		d->first = number;
	return 0;
}

static uint64_t
file_max(const struct disk *d)
{
	const uint64_t share = d->max / FILES;

	return share < FILE_LEAST ? FILE_LEAST : share > FILE_MOST ? FILE_MOST : share;
}

int
disk_put(struct disk *d, enum spool_kind kind, const char *p, size_t n, uint64_t records)
{
	const enum frame_kind as = kind == SPOOL_HEAD ? FRAME_HEAD : kind == SPOOL_FOOT ? FRAME_FOOT : FRAME_LINES;
	int                   why = 0;

	if (d->folder == NULL || n > FRAME_MAX || d->bytes + sizeof(struct frame) + n > d->max)
		return ENOSPC;
	if (d->out < 0 || d->out_n >= file_max(d))
		why = begin_file(d);
	if (why == 0)
		why = append(d, as, p, n, records);
	if (why == 0)
		d->records += records;
	return why;
}

/* ---- emptying ----------------------------------------------------------------------------------------------------- */

/* Reads the frame at the file's current position. Returns NULL at its end, if it is damaged, and when out of memory. */
static struct spool_item *
read_item(struct disk *d)
{
	struct frame       f;
	struct spool_item *item = NULL;

	const ssize_t got = pread(d->in, &f, sizeof f, (off_t)d->in_at);
	const bool    good = got == (ssize_t)sizeof f && frame_is_good(&f);
	if (good)
		item = malloc(sizeof *item + f.n);
	d->starved = good && item == NULL;
	if (item != NULL && (pread(d->in, item->bytes, f.n, (off_t)(d->in_at + sizeof f)) != (ssize_t)f.n ||
	                     check_of(item->bytes, f.n) != f.check)) {
		free(item);
		item = NULL;
	}
	d->damaged = item == NULL && got != 0 && !d->starved;
	if (item == NULL)
		return NULL;
	const enum spool_kind kind = f.kind == FRAME_HEAD ? SPOOL_HEAD : f.kind == FRAME_FOOT ? SPOOL_FOOT : SPOOL_LINES;
	*item = (struct spool_item){ .kind = kind, .records = f.records, .n = f.n };
	return item;
}

struct spool_item *
disk_next(struct disk *d)
{
	char path[PATH_ROOM];

	if (d->item != NULL || disk_is_empty(d))
		return d->item;
	if (d->in < 0) {
		path_of(d, d->first, path);
		d->in = open(path, O_RDONLY | O_CLOEXEC);
		d->in_at = 0;
	}
	if (d->in >= 0)
		d->item = read_item(d);
	return d->item;
}

void
disk_done(struct disk *d)
{
	if (d->item == NULL)
		return;
	d->in_at += sizeof(struct frame) + d->item->n;
	d->records -= d->item->records < d->records ? d->item->records : d->records;
	free(d->item);
	d->item = NULL;
}

void
disk_drop(struct disk *d)
{
	char        path[PATH_ROOM];
	struct stat st;

	if (disk_is_empty(d) || d->item != NULL)
		return;
	if (d->first == d->last && d->out >= 0 && d->in_at < d->out_n && !d->damaged)
		return; /* new items arrived meanwhile */
	path_of(d, d->first, path);
	if (d->in >= 0 && fstat(d->in, &st) == 0)
		d->bytes -= (uint64_t)st.st_size < d->bytes ? (uint64_t)st.st_size : d->bytes;
	close_fd(&d->in);
	unlink(path);
	if (d->first++ < d->last)
		return;
	close_fd(&d->out);
	d->first = d->last = 0;
	d->bytes = d->records = 0;
}

void
head_replace(char **head, size_t *n, const char *p, size_t p_n)
{
	char *copy = malloc(p_n > 0 ? p_n : 1);

	if (copy == NULL)
		return;
	memcpy(copy, p, p_n);
	free(*head);
	*head = copy;
	*n = p_n;
}
