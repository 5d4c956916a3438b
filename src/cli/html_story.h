/* html_story.h - what a history means, as JSON for a page. */
#ifndef CONNLOG_CLI_HTML_STORY_H
#define CONNLOG_CLI_HTML_STORY_H

#include <stdio.h>

#include "cli/story.h"

enum { HTML_STORY_MAX = 512 }; /* letters */

/* Writes a step as an object. */
void html_story_step(FILE *f, const struct story_step *s);
/* Writes {"outline":TEXT,"steps":[STEPS]} of a history's first HTML_STORY_MAX letters. */
void html_story_write(FILE *f, enum story_proto proto, const char *history, size_t n);

#endif
