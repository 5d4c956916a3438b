/* kinds.c - the table of kinds of sinks. */
#include <string.h>

#include "ship/kind.h"

static const struct ship_kind *const kinds[] = { &kind_unix,    &kind_tcp,   &kind_tcps,       &kind_exec,
	                                             &kind_file,    &kind_redis, &kind_rediss,     &kind_sqlite,
	                                             &kind_parquet, &kind_kafka, &kind_clickhouse, &kind_clickhouses };
enum { KINDS = sizeof kinds / sizeof kinds[0] };

const struct ship_kind *
ship_kind_at(size_t i)
{
	return i < KINDS ? kinds[i] : NULL;
}

const struct ship_kind *
ship_kind_find(const char *scheme)
{
	for (size_t i = 0; i < KINDS; i++)
		if (strcmp(kinds[i]->scheme, scheme) == 0)
			return kinds[i];
	return NULL;
}
