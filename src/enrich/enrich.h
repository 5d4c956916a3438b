/* enrich.h - what the engine needs from an enrichment besides its public interface (connlog_enrich.h). */
#ifndef CONNLOG_ENRICH_ENRICH_H
#define CONNLOG_ENRICH_ENRICH_H

#include "connlog_enrich.h"
#include "record/record.h"

/* Returns another enrichment from the same file, for another thread: a reload holds for both. Returns NULL when out of
 * memory. */
connlog_enrichment *enrichment_share(const connlog_enrichment *x);

/* Sets the columns of the record, whose texts are valid until the next call. */
void enrich_record(connlog_enrichment *x, struct record *r);

#endif
