/* connlog_anonymize.h - anonymizes records so that they can be shared: `--anonymize`. docs/ANONYMIZE.md says what is
 * changed and what can still be learned; connlog.h has the rest of the interface, and states the conventions that hold
 * for all of it.
 *
 *     connlog_anonymizer *a = connlog_anonymizer_new(key);
 *     record = connlog_anonymize(a, record);             // a record of a reader's, of a callback's
 *     connlog_engine_anonymize(engine, a);               // or: the engine logs only such records
 */
#ifndef CONNLOG_ANONYMIZE_H
#define CONNLOG_ANONYMIZE_H

#include "connlog.h"

#ifdef __cplusplus
extern "C" {
#endif

#define CONNLOG_ANONYMIZE_KEY 32 /* bytes */

typedef struct connlog_anonymizer connlog_anonymizer;

/* Creates an anonymizer. The same key always maps the same addresses and uids to the same values. Returns NULL when out
 * of memory. */
CONNLOG_API connlog_anonymizer *connlog_anonymizer_new(const uint8_t key[CONNLOG_ANONYMIZE_KEY]);
CONNLOG_API void                connlog_anonymizer_free(connlog_anonymizer *a);

/* Returns an anonymized copy of the record, valid until the next call and no longer than the record itself; NULL when
 * out of memory. Columns that are unknown, and those that name hosts and networks
 * (connlog_enrich.h), are left out. */
CONNLOG_API const connlog_record *connlog_anonymize(connlog_anonymizer *a, const connlog_record *r);
/* Returns the columns that anonymized records have: those of `c` that are not left out. They are valid until the next call.
 * The names of the others are written to `dropped`, separated by commas and truncated to fit; "" for none. */
CONNLOG_API const connlog_columns *
connlog_anonymize_columns(connlog_anonymizer *a, const connlog_columns *c, char *dropped, size_t size);

/* Makes the engine log anonymized records: the functions of connlog_on_record() and connlog_on_lines() get no others.
 * Policies and a condition of connlog_engine_where() see the original record; events are unchanged. Call it once,
 * before the first packet; the engine makes a copy of `a`. Returns CONNLOG_OK or CONNLOG_NO_MEMORY. */
CONNLOG_API int connlog_engine_anonymize(connlog_engine *e, const connlog_anonymizer *a);

#ifdef __cplusplus
}
#endif
#endif
