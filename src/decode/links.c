/* links.c - lists the table of link types. */
#include "decode/links.h"

#include "connlog.h"

#define ROW(dlt, name, layer) { dlt, name },

static const connlog_link_info links[] = { LINK_TYPES(ROW) };

const connlog_link_info *
connlog_link_at(size_t i)
{
	return i < sizeof links / sizeof links[0] ? &links[i] : NULL;
}
