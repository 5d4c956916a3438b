/* explain_words.c - the legend, and a state on its own. */
#include <stdio.h>
#include <string.h>

#include "cli/explain.h"

/* Prints "LEFT  text" with the text starting at a fixed column. */
static void
entry(const struct term *t, int column, const char *left, const char *text)
{
	term_style(t, TERM_BOLD);
	fprintf(t->f, "%-*s", column, left);
	term_style(t, TERM_PLAIN);
	term_wrap(t, column, t->width, column, text);
	fputc('\n', t->f);
}

static void
paragraph(const struct term *t, const char *text)
{
	term_wrap(t, 0, t->width, 0, text);
	fputs("\n\n", t->f);
}

static void
heading(const struct term *t, const char *text)
{
	term_style(t, TERM_BOLD);
	fprintf(t->f, "%s\n", text);
	term_style(t, TERM_PLAIN);
}

static void
list_letters(const struct term *t)
{
	char left[16], text[256];

	for (const struct story_letter *l = story_letters; l->name != NULL; l++) {
		const bool two = l->kind != STORY_NOTE;
		const char upper = l->letter >= 'a' && l->letter <= 'z' ? (char)(l->letter - 'a' + 'A') : l->letter;
		snprintf(left, sizeof left, two ? "  %c %c" : "  %c", upper, l->letter);
		snprintf(text, sizeof text, "%s: %s%s. Written %s.", l->name, l->meaning,
		         (l->protos & STORY_UDP) != 0 && two ? " (also UDP)" : "", l->counted);
		entry(t, 7, left, text);
	}
}

void
explain_legend(const struct term *t)
{
	char left[32], text[512];

	heading(t, "history");
	paragraph(t,
	          "What was seen of a connection, a letter for each kind of thing, in the order in which they came first. "
	          "Upper case: the originator did it; lower case: the responder.");
	list_letters(t);
	fputc('\n', t->f);
	heading(t, "conn_state");
	paragraph(t,
	          "How it stood when it was logged, with the symbol that reports have for it. Of UDP, SF means that both "
	          "sides sent, S0 only the originator, SHR only the responder. ICMP is always OTH.");
	for (const struct story_state *s = story_states; s->name != NULL; s++) {
		snprintf(left, sizeof left, "  %-7s %s", s->name, s->symbol);
		snprintf(text, sizeof text, "%s %s", s->meaning, s->usual);
		entry(t, 14, left, text);
	}
	fputc('\n', t->f);
	paragraph(
		t,
		"`connlog explain ShADadFf` goes through a history step by step, `connlog explain RSTO` tells of a state, and "
		"`connlog explain UID conn.log` the story of one connection.");
}

void
explain_state(const struct term *t, const struct story_state *s)
{
	char said[128];

	snprintf(said, sizeof said, "%s (%s; symbol %s)", s->brief, story_group_names[s->group], s->symbol);
	entry(t, 8, s->name, said);
	fputc('\n', t->f);
	entry(t, 8, "TCP", s->meaning);
	entry(t, 8, "UDP", s->udp != NULL ? s->udp : "Does not occur.");
	entry(t, 8, "", s->usual);
	fputs("\nFor example:\n\n", t->f);
	explain_steps(t, STORY_TCP, (connlog_text){ s->example, strlen(s->example) });
}
