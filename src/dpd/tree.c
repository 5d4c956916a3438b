/* tree.c - the recognisers of a connection: see inspect.h.  Zeek: src/analyzer/Analyzer.cc. */
#include "dpd/inspect.h"

size_t
talk_size(const struct recogniser *what, bool udp)
{
	const size_t state = !what ? sizeof(struct pia) : udp && what->udp_size ? what->udp_size : what->state_size;

	return (sizeof(struct talk) + state + 7) & ~(size_t)7;
}

static bool
is_udp(const struct inspect *in)
{
	return in->flags & INSPECT_UDP;
}

/* Returns a zeroed talk, followed by its state, and stores its place: after the inspection if there is room, otherwise
 * in the pool. */
static struct talk *
talk_new(struct inspect *in, const struct recogniser *what, uint32_t *place)
{
	const size_t n = talk_size(what, is_udp(in));
	struct talk *t;

	if (what && (in->flags & INSPECT_ROOM)) {
		in->flags &= (uint8_t)~INSPECT_ROOM;
		*place = TALK_AT_HOME;
		t = talk_at(in, *place);
		t->flags = TALK_HOME;
	} else {
		struct inspect **block = pool_alloc(&in->by->pool, sizeof in + n, place);
		if (!block)
			return NULL;
		*block = in;
		t = (void *)(block + 1);
	}
	if (what)
		t->what = (uint8_t)what->service;
	return t;
}

/* Returns the place of a talk in the tree. */
static uint32_t
place_of(const struct inspect *in, const struct talk *t)
{
	uint32_t place = t->parent ? talk_at(in, t->parent)->child : in->child;

	while (talk_at(in, place) != t)
		place = talk_at(in, place)->next;
	return place;
}

static uint32_t *
children(struct inspect *in, struct talk *parent)
{
	return parent ? &parent->child : &in->child;
}

static void
append(struct inspect *in, struct talk *parent, struct talk *t, uint32_t place)
{
	uint32_t *at = children(in, parent);

	while (*at)
		at = &talk_at(in, *at)->next;
	*at = place;
	t->parent = parent ? place_of(in, parent) : 0;
}

static bool
holds(const struct inspect *in, uint32_t first, enum service s)
{
	for (const struct talk *t = talk_at(in, first); t; t = talk_at(in, t->next))
		if (t->what == s && !(t->flags & (TALK_REMOVING | TALK_OUTSIDE)))
			return true;
	return false;
}

/* Returns whether the recogniser can be attached: one with TCP ports only takes no datagrams. */
static bool
fits(const struct inspect *in, const struct recogniser *what)
{
	return !is_udp(in) || what->udp_ports || !what->tcp_ports;
}

static struct talk *
attach(struct inspect *in, struct talk *parent, const struct recogniser *what, uint8_t flags)
{
	uint32_t     place;
	struct talk *t = what ? talk_new(in, what, &place) : NULL;

	if (!t)
		return NULL;
	in->by->counters.attached++;
	if (place != TALK_AT_HOME)
		in->flags |= INSPECT_MORE;
	t->flags |= flags;
	append(in, parent, t, place);
	if (what->begin)
		what->begin(t);
	return t;
}

struct talk *
tree_attach(struct inspect *in, struct talk *parent, const struct recogniser *what)
{
	if (!what || (parent && parent->flags & TALK_REMOVING) || holds(in, *children(in, parent), what->service) ||
	    (!parent && !fits(in, what)))
		return NULL;
	return attach(in, parent, what, 0);
}

struct talk *
tree_attach_pia(struct inspect *in, struct talk *parent)
{
	uint32_t     place;
	struct talk *t = talk_new(in, NULL, &place);

	if (!t)
		return NULL;
	if (parent)
		in->flags |= INSPECT_MORE;
	append(in, parent, t, place);
	return t;
}

static inline void
feed(struct inspect *in, struct talk *t, int side, struct bytes b)
{
	if (t->flags & (TALK_SKIP | TALK_REMOVING))
		return;
	if (t->what)
		talk_what(in, t)->feed(t, side, b);
	else
		pia_feed(in, t, side, b);
}

void
tree_feed(struct inspect *in, struct talk *t, int side, struct bytes b)
{
	feed(in, t, side, b);
}

void
tree_remove(struct inspect *in, struct talk *t)
{
	t->flags |= TALK_REMOVING;
	in->flags |= INSPECT_PURGE;
	for (struct talk *c = talk_at(in, t->child); c; c = talk_at(in, c->next))
		tree_remove(in, c);
}

static void
talk_free(struct inspect *in, struct talk *t, uint32_t place)
{
	tree_purge(in, &t->child, true);
	if (!t->what)
		pia_forget(in, t);
	else if (talk_what(in, t)->end)
		talk_what(in, t)->end(t);
	if (place == TALK_AT_HOME)
		slab_hide(t, talk_size(talk_what(in, t), is_udp(in)));
	else
		pool_release(&in->by->pool, (struct inspect **)(void *)t - 1, place);
}

