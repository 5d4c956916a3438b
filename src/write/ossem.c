/* ossem.c - Zeek's JSON with OSSEM's names (record/names.h). */
#include "record/names.h"
#include "write/json.h"

static const char *
ossem_name(const struct column *c)
{
	return names_of(NAMES_OSSEM, c);
}

const struct format format_ossem = {
	.info = { "ossem", "JSON with OSSEM's standard names", "" },
	.extras = true,
	.name = ossem_name,
	.prefix = OSSEM_PREFIX,
	.record = json_record,
};
