/* networks.h - the names of hosts and networks, out of a CSV file of prefixes.
 *
 * The first line names the columns: `prefix`, and of `name`, `site` and `tags` at least one; others are ignored. A row
 * about a single address names a host. What a row leaves empty is that of the longest prefix around it. docs/ENRICH.md
 * has the rules.
 */
#ifndef CONNLOG_ENRICH_NETWORKS_H
#define CONNLOG_ENRICH_NETWORKS_H

#include "record/record.h"

/* What is said of an address. Texts without bytes say nothing. */
struct network {
	struct text     host, name, site;
	struct text_set tags;
};

struct networks;

/* Parses the text of a file, which is changed and has to live as long as the result. Returns NULL and writes a message
 * to `err`, beginning with the line, on failure. */
struct networks *networks_parse(char *text, size_t n, char *err, size_t err_size);
void             networks_free(struct networks *n);

/* Returns what is said of the address, or NULL. */
const struct network *networks_find(const struct networks *n, const struct addr *a);

#endif
