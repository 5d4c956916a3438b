/* connlog_enrich.h - adds what is known of a record's addresses: `--networks`. docs/ENRICH.md says which columns there
 * are and what the file looks like; connlog.h has the rest of the interface, and states the conventions that hold for all
 * of it.
 *
 *     connlog_enrichment *x = connlog_enrichment_new("networks.csv", err, sizeof err);
 *     connlog_engine_enrich(engine, x);                  // the engine's records have the columns
 *     record = connlog_enrich(x, record);                // or: a record of a reader's, of a callback's
 */
#ifndef CONNLOG_ENRICH_H
#define CONNLOG_ENRICH_H

#include "connlog.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct connlog_enrichment connlog_enrichment;

/* Reads a CSV file of prefixes. Returns NULL and writes a message to `err` on failure. */
CONNLOG_API connlog_enrichment *connlog_enrichment_new(const char *path, char *err, size_t err_size);
CONNLOG_API void                connlog_enrichment_free(connlog_enrichment *x);

/* Reads the file again, for this enrichment and for all engines that were given it; the next records have what it now
 * says. It may be called while the engines' workers run. Returns CONNLOG_OK, or CONNLOG_BAD_OPTION, writes a message to
 * `err` and leaves everything as it was. */
CONNLOG_API int connlog_enrichment_reload(connlog_enrichment *x, char *err, size_t err_size);

/* Returns a copy of the record with the columns, valid until the next call and no longer than the record itself. */
CONNLOG_API const connlog_record *connlog_enrich(connlog_enrichment *x, const connlog_record *r);
/* Returns the columns in `c` and those that are added. They are valid until the next call. */
CONNLOG_API const connlog_columns *connlog_enrich_columns(connlog_enrichment *x, const connlog_columns *c);

/* Makes the engine add the columns to its records before anything else sees them: policies, scripts, a condition of
 * connlog_engine_where(). Anonymized records do not have them. Call it once, before the first packet; the engine keeps
 * what it needs of `x`, which may be freed. Returns CONNLOG_OK or CONNLOG_NO_MEMORY. */
CONNLOG_API int connlog_engine_enrich(connlog_engine *e, const connlog_enrichment *x);

#ifdef __cplusplus
}
#endif
#endif
