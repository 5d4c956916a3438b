/* capture_folder.h - a folder for the files of a test program, created before its tests and removed after them. */
#ifndef CAPTURE_FOLDER_H
#define CAPTURE_FOLDER_H

#include "capture_build.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/connlog-test-XXXXXX";

static int
make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static void
remove_all(const char *path)
{
	struct dirent *e;
	char           name[600];
	DIR           *d = opendir(path);

	while (d && (e = readdir(d)) != NULL) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		snprintf(name, sizeof name, "%s/%s", path, e->d_name);
		if (e->d_type == DT_DIR)
			remove_all(name);
		else
			unlink(name);
	}
	if (d)
		closedir(d);
	rmdir(path);
}

static int
remove_folder(void **state)
{
	(void)state;
	remove_all(folder);
	return 0;
}

static void
write_file(const char *name, const void *p, size_t n)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, p, n), n);
	close(fd);
}

#endif
