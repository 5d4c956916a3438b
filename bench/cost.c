/* cost.c - measures what a command costs: cost FILE COMMAND [ARGUMENT...]
 *
 * Writes "CPU-seconds peak-bytes wall-seconds" to FILE and exits with the command's status. It is a program of its own
 * because the kernel attributes the memory of the forking process to the child's peak: for Python that is 16 MB, for
 * this program next to nothing.
 */
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double
now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double
seconds_of(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

int
main(int argc, char **argv)
{
	struct rusage used;
	int           status;

	if (argc < 3) {
		fprintf(stderr, "usage: cost FILE COMMAND [ARGUMENT...]\n");
		return 2;
	}
	FILE        *f = fopen(argv[1], "we");
	const double begin = now();
	const pid_t  child = vfork();
	if (child == 0) {
		execvp(argv[2], argv + 2);
		perror(argv[2]);
		_exit(127);
	}
	if (f == NULL || child < 0 || wait4(child, &status, 0, &used) < 0) {
		perror("cost");
		return 1;
	}
	fprintf(f, "%.6f %ld %.6f\n", seconds_of(used.ru_utime) + seconds_of(used.ru_stime), used.ru_maxrss * 1024,
	        now() - begin);
	if (fclose(f) != 0) {
		perror(argv[1]);
		return 1;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
