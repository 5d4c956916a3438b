/* fill.h - a finished connection as a record. */
#ifndef CONNLOG_RECORD_FILL_H
#define CONNLOG_RECORD_FILL_H

#include "conn/community_id.h"
#include "conn/conn.h"
#include "conn/interim.h"
#include "conn/uid.h"
#include "record/record.h"
#include "dpd/verdict.h"

#define SERVICES_TEXT_MAX (VERDICT_MAX * 16) /* names are shorter than 15 bytes */

#define MEASURED_TEXT_MAX (2 * FIRST_PAYLOAD_MAX) /* eight numbers of 32 bits and commas are shorter */

/* The texts that a record points at.  Starts as zeros. */
struct fill_texts {
	char             uid[UID_TEXT_MAX];
	char             community_id[COMMUNITY_ID_MAX];
	struct conn_link link; /* of the record before, and its addresses */
	char             l2[2][18];
	struct text      l2_text[2];
	char             parent_uids[PARENTS_MAX][UID_TEXT_MAX];
	struct text      parents[PARENTS_MAX];
	char             service[SERVICES_TEXT_MAX], speculative[SERVICES_TEXT_MAX];
	struct text      failed[VERDICT_MAX];
	char             measured[3][2][MEASURED_TEXT_MAX];
};

/* Fills `r` from the connection (Conn::set_conn) and from what was found in its payload, NULL for nothing; it points into `t` and into the connection.
 * `r` and `t` were zero before the first connection; what belongs to no column of the schema's is left as it is. */
void fill_record(const struct conn_store *s, uint32_t handle, const struct verdict *v, struct fill_texts *t,
                 struct record *r);

/* Adds the measured columns. */
void fill_measured(const struct conn_store *s, const struct conn *c, const struct conn_extra *x, struct fill_texts *t,
                   struct record *r);

/* Adds what an interim record has besides, or with `final` the last one, which only has what has grown since the one before.  `last`
 * is what that one said, NULL if there was none; the record that is filled is then the last one. */
void fill_interim(struct conn_interim *last, bool final, double shift, struct record *r);

#endif
