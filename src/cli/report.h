/* report.h - what the parts of `connlog report` share. */
#ifndef CONNLOG_CLI_REPORT_H
#define CONNLOG_CLI_REPORT_H

#include <stdio.h>

#include "cli/cli.h"

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
	bool         has_ts, has_duration, has_bytes[2], has_port[2], has_host[2];
	double       ts, duration; /* seconds */
	uint64_t     bytes[2];     /* of originator and responder */
	uint64_t     port[2];
	uint8_t      host[2][16];
	connlog_text proto, service, state, addl; /* empty for none */
};
void report_row_fill(struct report_row *row, const connlog_record *r);

/* A state as people see it; the last row is for what is none of them. */
struct report_state {
	const char *name, *symbol, *meaning;
	bool        quiet; /* no sizes and no duration are shown */
};
const struct report_state *report_state_find(connlog_text name);

/* Host names, each asked for once (report_names.c). */
struct report_names;
struct report_names *report_names_new(bool wanted);
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
/* Writes text of the log so that a terminal takes it for nothing else: a byte that is not printable ASCII as \xHH. */
void report_text(FILE *f, connlog_text t);

struct report_mode;

/* What the command line asks for. */
struct report {
	struct report_style       style;
	struct report_names      *names;
	const struct report_mode *mode;
	const char              **inputs;
	size_t                    inputs_n;
	const char               *from; /* --from, or NULL */
	size_t                    top;
	const char               *html; /* --html, or NULL */
	uint64_t                  rows; /* --rows */
	bool                      quiet;
};

/* What becomes of the records. */
struct report_mode {
	void *(*new)(const struct report *r); /* => NULL, after a message */
	/* => false, after a message, to stop. */
	bool (*add)(void *mode, const connlog_record *record, const struct report_row *row);
	bool (*end)(void *mode); /* the same, behind the last record */
	void (*free)(void *mode);
};

extern const struct report_mode report_summary; /* report_summary.c */
extern const struct report_mode report_html;    /* report_html.c */

/* Connections that the page holds unless --rows says otherwise: what browsers are quick with. */
#define REPORT_HTML_ROWS 250000

/* => The columns of the terminal: those of COLUMNS, those that it says itself, or 80. */
unsigned report_width(void);
/* => Whether the terminal can show more than ASCII. */
bool report_unicode(void);

#endif
