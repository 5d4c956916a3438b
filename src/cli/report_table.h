/* report_table.h - the tables of `connlog report --summary`: never wider than the terminal. */
#ifndef CONNLOG_CLI_REPORT_TABLE_H
#define CONNLOG_CLI_REPORT_TABLE_H

#include <stdio.h>

#include "cli/report_tally.h"
#include "cli/term.h"

struct table_row {
	char                      name[80]; /* printable ASCII */
	const struct tally_entry *counts;
	double                    value; /* the length of the bar */
};

/* Prints a table of counts: names, connections, bytes and bars, whose length is proportional to the value. */
void table_counts(const struct term *t, const char *title, const struct table_row *rows, size_t n);

/* Print a title, and a row of another kind of table: a value, its bar (`part` of 1) and a line that is truncated to
 * fit. */
void table_title(const struct term *t, const char *title);
void table_line(const struct term *t, const char *value, double part, const char *line);

#endif
