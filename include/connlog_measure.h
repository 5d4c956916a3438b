/* connlog_measure.h - columns that are measured packet by packet: round trip times, retransmissions and others
 * (docs/COLUMNS.md).
 *
 * A record has them only if the engine was told to measure them, with the option "measure", which takes their names or
 * those of their groups. A program that passes records to a writer asks it which columns it writes
 * (connlog_writer_has()), and sets the option to those for which connlog_column_is_measured() returns true:
 *
 *     connlog_options_set(o, "measure", "rtt,orig_retrans,resp_retrans", err, sizeof err);
 */
#ifndef CONNLOG_MEASURE_H
#define CONNLOG_MEASURE_H

#include "connlog.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Returns whether the column is set only if the option "measure" names it or its group; false if there is no such column. */
CONNLOG_API bool connlog_column_is_measured(size_t column);

#ifdef __cplusplus
}
#endif

#endif
