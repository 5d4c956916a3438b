/* expect.h - connections announced by another one: FTP's data connections, IRC's DCC.
 *
 * Two of Zeek's tables in one: the analyzer manager's scheduled analyzers (Manager.cc), which are never used up and
 * disappear only when another one is scheduled after their time, and the scripts' own (ftp_data_expected,
 * dcc_expected_transfers), which give the connection its name and lose an entry when that connection ends.
 */
#ifndef CONNLOG_DPD_EXPECT_H
#define CONNLOG_DPD_EXPECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "dpd/names.h"

struct expected {
	struct expected *next;  /* in order of announcement */
	struct expected *chain; /* in the bucket's chain */
	struct addr      orig, resp;
	uint16_t         port;
	bool             any_orig;
	bool             named; /* still in the script's table */
	enum service     service;
	double           until;       /* end of the analyzer's entry */
	double           named_until; /* end of the name's entry; each lookup renews it */
};

#define EXPECT_BUCKETS 1024u

struct expectations {
	struct expected *bucket[EXPECT_BUCKETS];
	struct expected *first, **end;
	uint64_t         n, max;
	uint64_t         refused; /* announcements beyond the limit */
};

void expect_init(struct expectations *e, uint64_t max);
void expect_free(struct expectations *e);

/* Adds an entry to both tables (schedule_analyzer, and the script's); `orig` NULL: any host. */
void expect_add(struct expectations *e, enum service s, const struct addr *orig, const struct addr *resp, uint16_t port,
                double now);

#define EXPECT_NAMES 4

/* Looks up a TCP connection. Returns true if it is expected; stores its names in `out` and their number in `*n`. */
bool expect_find(struct expectations *e, const struct addr *orig, const struct addr *resp, uint16_t port, double now,
                 enum service out[EXPECT_NAMES], unsigned *n);

/* Removes the name's entry when a connection with that name has ended. */
void expect_ended(struct expectations *e, enum service s, const struct addr *resp, uint16_t port);

#endif
