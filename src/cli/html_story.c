/* html_story.c - see html_story.h. */
#include "cli/html_story.h"

#include <string.h>

#include "cli/html_json.h"

static void
put_text(FILE *f, const char *text)
{
	json_text(f, text, strlen(text));
}

void
html_story_step(FILE *f, const struct story_step *s)
{
	fputs("{\"letter\":", f);
	json_text(f, &s->letter, 1);
	fprintf(f, ",\"side\":%d,\"kind\":%d,\"odd\":%s,\"name\":", (int)s->side,
	        s->known ? (int)s->known->kind : STORY_NOTE, s->odd ? "true" : "false");
	put_text(f, s->known ? s->known->name : "unknown letter");
	fputs(",\"meaning\":", f);
	put_text(f, s->known ? s->known->meaning : "");
	fputs(",\"remark\":", f);
	put_text(f, s->remark ? s->remark : "");
	fputs("}", f);
}

void
html_story_write(FILE *f, enum story_proto proto, const char *history, size_t n)
{
	struct story_step steps[HTML_STORY_MAX];
	char              outline[STORY_OUTLINE_MAX] = "";

	n = n < HTML_STORY_MAX ? n : HTML_STORY_MAX;
	story_steps(proto, history, n, steps);
	if (n > 0)
		story_outline(proto, steps, n, outline, sizeof outline);
	fputs("{\"outline\":", f);
	put_text(f, outline);
	fputs(",\"steps\":[", f);
	for (size_t i = 0; i < n; i++) {
		fputs(i > 0 ? "," : "", f);
		html_story_step(f, &steps[i]);
	}
	fputs("]}", f);
}
