/* count.c - the smallest program that uses an installed libconnlog: counts the connections of a capture. */
#include <connlog.h>
#include <stdio.h>

static int
count(void *arg, const connlog_record *r)
{
	(void)r;
	++*(unsigned *)arg;
	return CONNLOG_OK;
}

int
main(int argc, char **argv)
{
	char            err[256] = "usage: count FILE";
	unsigned        connections = 0;
	connlog_engine *engine = argc == 2 ? connlog_engine_new(NULL, err, sizeof err) : NULL;
	connlog_source *source =
		engine ? connlog_source_files((const char *const *)argv + 1, 1, NULL, err, sizeof err) : NULL;
	int status = CONNLOG_IO;

	if (source && connlog_on_record(engine, count, &connections) == CONNLOG_OK) {
		status = connlog_run(engine, source, err, sizeof err);
		connlog_finish(engine);
		printf("%u connections\n", connections);
	}
	if (status != CONNLOG_END)
		fprintf(stderr, "%s\n", err);
	connlog_source_free(source);
	connlog_engine_free(engine);
	return status == CONNLOG_END ? 0 : 1;
}
