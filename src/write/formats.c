/* formats.c - the table of formats: what can be written, and read (src/read/ has a row of the same name). */
#include <string.h>

#include "write/format.h"

static const struct format *const formats[] = {
	&format_zeek, &format_json,  &format_bro2, &format_bro1_5, &format_bro1,
	&format_bro0, &format_ossem, &format_ecs,  &format_csv,    &format_parquet,
};
enum { FORMATS = sizeof formats / sizeof formats[0] };

const struct format *
format_find(const char *name)
{
	for (size_t i = 0; i < FORMATS; i++)
		if (strcmp(formats[i]->info.name, name) == 0)
			return formats[i];
	return NULL;
}

const connlog_format_info *
connlog_format_at(size_t i)
{
	return i < FORMATS ? &formats[i]->info : NULL;
}
