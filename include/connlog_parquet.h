/* connlog_parquet.h - the part of libconnlog's interface that is about Parquet: what the format "parquet" can be told, and folders of
 * such files, parted by hour.  connlog.h has the rest, and says what holds for all of it; docs/PARQUET.md says what is in the files. */
#ifndef CONNLOG_PARQUET_H
#define CONNLOG_PARQUET_H

#include "connlog.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The version of the columns' names and types, which each file has as "connlog.schema_version". */
#define CONNLOG_PARQUET_SCHEMA "1"

/* All zero stands for what is usual. */
typedef struct connlog_parquet_options {
	bool     binary_addresses; /* 16 bytes each, IPv4 as ::ffff:a.b.c.d, in place of text */
	int      level;            /* of zstd: 1 */
	uint64_t row_group_rows;   /* a row group has at most: 131072 */
	uint64_t row_group_bytes;  /* the same, about, compressed: 64 MiB */
	/* Of a folder only. */
	uint64_t file_bytes; /* a file is ended that is as long: 256 MiB */
	double   file_age;   /* seconds after which connlog_lake_tick() ends a file: 300 */
	uint64_t open_files; /* that are written at the same time: 24 */
	uint64_t memory;     /* bytes, about, for what is not written yet: 256 MiB */
	char     part[64];   /* what the files' names begin with; "": a name that no other run has */
} connlog_parquet_options;

/* An option as text: its name, its usual value, what it is. */
typedef struct connlog_parquet_option_info {
	const char *name, *initial, *doc;
} connlog_parquet_option_info;
/* Returns the option at `i`, or NULL behind the last. */
CONNLOG_API const connlog_parquet_option_info *connlog_parquet_option_at(size_t i);
/* Sets an option by its name; sizes may end in K, M or G.  Returns CONNLOG_OK, or CONNLOG_BAD_OPTION with a text in `err`. */
CONNLOG_API int
connlog_parquet_set(connlog_parquet_options *o, const char *name, const char *value, char *err, size_t err_size);

/* ---- a folder ---------------------------------------------------------------------------------------------- */

/* Files of the writer's format in FOLDER/date=YYYY-MM-DD/hour=HH/ by the hour, UTC, of each record's ts, as Hive and those after it part
 * tables; records without one, or beyond the years 1970 to 9999, are in date=__HIVE_DEFAULT_PARTITION__.  The files are named
 * PART-00000.parquet and so on; until it is complete, each is a hidden one (.NAME.tmp-XXXXXX) that readers of such folders pass over,
 * and is removed when the lake is freed before. */
typedef struct connlog_lake connlog_lake;

/* `folder` has to be there; the format of `o` has to be "parquet", and what it points to has to stay as it is until the lake is freed.
 * With `at_end` files get their names when all of them are complete, in connlog_lake_finish(): a run that is killed leaves
 * nothing.  Else each gets it when it is ended.  Returns NULL with a text in `err`. */
CONNLOG_API connlog_lake *
connlog_lake_new(const char *folder, const connlog_writer_options *o, bool at_end, char *err, size_t err_size);
/* Each returns CONNLOG_OK, CONNLOG_IO, CONNLOG_NO_MEMORY or CONNLOG_BAD_OPTION with a text in `err`, and once it has failed the same
 * again: what is in files without a name is lost. */
CONNLOG_API int connlog_lake_record(connlog_lake *l, const connlog_record *r, char *err, size_t err_size);
/* As connlog_writer_columns(); where columns have changed new files are begun. */
CONNLOG_API int connlog_lake_columns(connlog_lake *l, const connlog_columns *c, char *err, size_t err_size);
/* The time is `now`, in seconds of any clock that only goes forward: files that were begun long before are ended. */
CONNLOG_API int connlog_lake_tick(connlog_lake *l, double now, char *err, size_t err_size);
CONNLOG_API int connlog_lake_finish(connlog_lake *l, char *err, size_t err_size);

typedef struct connlog_lake_counts {
	uint64_t records, bytes; /* bytes of files that have their names */
	uint64_t files;          /* that have their names */
	uint64_t open;           /* that are written */
	uint64_t crowded;        /* files that were ended early, because too many were open or memory was short */
} connlog_lake_counts;
CONNLOG_API void connlog_lake_count(const connlog_lake *l, connlog_lake_counts *out);
CONNLOG_API void connlog_lake_free(connlog_lake *l);

#ifdef __cplusplus
}
#endif
#endif
