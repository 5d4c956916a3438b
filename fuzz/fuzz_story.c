/* fuzz_story.c - how `connlog explain` and the HTML page process text from a log: a history told step by step, and any
 * bytes as JSON inside HTML.
 *
 * The first byte chooses the protocol. Each letter must get a step whose side is the right one; the JSON must not
 * contain anything that could end the element around it.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cli/html_json.c"
#include "cli/story.c"
#include "cli/story_words.c"

static void
tell(enum story_proto proto, const char *history, size_t n)
{
	char               outline[STORY_OUTLINE_MAX];
	struct story_step *steps = calloc(n + 1, sizeof *steps);

	if (steps == NULL)
		return;
	story_steps(proto, history, n, steps);
	for (size_t i = 0; i < n; i++)
		if (steps[i].letter != history[i] ||
		    (steps[i].known == NULL && (steps[i].side != STORY_NEITHER || !steps[i].odd)))
			abort();
	if (story_outline(proto, steps, n, outline, sizeof outline) != strlen(outline))
		abort();
	free(steps);
}

static void
write_json(const char *p, size_t n)
{
	char  *text = NULL;
	size_t size = 0;
	FILE  *f = open_memstream(&text, &size);

	if (f == NULL)
		return;
	json_text(f, p, n);
	fclose(f);
	if (size < 2 || text[0] != '"' || text[size - 1] != '"')
		abort();
	for (size_t i = 1; i < size - 1; i++) {
		i += text[i] == '\\'; /* and the escaped character */
		if (i == size - 1 || (unsigned char)text[i] < 0x20 || strchr("<>&", text[i]) != NULL ||
		    (text[i] == '"' && text[i - 1] != '\\'))
			abort();
	}
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum story_proto protos[] = { STORY_TCP, STORY_UDP, STORY_OTHER };

	if (size == 0)
		return 0;
	tell(protos[data[0] % 3], (const char *)data + 1, size - 1);
	write_json((const char *)data + 1, size - 1);
	return 0;
}
