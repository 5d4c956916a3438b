/* report.h - shared by the parts of `connlog report`. */
#ifndef CONNLOG_CLI_REPORT_H
#define CONNLOG_CLI_REPORT_H

#include <stdio.h>

#include "cli/cli.h"
#include "cli/story.h"
#include "cli/view.h"
#include "cli/where.h"

/* How connections are shown. */
struct report_style {
	bool        names;  /* without -n: host names, where the resolver knows them */
	bool        exact;  /* -x */
	bool        strict; /* -s */
	bool        utc;    /* -u */
	const char *time;   /* format for strftime(), from -f, -l or CFTIMEFMT */
};

#define REPORT_SHORT_TIME "%b %e %H:%M:%S"
#define REPORT_LONG_TIME  "%b %e %H:%M:%S %Y"

/* The parts of a record that reports use. Texts point into it. */
struct report_row {
	bool                      has_ts, has_duration, has_bytes[2], has_port[2], has_host[2];
	double                    ts, duration; /* seconds */
	uint64_t                  bytes[2];     /* of originator and responder */
	uint64_t                  port[2];
	uint8_t                   host[2][16];
	connlog_text              proto, service, addl; /* empty if there is none */
	uint64_t                  count;                /* connections: more than one for a row made by --fold */
	uint64_t                  targets[2];           /* for such a row: how many hosts and ports of responders, */
	connlog_texts             samples[2];           /* and some of them */
	double                    last;                 /* for such a row: the time of its last packet */
	const struct story_state *state;                /* NULL if there is none */
};
void report_row_fill(struct report_row *row, const struct view *view, const connlog_record *r);

/* Host names, each looked up once (report_names.c). */
struct report_names;
struct report_names *report_names_new(bool wanted, bool quiet);
void                 report_names_free(struct report_names *n);
#define REPORT_HOST_MAX 256
/* Returns `out`, with the host's name, or with its address if names are not wanted or it has none. */
const char *report_host(struct report_names *n, const uint8_t address[16], char out[REPORT_HOST_MAX]);

/* Writes the time at which a connection began, as `cf` does. */
void report_time(FILE *f, const struct report_style *style, double ts);
/* Writes the connection as a line, without its end. */
void report_line(FILE *f, const struct report_style *style, struct report_names *names, const struct report_row *row);
/* Writes the purpose of the connection: its service, or the responder's port and the protocol ("8080/tcp"), truncated
 * to `room` bytes, which must be at least 16. Returns the length. */
size_t report_service(const struct report_row *row, char *out, size_t room);
#define REPORT_SERVICE_MAX 256
/* term_text() */
void report_text(FILE *f, connlog_text t);

struct report_mode;

/* The options on the command line. */
struct report {
	struct report_style       style;
	struct report_names      *names;
	const struct report_mode *mode;
	const char              **inputs;
	size_t                    inputs_n;
	const char               *from;      /* --from, or NULL */
	const char               *html;      /* --html, or NULL */
	const char               *baseline;  /* of --new, or NULL */
	uint64_t                  html_rows; /* --rows */
	bool                      text_only; /* an option was given that does not apply to a page */
	bool                      diff;      /* --diff */
	uint64_t                  top;
	uint64_t                  memory; /* --memory: limit for --diff before it uses temporary files */
	bool                      memory_set;
	bool                      quiet;
	struct where              where;
	size_t                    interim; /* index of the column: records that have it are of connections still open */
};

/* What is done with the records. */
struct report_mode {
	void *(*begin)(const struct report *r); /* returns NULL, after printing a message, on failure */
	/* Begins log `i`. NULL: all logs are read as one. */
	void (*log)(void *mode, size_t i);
	/* Sets the columns of the following records; NULL: not needed. */
	void (*columns)(void *mode, const connlog_columns *columns);
	/* Adds a record. Returns false, after printing a message, to stop. */
	bool (*add)(void *mode, const connlog_record *record, const struct report_row *row);
	/* Called after the last record. Returns an exit_code, after printing a message; for report_diff 1 if the logs
	 * differ, 2 on failure. */
	int (*end)(void *mode);
	void (*free)(void *mode);
};

extern const struct report_mode report_summary; /* report_summary.c */
extern const struct report_mode report_html;    /* report_html.c */
extern const struct report_mode report_longest; /* report_longest.c */
extern const struct report_mode report_scans;   /* report_scans.c */
extern const struct report_mode report_beacons; /* report_beacons.c */
extern const struct report_mode report_new;     /* report_new.c */
extern const struct report_mode report_diff;    /* report_diff.c */

#define REPORT_MEMORY       (UINT64_C(1) << 30)
#define REPORT_MEMORY_LEAST (UINT64_C(1) << 20)

/* Connections in the page of --html unless --rows is given: as many as browsers handle quickly. */
#define REPORT_HTML_ROWS 250000

#endif
