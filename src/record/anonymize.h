/* anonymize.h - what the engine needs from an anonymizer besides its public interface (connlog_anonymize.h). */
#ifndef CONNLOG_RECORD_ANONYMIZE_H
#define CONNLOG_RECORD_ANONYMIZE_H

#include "base/addr.h"
#include "conn/uid.h"
#include "connlog_anonymize.h"
#include "record/record.h"

/* Returns a copy with the same key whose Community IDs use that seed; NULL when out of memory. */
connlog_anonymizer *anonymizer_copy(const connlog_anonymizer *a, uint16_t community_seed);

/* Replace an address, and a link address of six bytes: 00:00:00:00:00:00, which is none, stays.  Return false if libcrypto
 * failed. */
bool anonymizer_addr(const connlog_anonymizer *a, struct addr *at);
bool anonymizer_link(const connlog_anonymizer *a, uint8_t at[6]);
/* Writes what becomes of a uid to `out` and its length to *n.  Returns false if libcrypto failed. */
bool anonymizer_uid(const connlog_anonymizer *a, struct text uid, char out[UID_TEXT_MAX], size_t *n);

#endif
