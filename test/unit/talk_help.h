/* talk_help.h - a single recogniser: it is fed by the test, and its requests become a line of text.
 *
 * "+smb" confirmed, "-smb" violated, "!smb" skips the rest, "X" a letter for the history. Objects outside the
 * connection's tree write to the same line. A test program that includes this defines its own talk_...(), so nothing of
 * dpd/ is linked.
 */
#ifndef TEST_TALK_HELP_H
#define TEST_TALK_HELP_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dpd/talk.h"

enum { MOST_TALKS = 100, CONFIRMED = 1, SKIPS = 2, RELEASED = 4 };

static struct talk             *talks[MOST_TALKS];
static const struct recogniser *talk_whats[MOST_TALKS];
static unsigned                 n_talks;
static char                     said[1024];
static bool                     talk_is_partial;

/* Returns the recogniser of a service; defined by the test program. */
static const struct recogniser *recogniser_of(enum service s);

/* Returns the recogniser of a talk, which is not in dpd/'s table. */
static inline const struct recogniser *
talk_what(const struct talk *t)
{
	unsigned i = 0;

	while (talks[i] != t)
		i++;
	return talk_whats[i];
}

static inline void
say(const struct talk *t, char sign)
{
	const size_t n = strlen(said);
	const char  *name = service_name(talk_what(t)->service);

	snprintf(said + n, sizeof said - n, "%s%c%s", n ? " " : "", sign, name);
}

static inline struct talk *
talk_begin(const struct recogniser *what)
{
	struct talk *t = n_talks < MOST_TALKS ? calloc(1, sizeof *t + what->state_size) : NULL;

	if (!t)
		return NULL;
	talks[n_talks] = t;
	talk_whats[n_talks++] = what;
	if (what->begin)
		what->begin(t);
	return t;
}

static inline void
talk_end_all(void)
{
	for (unsigned i = 0; i < n_talks; i++) {
		if (talk_whats[i]->end)
			talk_whats[i]->end(talks[i]);
	}
	while (n_talks > 0)
		free(talks[--n_talks]);
	said[0] = 0;
}

bool
talk_udp(const struct talk *t)
{
	(void)t;
	return false;
}

bool
talk_partial(const struct talk *t)
{
	(void)t;
	return talk_is_partial;
}

void
talk_confirm(struct talk *t)
{
	if (!(t->flags & CONFIRMED))
		say(t, '+');
	t->flags |= CONFIRMED;
}

void
talk_violate(struct talk *t)
{
	say(t, '-');
}

void
talk_skip(struct talk *t)
{
	if (!(t->flags & SKIPS))
		say(t, '!');
	t->flags |= SKIPS;
}

void
talk_skip_at_gap(struct talk *t, int side, uint64_t len)
{
	(void)side;
	(void)len;
	talk_skip(t);
}

void
talk_settled(struct talk *t)
{
	(void)t;
}

void
talk_note_x(struct talk *t)
{
	(void)t;
	strncat(said, said[0] ? " X" : "X", sizeof said - strlen(said) - 1);
}

#ifndef TEST_TALK_HAS_CHILDREN /* otherwise defined by the test program */
struct talk *
talk_hand_over(struct talk *t, enum service service)
{
	(void)t;
	(void)service;
	return NULL;
}

void
talk_pass(struct talk *t, int side, struct bytes b)
{
	(void)t;
	(void)side;
	(void)b;
}

#endif

void
talk_pass_gap(struct talk *t, int side, uint64_t len)
{
	(void)t;
	(void)side;
	(void)len;
}

void
talk_pass_eof(struct talk *t, int side)
{
	(void)t;
	(void)side;
}

static struct budget held = { .most = 1 << 26 };

struct budget *
talk_budget(const struct talk *t)
{
	(void)t;
	return &held;
}

struct talk *
talk_outside(struct talk *t, enum service service)
{
	(void)t;
	return talk_begin(recogniser_of(service));
}

void
talk_feed(struct talk *t, int side, struct bytes b)
{
	if (!(t->flags & (SKIPS | RELEASED)))
		talk_what(t)->feed(t, side, b);
}

void
talk_release(struct talk *t)
{
	t->flags |= RELEASED;
}

/* ---- dialogues */

enum { A, B, GAP_A, GAP_B }; /* which side sends; for which side bytes are missing */

struct said_step {
	int         what;
	const char *text;
	size_t      n; /* 0: end of the list */
};

enum { MOST_STEPS = 12 };

struct dialogue {
	const char              *name;
	const struct recogniser *what;
	const char              *said;
	struct said_step         steps[MOST_STEPS];
};

#define T(text) text, sizeof(text) - 1

/* Returns whether the dialogue has the expected result. */
static inline bool
dialogue_is(const struct dialogue *d, void (*complain)(const char *format, ...))
{
	struct talk *t = talk_begin(d->what);

	for (const struct said_step *st = d->steps; st < d->steps + MOST_STEPS && st->n; st++) {
		if (st->what == A || st->what == B)
			talk_feed(t, st->what, (struct bytes){ (const uint8_t *)st->text, st->n });
		else if (talk_what(t)->gap && !(t->flags & SKIPS))
			talk_what(t)->gap(t, st->what - GAP_A, st->n);
	}
	const bool is = strcmp(said, d->said) == 0;
	if (!is)
		complain("%s: [%s], not [%s]\n", d->name, said, d->said);
	talk_end_all();
	return is;
}

/* Fails the test unless all dialogues have the expected result, after reporting each that has not. */
static inline void
dialogues_are(const struct dialogue *d, size_t n)
{
	unsigned wrong = 0;

	for (size_t i = 0; i < n; i++)
		wrong += !dialogue_is(&d[i], print_error);
	assert_int_equal(wrong, 0);
}

#endif
