/* connlog_anonymize.h - the part of libconnlog's interface that makes records fit to be shared: `--anonymize`.
 * docs/ANONYMIZE.md says what is changed and what can be learned all the same; connlog.h has the rest of the interface, and says
 * what holds for all of it.
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

/* The same key makes the same of the same addresses and uids, always.  Returns NULL when out of memory. */
CONNLOG_API connlog_anonymizer *connlog_anonymizer_new(const uint8_t key[CONNLOG_ANONYMIZE_KEY]);
CONNLOG_API void                connlog_anonymizer_free(connlog_anonymizer *a);

/* Returns an anonymized copy of the record, valid until the next call and no longer than the record itself; NULL when out of memory.
 * Columns that Zeek does not know are left out of it. */
CONNLOG_API const connlog_record *connlog_anonymize(connlog_anonymizer *a, const connlog_record *r);
/* Returns the columns that anonymized records of such columns have: those that Zeek knows.  They are valid until the next call.  The
 * names of the others go to `dropped`, separated by commas and truncated to fit; "" for none. */
CONNLOG_API const connlog_columns *
connlog_anonymize_columns(connlog_anonymizer *a, const connlog_columns *c, char *dropped, size_t size);

/* Makes the engine log anonymized records: functions of connlog_on_record() and connlog_on_lines() get no others.  Policies and a
 * condition of connlog_engine_where() see the record as it was; events are as they are.  Call it once, before the first packet; the
 * engine has a copy of its own.  Returns CONNLOG_OK or CONNLOG_NO_MEMORY. */
CONNLOG_API int connlog_engine_anonymize(connlog_engine *e, const connlog_anonymizer *a);

#ifdef __cplusplus
}
#endif
#endif
