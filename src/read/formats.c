/* formats.c - the table of formats that can be read, in the order in which they are tried on the beginning of a file. */
#include "read/read.h"

static const struct read_format *const formats[] = {
	&read_zeek, &read_bro2, &read_ossem, &read_ecs, &read_json, &read_bro1_5, &read_bro1, &read_bro0, &read_csv,
};
enum { FORMATS = sizeof formats / sizeof formats[0] };

const struct read_format *
read_format_find(const char *name)
{
	for (size_t i = 0; i < FORMATS; i++)
		if (strcmp(formats[i]->name, name) == 0)
			return formats[i];
	return NULL;
}

const struct read_format *
read_format_detect(struct text head)
{
	for (size_t i = 0; i < FORMATS; i++)
		if (formats[i]->detect != NULL && formats[i]->detect(head))
			return formats[i];
	return NULL;
}
