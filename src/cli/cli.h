/* cli.h - what the parts of the command line share.  They use connlog.h alone, nothing of the library's inside. */
#ifndef CONNLOG_CLI_CLI_H
#define CONNLOG_CLI_CLI_H

#include <stdbool.h>
#include <stddef.h>

#include "connlog.h"

enum exit_code {
	EXIT_ALL_READ = 0,
	EXIT_INCOMPLETE = 1, /* some input could not be read, or some output not be written */
	EXIT_USAGE = 2,
};

#define MESSAGE_MAX 1024

struct command {
	const char *name;
	int (*run)(int argc, char **argv); /* argv[0] is the command's name.  Returns an exit_code */
	const char *synopsis;
	const char *doc;
};

/* The commands, ended by a row without a name.  The first is meant where none is named. (main.c) */
extern const struct command commands[];

int command_read(int argc, char **argv);    /* read.c */
int command_live(int argc, char **argv);    /* live.c */
int command_events(int argc, char **argv);  /* events.c */
int command_convert(int argc, char **argv); /* convert.c */
int command_cut(int argc, char **argv);     /* cut.c */
int command_explain(int argc, char **argv); /* explain.c */
int command_report(int argc, char **argv);  /* report.c */
int command_top(int argc, char **argv);     /* top.c */
int command_extract(int argc, char **argv); /* extract.c */
int command_index(int argc, char **argv);   /* index.c */
int command_check(int argc, char **argv);   /* check.c */

/* "connlog: TEXT" on standard error (message.c). */
__attribute__((format(printf, 1, 2))) void complain(const char *format, ...);
/* The same for a wrong command line.  Returns EXIT_USAGE. */
__attribute__((format(printf, 1, 2))) int complain_usage(const char *format, ...);
/* Messages name this line of a file first from now on, which lives as long as they do; NULL: no more. */
void complain_of(const char *file, unsigned line);
/* "connlog: warning: TEXT", its first line only, or with the lines behind it, which are details. */
void warn_lines(const char *text, bool details);
/* Loads what messages need of files, before none can be opened any more. */
void message_prepare(void);
/* Text that others have chosen, such as a file's name, with \xNN for what a terminal could obey and what is no text in the
 * user's locale; not terminated.  Returns the length in `out`, which has room for it. */
#define PRINTABLE_MAX(n) (4 * (n)) /* bytes */
size_t make_printable(char *out, const char *p, size_t n);

#endif