void
tree_purge(struct inspect *in, uint32_t *list, bool all)
{
	for (uint32_t *at = list; *at;) {
		const uint32_t place = *at;
		struct talk   *t = talk_at(in, place);
		if (all || (t->flags & TALK_REMOVING)) {
			*at = t->next;
			talk_free(in, t, place);
		} else {
			tree_purge(in, &t->child, false);
			at = &t->next;
		}
	}
}

bool
tree_live(const struct inspect *in, uint32_t first, enum service s)
{
	for (const struct talk *t = talk_at(in, first); t; t = talk_at(in, t->next)) {
		if (t->flags & TALK_OUTSIDE)
			continue;
		if ((t->what == s && !(t->flags & TALK_REMOVING)) || tree_live(in, t->child, s))
			return true;
	}
	return false;
}

static bool
all_decided(const struct inspect *in, const struct talk *t)
{
	for (; t; t = talk_at(in, t->next)) {
		if (t->flags & (TALK_SKIP | TALK_REMOVING | TALK_OUTSIDE))
			continue;
		if (t->what ? !((t->flags & TALK_SETTLED) && events_deaf(in)) : !pia_decided(in, t))
			return false;
		if (!all_decided(in, talk_at(in, t->child)))
			return false;
	}
	return true;
}

bool
tree_decided(const struct inspect *in, uint32_t first)
{
	const struct talk *t = talk_at(in, first);

	if (t && t->what && !(t->flags & (TALK_SKIP | TALK_REMOVING | TALK_OUTSIDE)) && /* the usual case */
	    (!(t->flags & TALK_SETTLED) || !events_deaf(in)))
		return false;
	return all_decided(in, t);
}

/* ---- passing input to all talks of a list, in order */

/* Passes input to a list. Talks attached meanwhile do not get it: they have had it in a replay, or begin with the next
 * input. */
static __attribute__((noinline)) void
pass_to_many(struct inspect *in, struct talk *t, int side, struct bytes b)
{
	const struct talk *last = t;

	while (last->next)
		last = talk_at(in, last->next);
	for (; t; t = t == last ? NULL : talk_at(in, t->next))
		if (!(t->flags & TALK_OUTSIDE))
			feed(in, t, side, b);
}

/* Most lists have one or two talks. */
void
tree_pass(struct inspect *in, uint32_t first, int side, struct bytes b)
{
	struct talk *t = talk_at(in, first), *second = t ? talk_at(in, t->next) : NULL;

	if (second && second->next) {
		pass_to_many(in, t, side, b);
		return;
	}
	if (t && !(t->flags & TALK_OUTSIDE))
		feed(in, t, side, b);
	if (second && !(second->flags & TALK_OUTSIDE))
		feed(in, second, side, b);
}

void
tree_pass_gap(struct inspect *in, uint32_t first, int side, uint64_t len)
{
	for (struct talk *t = talk_at(in, first); t; t = talk_at(in, t->next)) {
		if (t->flags & (TALK_SKIP | TALK_REMOVING | TALK_OUTSIDE))
			continue;
		if (!t->what)
			pia_gap(in, t, side, len);
		else if (talk_what(in, t)->gap)
			talk_what(in, t)->gap(t, side, len);
	}
}

void
tree_pass_eof(struct inspect *in, uint32_t first, int side)
{
	for (struct talk *t = talk_at(in, first); t; t = talk_at(in, t->next))
		if (t->what && talk_what(in, t)->eof && !(t->flags & (TALK_SKIP | TALK_REMOVING | TALK_OUTSIDE)))
			talk_what(in, t)->eof(t, side);
}

/* ---- functions for recognisers */

enum service
talk_parent(const struct talk *t)
{
	const struct talk *parent = talk_at(talk_inspect(t), t->parent);

	return parent ? (enum service)parent->what : SERVICE_NONE;
}

struct talk *
talk_hand_over(struct talk *t, enum service service)
{
	struct inspect *in = talk_inspect(t);

	return tree_attach(in, t, in->by->registry.of[service]);
}

void
talk_guess(struct talk *t)
{
	(void)pia_attach(talk_inspect(t), t);
}

void
talk_pass(struct talk *t, int side, struct bytes b)
{
	tree_pass(talk_inspect(t), t->child, side, b);
}

void
talk_pass_gap(struct talk *t, int side, uint64_t len)
{
	tree_pass_gap(talk_inspect(t), t->child, side, len);
}

void
talk_pass_eof(struct talk *t, int side)
{
	tree_pass_eof(talk_inspect(t), t->child, side);
}

void
talk_drop_children(struct talk *t)
{
	struct inspect *in = talk_inspect(t);

	for (struct talk *c = talk_at(in, t->child); c; c = talk_at(in, c->next))
		if (!(c->flags & TALK_OUTSIDE))
			tree_remove(in, c);
}

struct talk *
talk_outside(struct talk *t, enum service service)
{
	struct inspect *in = talk_inspect(t);

	return attach(in, t, in->by->registry.of[service], TALK_OUTSIDE);
}

void
talk_feed(struct talk *outside, int side, struct bytes b)
{
	tree_feed(talk_inspect(outside), outside, side, b);
}

void
talk_release(struct talk *outside)
{
	tree_remove(talk_inspect(outside), outside);
}
