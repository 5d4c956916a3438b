/* view.h - access to the columns of a record that its explanation uses. */
#ifndef CONNLOG_CLI_VIEW_H
#define CONNLOG_CLI_VIEW_H

#include "cli/story.h"
#include "connlog.h"

enum view_column {
	VIEW_TS,
	VIEW_UID,
	VIEW_ORIG_H,
	VIEW_ORIG_P,
	VIEW_RESP_H,
	VIEW_RESP_P,
	VIEW_PROTO,
	VIEW_SERVICE,
	VIEW_DURATION,
	VIEW_ORIG_BYTES,
	VIEW_RESP_BYTES,
	VIEW_STATE,
	VIEW_MISSED,
	VIEW_HISTORY,
	VIEW_ORIG_PKTS,
	VIEW_ORIG_IP_BYTES,
	VIEW_RESP_PKTS,
	VIEW_RESP_IP_BYTES,
	VIEW_TUNNEL_PARENTS,
	VIEW_FOLD_COUNT,
	VIEW_FOLD_LAST,
	VIEW_FOLD_HOSTS,
	VIEW_FOLD_PORTS,
	VIEW_FOLD_HOST_SAMPLES,
	VIEW_FOLD_PORT_SAMPLES,
	VIEW_COLUMNS,
};

struct view {
	int at[VIEW_COLUMNS]; /* in the order of connlog_column_at() */
};

void view_init(struct view *v);

/* Returns the number, or -1 if it is unset. */
double view_number(const struct view *v, const connlog_record *r, enum view_column column);

/* Returns the column as text: an address in its usual form, a set joined by commas, "" if unset.  The text belongs to
 * the record or is in `room`, where long sets are truncated. */
#define VIEW_TEXT_MAX 512
connlog_text
view_text(const struct view *v, const connlog_record *r, enum view_column column, char room[VIEW_TEXT_MAX]);

/* Returns what story_proto_named() returns for the record. */
enum story_proto view_proto(const struct view *v, const connlog_record *r);

/* Returns what story_find() returns for the record. */
unsigned view_findings(const struct view *v, const connlog_record *r);

#endif
