/* tree.c - the recognisers of a connection: see inspect.h.  Zeek: src/analyzer/Analyzer.cc. */
#include <stdlib.h>

#include "service/inspect.h"

/* => A zeroed talk with room for its state behind it. */
static struct talk *
talk_new(struct inspect *in, const struct recogniser *what, size_t state_size)
{
	uint32_t     name;
	struct talk *t = pool_alloc(&in->by->pool, sizeof *t + state_size, &name);

	if (!t)
		return NULL;
	t->state = t + 1;
	t->what = what;
	t->in = in;
	t->name = name;
	return t;
}

static void
append(struct talk *parent, struct talk *t)
{
	struct talk **at = &parent->child;

	while (*at)
		at = &(*at)->next;
	*at = t;
	t->parent = parent;
}

static struct talk *
child_of(const struct talk *parent, const struct recogniser *what)
{
	for (struct talk *t = parent->child; t; t = t->next)
		if (t->what == what && !(t->flags & (TALK_REMOVING | TALK_OUTSIDE)))
			return t;
	return NULL;
}

/* A recogniser with ports of TCP only takes no datagrams. */
static bool
fits(const struct inspect *in, const struct recogniser *what)
{
	return !(in->flags & INSPECT_UDP) || what->udp_ports || !what->tcp_ports;
}

static struct talk *
attach(struct talk *parent, const struct recogniser *what, uint8_t flags)
{
	struct talk *t = what ? talk_new(parent->in, what, what->state_size) : NULL;

	if (!t)
		return NULL;
	parent->in->by->counters.attached++;
	t->flags = flags;
	append(parent, t);
	if (what->begin)
		what->begin(t);
	return t;
}

struct talk *
tree_attach(struct talk *parent, const struct recogniser *what)
{
	if (!what || (parent->flags & TALK_REMOVING) || child_of(parent, what) ||
	    (parent == &parent->in->root && !fits(parent->in, what)))
		return NULL;
	return attach(parent, what, 0);
}

struct talk *
tree_attach_pia(struct talk *parent, size_t state_size)
{
	struct talk *t = talk_new(parent->in, NULL, state_size);

	if (t)
		append(parent, t);
	return t;
}

struct talk *
tree_attach_outside(struct talk *parent, const struct recogniser *what)
{
	return attach(parent, what, TALK_OUTSIDE);
}

void
tree_feed(struct talk *t, int side, struct bytes b)
{
	if (t->flags & (TALK_SKIP | TALK_REMOVING))
		return;
	if (t->what)
		t->what->feed(t, side, b);
	else
		pia_feed(t, side, b);
}

void
tree_remove(struct talk *t)
{
	t->flags |= TALK_REMOVING;
	t->in->flags |= INSPECT_PURGE;
	for (struct talk *c = t->child; c; c = c->next)
		tree_remove(c);
}

static void
talk_free(struct talk *t)
{
	tree_purge(t, true);
	if (!t->what)
		pia_end(t);
	else if (t->what->end)
		t->what->end(t);
	pool_release(&t->in->by->pool, t, t->name);
}

void
tree_purge(struct talk *parent, bool all)
{
	for (struct talk **at = &parent->child; *at;) {
		struct talk *t = *at;
		if (all || (t->flags & TALK_REMOVING)) {
			*at = t->next;
			talk_free(t);
		} else {
			tree_purge(t, false);
			at = &t->next;
		}
	}
}

bool
tree_live(const struct talk *root, enum service s)
{
	for (const struct talk *t = root->child; t; t = t->next) {
		if (t->flags & TALK_OUTSIDE)
			continue;
		if ((t->what && t->what->service == s && !(t->flags & TALK_REMOVING)) || tree_live(t, s))
			return true;
	}
	return false;
}

bool
tree_decided(const struct talk *root)
{
	for (const struct talk *t = root->child; t; t = t->next) {
		if (t->flags & (TALK_SKIP | TALK_REMOVING | TALK_OUTSIDE))
			continue;
		if (t->what ? !((t->flags & TALK_SETTLED) && events_deaf(t->in)) : !pia_decided(t))
			return false;
		if (!tree_decided(t))
			return false;
	}
	return true;
}

/* ---- what recognisers call */

struct talk *
talk_hand_over(struct talk *t, enum service service)
{
	return tree_attach(t, t->in->by->registry.of[service]);
}

void
talk_guess(struct talk *t)
{
	(void)pia_attach(t);
}

/* Children that are attached on the way do not get this input: they have had it, or are to begin with the next. */
void
talk_pass(struct talk *t, int side, struct bytes b)
{
	struct talk *last = NULL;

	for (struct talk *c = t->child; c; c = c->next)
		last = c;
	for (struct talk *c = t->child; last && c; c = c == last ? NULL : c->next)
		if (!(c->flags & TALK_OUTSIDE))
			tree_feed(c, side, b);
}

void
talk_pass_gap(struct talk *t, int side, uint64_t len)
{
	for (struct talk *c = t->child; c; c = c->next) {
		if (c->flags & (TALK_SKIP | TALK_REMOVING | TALK_OUTSIDE))
			continue;
		if (!c->what)
			pia_gap(c, side, len);
		else if (c->what->gap)
			c->what->gap(c, side, len);
	}
}

void
talk_pass_eof(struct talk *t, int side)
{
	for (struct talk *c = t->child; c; c = c->next)
		if (c->what && c->what->eof && !(c->flags & (TALK_SKIP | TALK_REMOVING | TALK_OUTSIDE)))
			c->what->eof(c, side);
}

void
talk_drop_children(struct talk *t)
{
	for (struct talk *c = t->child; c; c = c->next)
		if (!(c->flags & TALK_OUTSIDE))
			tree_remove(c);
}

struct talk *
talk_outside(struct talk *t, enum service service)
{
	const struct recogniser *what = t->in->by->registry.of[service];
	return what ? tree_attach_outside(t, what) : NULL;
}

void
talk_feed(struct talk *outside, int side, struct bytes b)
{
	tree_feed(outside, side, b);
}

void
talk_release(struct talk *outside)
{
	tree_remove(outside);
}
