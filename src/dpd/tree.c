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

/* => A zeroed talk with its state behind it: in the inspection's block as long as there is room. */
static struct talk *
talk_new(struct inspect *in, const struct recogniser *what)
{
	const size_t n = talk_size(what, is_udp(in));
	const bool   home = n <= (size_t)(in->size - in->used);
	uint32_t     name = 0;
	struct talk *t = home ? (void *)((char *)in + in->used) : pool_alloc(&in->by->pool, n, &name);

	if (!t)
		return NULL;
	if (home)
		in->used = (uint16_t)(in->used + n);
	t->state = t + 1;
	t->what = what;
	t->in = in;
	t->name = name;
	t->flags = home ? TALK_HOME : 0;
	return t;
}

static struct talk **
children(struct inspect *in, struct talk *parent)
{
	return parent ? &parent->child : &in->child;
}

static void
append(struct talk *parent, struct talk *t)
{
	struct talk **at = children(t->in, parent);

	while (*at)
		at = &(*at)->next;
	*at = t;
	t->parent = parent;
}

static bool
holds(const struct talk *first, const struct recogniser *what)
{
	for (const struct talk *t = first; t; t = t->next)
		if (t->what == what && !(t->flags & (TALK_REMOVING | TALK_OUTSIDE)))
			return true;
	return false;
}

/* A recogniser with ports of TCP only takes no datagrams. */
static bool
fits(const struct inspect *in, const struct recogniser *what)
{
	return !is_udp(in) || what->udp_ports || !what->tcp_ports;
}

static struct talk *
attach(struct inspect *in, struct talk *parent, const struct recogniser *what, uint8_t flags)
{
	struct talk *t = what ? talk_new(in, what) : NULL;

	if (!t)
		return NULL;
	in->by->counters.attached++;
	t->flags |= flags;
	append(parent, t);
	if (what->begin)
		what->begin(t);
	return t;
}

struct talk *
tree_attach(struct inspect *in, struct talk *parent, const struct recogniser *what)
{
	if (!what || (parent && parent->flags & TALK_REMOVING) || holds(*children(in, parent), what) ||
	    (!parent && !fits(in, what)))
		return NULL;
	return attach(in, parent, what, 0);
}

struct talk *
tree_attach_pia(struct inspect *in, struct talk *parent)
{
	struct talk *t = talk_new(in, NULL);

	if (t)
		append(parent, t);
	return t;
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
	tree_purge(&t->child, true);
	if (!t->what)
		pia_forget(t);
	else if (t->what->end)
		t->what->end(t);
	if (t->flags & TALK_HOME)
		slab_hide(t, talk_size(t->what, is_udp(t->in)));
	else
		pool_release(&t->in->by->pool, t, t->name);
}

void
tree_purge(struct talk **list, bool all)
{
	for (struct talk **at = list; *at;) {
		struct talk *t = *at;
		if (all || (t->flags & TALK_REMOVING)) {
			*at = t->next;
			talk_free(t);
		} else {
			tree_purge(&t->child, false);
			at = &t->next;
		}
	}
}

bool
tree_live(const struct talk *first, enum service s)
{
	for (const struct talk *t = first; t; t = t->next) {
		if (t->flags & TALK_OUTSIDE)
			continue;
		if ((t->what && t->what->service == s && !(t->flags & TALK_REMOVING)) || tree_live(t->child, s))
			return true;
	}
	return false;
}

bool
tree_decided(const struct talk *first)
{
	for (const struct talk *t = first; t; t = t->next) {
		if (t->flags & (TALK_SKIP | TALK_REMOVING | TALK_OUTSIDE))
			continue;
		if (t->what ? !((t->flags & TALK_SETTLED) && events_deaf(t->in)) : !pia_decided(t))
			return false;
		if (!tree_decided(t->child))
			return false;
	}
	return true;
}

/* ---- input for all of a list, in order */

/* What is attached on the way does not get this input: it has had it, or is to begin with the next. */
void
tree_pass(struct talk *first, int side, struct bytes b)
{
	struct talk *last = first;

	while (last && last->next)
		last = last->next;
	for (struct talk *t = first; t; t = t == last ? NULL : t->next)
		if (!(t->flags & TALK_OUTSIDE))
			tree_feed(t, side, b);
}

void
tree_pass_gap(struct talk *first, int side, uint64_t len)
{
	for (struct talk *t = first; t; t = t->next) {
		if (t->flags & (TALK_SKIP | TALK_REMOVING | TALK_OUTSIDE))
			continue;
		if (!t->what)
			pia_gap(t, side, len);
		else if (t->what->gap)
			t->what->gap(t, side, len);
	}
}

void
tree_pass_eof(struct talk *first, int side)
{
	for (struct talk *t = first; t; t = t->next)
		if (t->what && t->what->eof && !(t->flags & (TALK_SKIP | TALK_REMOVING | TALK_OUTSIDE)))
			t->what->eof(t, side);
}

/* ---- what recognisers call */

struct talk *
talk_hand_over(struct talk *t, enum service service)
{
	return tree_attach(t->in, t, t->in->by->registry.of[service]);
}

void
talk_guess(struct talk *t)
{
	(void)pia_attach(t->in, t);
}

void
talk_pass(struct talk *t, int side, struct bytes b)
{
	tree_pass(t->child, side, b);
}

void
talk_pass_gap(struct talk *t, int side, uint64_t len)
{
	tree_pass_gap(t->child, side, len);
}

void
talk_pass_eof(struct talk *t, int side)
{
	tree_pass_eof(t->child, side);
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
	return attach(t->in, t, what, TALK_OUTSIDE);
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
