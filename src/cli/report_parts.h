/* report_parts.h - two logs that are larger than memory, in temporary files.
 *
 * The files are in TMPDIR, or in /tmp, and have no names, so nothing remains of them however the program ends. Rows are
 * appended as they arrive. Once both logs are complete, they are divided by endpoints into parts that fit into memory,
 * and the findings of all parts are merged in the order of a single comparison.
 */
#ifndef CONNLOG_CLI_REPORT_PARTS_H
#define CONNLOG_CLI_REPORT_PARTS_H

#include "cli/report_pairs.h"

struct parts;

/* All return false (or NULL), after printing a message, when a file fails or memory runs out. */
struct parts *parts_new(void);
void          parts_free(struct parts *p);

/* Moves the rows of a log's pack into its file. */
bool parts_take(struct parts *p, size_t log, struct pack *pack);
/* Compares part by part, each with at most `memory` bytes of rows if they divide well, and prints the findings. */
bool parts_compare(struct parts *p, struct pairs *d, uint64_t memory, FILE *out);

#endif
