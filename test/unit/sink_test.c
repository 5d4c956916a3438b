/* Sinks: descriptors, files that get their names at the end, and errors. */
#include <errno.h>
#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "connlog.h"

struct place {
	char folder[64], path[128];
	char err[256];
};

static void
make_place(struct place *p)
{
	strcpy(p->folder, "/tmp/connlog-sink-XXXXXX");
	assert_non_null(mkdtemp(p->folder));
	snprintf(p->path, sizeof p->path, "%s/conn.log", p->folder);
	p->err[0] = '\0';
}

/* Counts the files in the folder, including hidden ones. */
static int
count_files(const struct place *p)
{
	DIR *d = opendir(p->folder);
	int  n = -2; /* . and .. */

	assert_non_null(d);
	while (readdir(d) != NULL)
		n++;
	closedir(d);
	return n;
}

static void
a_file_gets_its_name_when_it_is_closed(void **state)
{
	struct place  p;
	char          text[16] = "";
	struct stat   st;
	const mode_t  before = umask(027);
	connlog_sink *s;

	(void)state;
	make_place(&p);
	s = connlog_sink_file(p.path, p.err, sizeof p.err);
	assert_non_null(s);
	assert_int_equal(connlog_sink_write(s, "one ", 4, p.err, sizeof p.err), CONNLOG_OK);
	assert_int_equal(access(p.path, F_OK), -1);
	assert_int_equal(count_files(&p), 1);
	assert_int_equal(connlog_sink_write(s, "two", 3, p.err, sizeof p.err), CONNLOG_OK);
	assert_int_equal(connlog_sink_close(s, p.err, sizeof p.err), CONNLOG_OK);
	connlog_sink_free(s);
	umask(before);

	assert_int_equal(count_files(&p), 1);
	assert_int_equal(stat(p.path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	int fd = open(p.path, O_RDONLY);
	assert_int_equal(read(fd, text, sizeof text), 7);
	close(fd);
	assert_string_equal(text, "one two");
	unlink(p.path);
	rmdir(p.folder);
}

static void
an_unfinished_file_goes_and_the_old_one_stays(void **state)
{
	struct place p;

	(void)state;
	make_place(&p);
	for (int i = 0; i < 2; i++) { /* the second over the first */
		connlog_sink *s = connlog_sink_file(p.path, p.err, sizeof p.err);
		assert_non_null(s);
		assert_int_equal(connlog_sink_write(s, i == 0 ? "old" : "half", i == 0 ? 3 : 4, p.err, sizeof p.err),
		                 CONNLOG_OK);
		if (i == 0)
			assert_int_equal(connlog_sink_close(s, p.err, sizeof p.err), CONNLOG_OK);
		connlog_sink_free(s);
	}
	struct stat st;
	assert_int_equal(count_files(&p), 1);
	assert_int_equal(stat(p.path, &st), 0);
	assert_int_equal(st.st_size, 3);
	unlink(p.path);
	rmdir(p.folder);
}

static void
a_folder_that_is_missing(void **state)
{
	char err[256] = "";

	(void)state;
	assert_null(connlog_sink_file("/tmp/there-is-no-such-folder/conn.log", err, sizeof err));
	assert_non_null(strstr(err, "/tmp/there-is-no-such-folder/conn.log"));
	assert_non_null(strstr(err, strerror(ENOENT)));
}

static void
a_name_that_is_a_folder(void **state)
{
	struct place  p;
	connlog_sink *s;

	(void)state;
	make_place(&p);
	assert_int_equal(mkdir(p.path, 0755), 0);
	s = connlog_sink_file(p.path, p.err, sizeof p.err);
	assert_null(s);
	assert_non_null(strstr(p.err, p.path));
	assert_int_equal(count_files(&p), 1);
	rmdir(p.path);
	rmdir(p.folder);
}

static void
a_name_that_is_a_pipe(void **state)
{
	struct place  p;
	struct stat   st;
	char          text[16] = "";
	connlog_sink *s;

	(void)state;
	make_place(&p);
	assert_int_equal(mkfifo(p.path, 0600), 0);
	int fd = open(p.path, O_RDONLY | O_NONBLOCK);
	s = connlog_sink_file(p.path, p.err, sizeof p.err);
	assert_non_null(s);
	assert_int_equal(connlog_sink_write(s, "text", 4, p.err, sizeof p.err), CONNLOG_OK);
	assert_int_equal(connlog_sink_taken(s), 4);
	assert_int_equal(connlog_sink_close(s, p.err, sizeof p.err), CONNLOG_OK);
	connlog_sink_free(s);
	assert_int_equal(read(fd, text, sizeof text), 4);
	close(fd);
	assert_string_equal(text, "text");
	assert_int_equal(stat(p.path, &st), 0);
	assert_true(S_ISFIFO(st.st_mode));
	unlink(p.path);
	rmdir(p.folder);
}

static void
a_reader_that_has_gone(void **state)
{
	char          err[256] = "";
	int           fds[2];
	connlog_sink *s;

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(pipe(fds), 0);
	s = connlog_sink_fd(fds[1], err, sizeof err);
	assert_int_equal(connlog_sink_write(s, "x", 1, err, sizeof err), CONNLOG_OK);
	close(fds[0]);
	assert_int_equal(connlog_sink_write(s, "y", 1, err, sizeof err), CONNLOG_CLOSED);
	connlog_sink_free(s);
	assert_int_equal(close(fds[1]), 0); /* belongs to the caller: still open */
}

static void
a_full_disk(void **state)
{
	char          err[256] = "";
	int           fd = open("/dev/full", O_WRONLY);
	connlog_sink *s;

	(void)state;
	if (fd < 0)
		skip();
	s = connlog_sink_fd(fd, err, sizeof err);
	assert_int_equal(connlog_sink_write(s, "x", 1, err, sizeof err), CONNLOG_IO);
	assert_non_null(strstr(err, strerror(ENOSPC)));
	connlog_sink_free(s);
	close(fd);
}

static void
a_pipe_that_does_not_block_is_waited_for(void **state)
{
	enum { SIZE = 1 << 20 };
	char          err[256] = "", *data = calloc(1, SIZE);
	int           fds[2], status;
	connlog_sink *s;

	(void)state;
	assert_int_equal(pipe2(fds, O_NONBLOCK), 0);
	pid_t reader = fork();
	assert_true(reader >= 0);
	if (reader == 0) { /* reads all of it, slowly at first */
		size_t left = SIZE;
		close(fds[1]);
		fcntl(fds[0], F_SETFL, 0);
		usleep(50000);
		while (left > 0) {
			ssize_t n = read(fds[0], data, left);
			if (n <= 0)
				_exit(1);
			left -= (size_t)n;
		}
		_exit(0);
	}
	s = connlog_sink_fd(fds[1], err, sizeof err);
	assert_int_equal(connlog_sink_write(s, data, SIZE, err, sizeof err), CONNLOG_OK);
	assert_int_equal(waitpid(reader, &status, 0), reader);
	assert_int_equal(status, 0);
	connlog_sink_free(s);
	close(fds[0]);
	close(fds[1]);
	free(data);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_gets_its_name_when_it_is_closed),
		cmocka_unit_test(an_unfinished_file_goes_and_the_old_one_stays),
		cmocka_unit_test(a_folder_that_is_missing),
		cmocka_unit_test(a_name_that_is_a_folder),
		cmocka_unit_test(a_name_that_is_a_pipe),
		cmocka_unit_test(a_reader_that_has_gone),
		cmocka_unit_test(a_full_disk),
		cmocka_unit_test(a_pipe_that_does_not_block_is_waited_for),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
