/* names.c - see names.h. */
#include "dpd/names.h"

const char *
service_name(enum service s)
{
#define SERVICE_TEXT(id, name) name,
	static const char *const names[SERVICE_COUNT] = { "", SERVICES(SERVICE_TEXT) };
	return names[s];
}
