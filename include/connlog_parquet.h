/* connlog_parquet.h - options of the format "parquet", and folders of such files partitioned by hour. connlog.h has the
 * rest, and states the conventions that hold for all of it; docs/PARQUET.md describes the content of the files. */
#ifndef CONNLOG_PARQUET_H
#define CONNLOG_PARQUET_H

#include "connlog.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The version of the columns' names and types, which each file contains as "connlog.schema_version". */
#define CONNLOG_PARQUET_SCHEMA "1"

/* Zero means the default, which follows after the colon. */
typedef struct connlog_parquet_options {
	bool     binary_addresses; /* as 16 bytes, IPv4 as ::ffff:a.b.c.d, instead of text */
	int      level;            /* of zstd: 1 */
	uint64_t row_group_rows;   /* most rows in a row group: 131072 */
	uint64_t row_group_bytes;  /* approximate compressed size of a row group at most: 64 MiB */
	/* For folders only: */
	uint64_t file_bytes; /* size at which a file is completed: 256 MiB */
	double   file_age;   /* seconds after which connlog_lake_tick() completes a file: 300 */
	uint64_t open_files; /* most files written at the same time: 24 */
	uint64_t memory;     /* approximate size in bytes of all buffered data at most: 256 MiB */
	char     part[64];   /* prefix of the files' names; "": a unique one for each run */
} connlog_parquet_options;

/* An option as text: its name, its default, its description. */
typedef struct connlog_parquet_option_info {
	const char *name, *initial, *doc;
} connlog_parquet_option_info;
/* Returns the option at index `i`, or NULL past the last one. */
CONNLOG_API const connlog_parquet_option_info *connlog_parquet_option_at(size_t i);
/* Sets an option by name; sizes may end in K, M or G. Returns CONNLOG_OK, or CONNLOG_BAD_OPTION with a message in
 * `err`. */
CONNLOG_API int
connlog_parquet_set(connlog_parquet_options *o, const char *name, const char *value, char *err, size_t err_size);

/* ---- folders */

/* Files in FOLDER/date=YYYY-MM-DD/hour=HH/, by the hour (UTC) of each record's ts, which is how Hive and its successors
 * partition tables; records without a ts, or outside the years 1970 to 9999, are in date=__HIVE_DEFAULT_PARTITION__.
 * The files are named PART-00000.parquet and so on. Until it is complete, a file is hidden (.NAME.tmp-XXXXXX), so that
 * readers of such folders skip it; it is removed if the lake is freed first. */
typedef struct connlog_lake connlog_lake;

/* Creates a lake. `folder` must exist; the format of `o` must be "parquet", and what it points to must not change until
 * the lake is freed. With `at_end` files get their names when all of them are complete, in connlog_lake_finish(): a run
 * that is killed leaves nothing. Otherwise each gets its name when it is completed. Returns NULL with a message in
 * `err`. */
CONNLOG_API connlog_lake *
connlog_lake_new(const char *folder, const connlog_writer_options *o, bool at_end, char *err, size_t err_size);
/* These return CONNLOG_OK, or CONNLOG_IO, CONNLOG_NO_MEMORY or CONNLOG_BAD_OPTION with a message in `err`. After a
 * failure they keep returning it: the content of files without a name is lost. */
CONNLOG_API int connlog_lake_record(connlog_lake *l, const connlog_record *r, char *err, size_t err_size);
/* Does what connlog_writer_columns() does; when columns have changed, new files are started. */
CONNLOG_API int connlog_lake_columns(connlog_lake *l, const connlog_columns *c, char *err, size_t err_size);
/* Sets the current time, in seconds of any clock that never goes back, and completes files that are old enough. */
CONNLOG_API int connlog_lake_tick(connlog_lake *l, double now, char *err, size_t err_size);
CONNLOG_API int connlog_lake_finish(connlog_lake *l, char *err, size_t err_size);

typedef struct connlog_lake_counts {
	uint64_t records, bytes; /* in files that have their names */
	uint64_t files;          /* that have their names */
	uint64_t open;           /* being written */
	uint64_t crowded;        /* files completed early, because too many were open or memory was short */
} connlog_lake_counts;
CONNLOG_API void connlog_lake_count(const connlog_lake *l, connlog_lake_counts *out);
CONNLOG_API void connlog_lake_free(connlog_lake *l);

#ifdef __cplusplus
}
#endif
#endif
