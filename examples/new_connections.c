/* new_connections.c - prints each connection when its first packet arrives.
 *
 *     cc new_connections.c -o new_connections $(pkg-config --cflags --libs connlog)
 *     ./new_connections capture.pcap
 *
 * Demonstrates events: acting when something happens, not when a connection has ended.
 */
#include <connlog.h>

#include <stdio.h>

/* The columns that are printed. Most others say little before a connection has ended. */
static const char *const columns[] = { "uid", "id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p", "proto" };

static int
print_connection(void *arg, const connlog_event *event)
{
	const connlog_record *r = connlog_event_record(event);

	(void)arg;
	printf("%.6f", connlog_event_time(event));
	for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++) {
		char text[64];
		connlog_value_text(connlog_record_find(r, columns[i]), text, sizeof text);
		printf("\t%s", text);
	}
	putchar('\n');
	return CONNLOG_OK; /* anything else would stop the engine */
}

/* Passes the files to the engine. Returns 0, or 1 if some could not be read completely. */
static int
read_files(connlog_engine *engine, connlog_source *source)
{
	char err[512];
	int  status, damaged = 0;

	while ((status = connlog_run(engine, source, err, sizeof err)) != CONNLOG_END) {
		fprintf(stderr, "new_connections: %s\n", err);
		damaged = 1;
		if (status != CONNLOG_BAD_INPUT && status != CONNLOG_IO)
			break; /* no further file can be read either */
	}
	connlog_finish(engine);
	return damaged;
}

int
main(int argc, char **argv)
{
	char err[512];
	int  code = 2;

	if (argc < 2) {
		fprintf(stderr, "usage: new_connections CAPTURE...\n");
		return code;
	}
	connlog_engine *engine = connlog_engine_new(NULL, err, sizeof err); /* NULL: Zeek's defaults */
	connlog_source *source =
		engine ? connlog_source_files((const char *const *)argv + 1, (size_t)argc - 1, NULL, err, sizeof err) : NULL;
	if (source && connlog_on_event(engine, CONNLOG_EVENT_NEW_CONNECTION, print_connection, NULL) == CONNLOG_OK)
		code = read_files(engine, source);
	else
		fprintf(stderr, "new_connections: %s\n", source ? connlog_error_text(CONNLOG_NO_MEMORY) : err);
	connlog_source_free(source);
	connlog_engine_free(engine);
	return code;
}
