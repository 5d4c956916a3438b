/* memory.c - see memory.h. */
#include "cli/memory.h"

#include <inttypes.h>
#include <stdio.h>

#include "cli/live_page.h"

#define MIB         (UINT64_C(1) << 20)
#define PROGRAM     (16 * MIB) /* the program itself, its libraries, and overhead */
#define LEAST       (16 * MIB) /* the library's minimum */
#define RING_USUAL  (64 * MIB)
#define SPOOL_SHARE 8

/* The rings count as the process's memory, since they are mapped into it. */
static uint64_t
rings(const struct settings *s, size_t interfaces)
{
	const uint64_t one = s->live.capture.ring != 0 ? s->live.capture.ring : RING_USUAL;

	return interfaces * one;
}

bool
memory_divide(struct settings *s, size_t interfaces)
{
	struct live_settings *l = &s->live;
	char                  text[24];

	if (s->memory == 0)
		return true;
	if (!l->spool_given && l->spool > s->memory / SPOOL_SHARE)
		l->spool = s->memory / SPOOL_SHARE;
	const uint64_t spool = interfaces > 0 ? l->spool : 0, page = interfaces > 0 ? live_page_memory(s) : 0;
	const uint64_t others = PROGRAM + rings(s, interfaces) + spool + page;
	if (s->memory < others + LEAST) {
		complain("--memory %" PRIu64 "M is too little: %" PRIu64 "M go to rings, %" PRIu64 "M to the spool%s, %" PRIu64
		         "M to the program, and connections need %" PRIu64 "M at least%s",
		         s->memory / MIB, rings(s, interfaces) / MIB, (spool + page) / MIB,
		         page > 0 ? " and the page of --web" : "", PROGRAM / MIB, LEAST / MIB,
		         interfaces > 0 ? "; --ring and --spool make these smaller" : "");
		return false;
	}
	snprintf(text, sizeof text, "%" PRIu64, s->memory - others);
	return assign_option(s, "max_memory", text);
}
