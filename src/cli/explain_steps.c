/* explain_steps.c - a history on the terminal: two columns, an arrow between them, time going down. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/explain.h"

enum { LINES = 24, LINE_MAX_WIDTH = 128, ARROW = 7 /* including the blanks around it */ };

/* The text of one side in one step, broken into lines. */
struct cell {
	char            lines[LINES][LINE_MAX_WIDTH];
	enum term_style styles[LINES];
	int             n, width;
};

/* Adds a paragraph that begins with `lead`; its other lines are indented by the same width. */
static void
cell_add(struct cell *c, const char *lead, enum term_style style, const char *text)
{
	static const char blanks[] = "          "; /* the longest lead */
	const int         hang = (int)strlen(lead);

	while (c->n < LINES) {
		int n = (int)strlen(text);
		if (n >
		    c->width - hang) { /* break at the last blank that fits, or within a word that is longer than the line */
			for (n = c->width - hang; n > 0 && text[n] != ' '; n--)
				;
			n = n > 0 ? n : c->width - hang;
		}
		snprintf(c->lines[c->n], sizeof c->lines[0], "%s%.*s", lead, n, text);
		c->styles[c->n++] = style;
		text += n;
		text += strspn(text, " ");
		if (*text == '\0')
			return;
		lead = &blanks[sizeof blanks - 1 - (size_t)hang];
	}
}

static void
cell_fill(struct cell *c, const struct story_step *s)
{
	char lead[] = { s->letter >= 0x21 && s->letter < 0x7f ? s->letter : '?', ' ', ' ', '\0' };
	char said[LINE_MAX_WIDTH];

	snprintf(said, sizeof said, "%s%s%s", s->known ? s->known->name : "unknown letter", s->known ? ": " : "",
	         s->known ? s->known->meaning : "");
	cell_add(c, lead, TERM_PLAIN, said);
	if (s->remark != NULL)
		cell_add(c, s->odd ? "   ! " : "   ", s->odd ? TERM_ODD : TERM_DIM, s->remark);
}

static void
print_padded(const struct term *t, const struct cell *c, int line)
{
	const char *text = line < c->n ? c->lines[line] : "";

	if (line < c->n && c->styles[line] != TERM_PLAIN) {
		term_style(t, c->styles[line]);
		fputs(text, t->f);
		term_style(t, TERM_PLAIN);
	} else {
		fputs(text, t->f);
	}
}

static void
print_step(const struct term *t, const struct story_step *s)
{
	const int   column = (t->width - ARROW) / 2;
	struct cell c = { .width = s->side == STORY_NEITHER ? t->width - 4 : column };
	const char *arrow = s->side == STORY_ORIG ? (t->utf8 ? "\u2500\u2500\u2500\u2500\u25b6" : "---->")
	                                          : (t->utf8 ? "\u25c0\u2500\u2500\u2500\u2500" : "<----");

	cell_fill(&c, s);
	for (int i = 0; i < c.n; i++) {
		if (s->side == STORY_RESP)
			fprintf(t->f, "%*s %s ", column, "", i == 0 ? arrow : "     ");
		else if (s->side == STORY_NEITHER)
			fputs("    ", t->f);
		print_padded(t, &c, i);
		if (s->side == STORY_ORIG && i == 0)
			fprintf(t->f, "%*s %s", column - (int)strlen(c.lines[0]), "", arrow);
		fputc('\n', t->f);
	}
}

static void
print_heads(const struct term *t)
{
	const int column = (t->width - ARROW) / 2;

	term_style(t, TERM_BOLD);
	fprintf(t->f, "%-*s%s\n", column + ARROW, "originator", "responder");
	term_style(t, TERM_PLAIN);
}

bool
explain_steps(const struct term *t, enum story_proto proto, connlog_text history)
{
	struct story_step *steps = calloc(history.n + 1, sizeof *steps);
	char               outline[STORY_OUTLINE_MAX];

	if (steps == NULL)
		return false;
	story_steps(proto, history.p, history.n, steps);
	story_outline(proto, steps, history.n, outline, sizeof outline);
	term_style(t, TERM_BOLD);
	term_text(t, history);
	term_style(t, TERM_PLAIN);
	fputs(" ", t->f);
	term_wrap(t, 2, t->width, (int)(history.n < INT_MAX / 8 ? history.n : INT_MAX / 8) + 1, outline);
	fputs("\n\n", t->f);
	print_heads(t);
	for (size_t i = 0; i < history.n; i++)
		print_step(t, &steps[i]);
	free(steps);
	return true;
}
