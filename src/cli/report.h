/* report.h - what the parts of `connlog report` share. */
#ifndef CONNLOG_CLI_REPORT_H
#define CONNLOG_CLI_REPORT_H

#include <stdio.h>

#include "cli/cli.h"
#include "cli/story.h"
#include "cli/view.h"
#include "cli/where.h"

/* How connections are shown. */
struct report_style {
	bool        names;  /* hosts by name where the resolver knows one: without -n */
	bool        exact;  /* -x */
	bool        strict; /* -s */
	bool        utc;    /* -u */
	const char *time;   /* strftime's, of -f, -l or CFTIMEFMT */
};

#define REPORT_SHORT_TIME "%b %e %H:%M:%S"
#define REPORT_LONG_TIME  "%b %e %H:%M:%S %Y"

/* What a report needs of a record.  Texts point into it. */
struct report_row {
	bool                      has_ts, has_duration, has_bytes[2], has_port[2], has_host[2];
	double                    ts, duration; /* seconds */
	uint64_t                  bytes[2];     /* of originator and responder */
	uint64_t                  port[2];
	uint8_t                   host[2][16];
	connlog_text              proto, service, addl; /* empty for none */
	uint64_t                  count;                /* connections: more than one of a row that --fold has made */
	uint64_t                  targets[2];           /* of such a row: how many hosts and ports of responders, */
	connlog_texts             samples[2];           /* and some of several */
	double                    last;                 /* the same: the time of its last packet */
	const struct story_state *state;                /* NULL for none */
};
void report_row_fill(struct report_row *row, const struct view *view, const connlog_record *r);

/* Host names, each asked for once (report_names.c). */
struct report_names;
struct report_names *report_names_new(bool wanted, bool quiet);
void                 report_names_free(struct report_names *n);
#define REPORT_HOST_MAX 256
/* => `out`: the host's name, or its address where names are not wanted or it has none. */
const char *report_host(struct report_names *n, const uint8_t address[16], char out[REPORT_HOST_MAX]);

/* Writes the time that a connection began, as `cf` does. */
void report_time(FILE *f, const struct report_style *style, double ts);
/* Writes the connection as a line, without its end. */
void report_line(FILE *f, const struct report_style *style, struct report_names *names, const struct report_row *row);
/* What the connection was for: its service, or the responder's port and the protocol ("8080/tcp"), cut to `room` bytes,
 * of which there are 16 at least. => The length. */
size_t report_service(const struct report_row *row, char *out, size_t room);
#define REPORT_SERVICE_MAX 256
/* term_text() */
void report_text(FILE *f, connlog_text t);

struct report_mode;

/* What the command line asks for. */
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
	bool                      text_only; /* an option was given that a page knows nothing of */
	bool                      diff;      /* --diff */
	uint64_t                  top;
	uint64_t                  memory; /* --memory: what --diff keeps of both logs before it uses temporary files */
	bool                      memory_set;
	bool                      quiet;
	struct where              where;
	size_t                    interim; /* the column: a record that has it is of a connection that is still open */
};

/* What becomes of the records. */
struct report_mode {
	void *(*begin)(const struct report *r); /* => NULL, after a message */
	/* Log `i` begins.  NULL: all logs are one. */
	void (*log)(void *mode, size_t i);
	/* The records that follow have these columns; NULL: that does not matter. */
	void (*columns)(void *mode, const connlog_columns *columns);
	/* => false, after a message, to stop. */
	bool (*add)(void *mode, const connlog_record *record, const struct report_row *row);
	/* Behind the last record. => an exit_code, after a message; of report_diff 1 where the logs differ, 2 when it fails. */
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

/* Connections that the page of --html holds unless --rows says otherwise: what browsers are quick with. */
#define REPORT_HTML_ROWS 250000

#endif
