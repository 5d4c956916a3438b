/* anonymize.h - what the engine needs from an anonymizer besides its public interface (connlog_anonymize.h). */
#ifndef CONNLOG_RECORD_ANONYMIZE_H
#define CONNLOG_RECORD_ANONYMIZE_H

#include "connlog_anonymize.h"

/* Returns a copy with the same key whose Community IDs use that seed; NULL when out of memory. */
connlog_anonymizer *anonymizer_copy(const connlog_anonymizer *a, uint16_t community_seed);

#endif
