/* count.c - the smallest user of an installed libconnlog: counts the connections of a capture. */
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
	char             err[256] = "usage: count FILE";
	connlog_options *options = connlog_options_new();
	connlog_engine  *engine = connlog_engine_new(options, err, sizeof err);
	connlog_source  *source =
        argc == 2 ? connlog_source_files((const char *const *)argv + 1, 1, NULL, err, sizeof err) : NULL;
	connlog_packet packets[32];
	unsigned       connections = 0;
	int            n = CONNLOG_END;

	if (engine && source) {
		connlog_on_record(engine, count, &connections);
		while ((n = connlog_source_read(source, packets, 32, err, sizeof err)) > 0)
			connlog_packets(engine, packets, (size_t)n);
		connlog_finish(engine);
		printf("%u connections\n", connections);
	}
	if (!engine || !source || n != CONNLOG_END)
		fprintf(stderr, "%s\n", err);
	connlog_source_free(source);
	connlog_engine_free(engine);
	connlog_options_free(options);
	return engine && source && n == CONNLOG_END ? 0 : 1;
}
