/* counters.c - every counter by name, for --stats. */
#include "engine/crew.h"
#include "engine/engine.h"

#define COUNTERS_MAX 512

struct teller {
	connlog_counter_fn fn;
	void              *arg;
	const char        *group;
};

static void
tell(const struct teller *t, const char *name, uint64_t value)
{
	t->fn(t->arg, t->group, name, value);
}

static uint64_t
sum(const uint64_t *v, size_t n)
{
	uint64_t total = 0;
	for (size_t i = 0; i < n; i++)
		total += v[i];
	return total;
}

static void
tell_packets(const struct connlog_engine *e, struct teller *t, const struct decode_counters *d)
{
	t->group = "packets";
	tell(t, "read", e->packets);
	tell(t, "bytes", e->bytes);
	tell(t, "before_epoch", e->before_epoch);
	tell(t, "cut_short", d->truncated);
	tell(t, "unknown_link", d->unknown_link);

	/* read - before_epoch + inner == analysed + carriers + fragments + refused + ignored + rejected */
	t->group = "pieces";
	tell(t, "frames", d->frames);
	tell(t, "inner", d->inner);
	tell(t, "analysed", d->flows - e->store.counters.refused);
	tell(t, "refused", e->store.counters.refused);
	tell(t, "carriers", d->carriers);
	tell(t, "fragments", d->fragments);
	tell(t, "ignored", sum(d->ignored, DECODE_I_COUNT));
	tell(t, "rejected", sum(d->rejected, DECODE_R_COUNT));

	t->group = "ignored";
	for (int i = 0; i < DECODE_I_COUNT; i++)
		tell(t, decode_ignored_name((enum decode_ignored)i), d->ignored[i]);
	t->group = "rejected";
	for (int i = 0; i < DECODE_R_COUNT; i++)
		tell(t, decode_rejected_name((enum decode_rejected)i), d->rejected[i]);
	t->group = "fragments";
	tell(t, "datagrams", d->datagrams);
	tell(t, "expired", d->fragments_expired);
	tell(t, "evicted", d->fragments_evicted);
}

static void
tell_checksums(struct teller *t, const struct decode_counters *d)
{
	static const char *const checked[] = { "ip", "tcp", "udp", "icmp" };
	static const char *const bad[] = { "ip_bad", "tcp_bad", "udp_bad", "icmp_bad" };

	t->group = "checksums";
	for (int i = 0; i < 4; i++) {
		tell(t, checked[i], d->checked[i]);
		tell(t, bad[i], d->bad[i]);
	}
}

static void
tell_connections(const struct connlog_engine *e, struct teller *t)
{
	static const char *const transports[] = { "unknown_transport", "tcp", "udp", "icmp" };
	static const char *const ends[] = {
#define NAME(n) #n,
		CONN_ENDS(NAME)
#undef NAME
	};
	const struct conn_counters *c = &e->store.counters;

	t->group = "connections";
	tell(t, "created", sum(c->created, 4));
	tell(t, "ended", sum(c->ended, CONN_END_COUNT));
	tell(t, "open", e->store.conns.used);
	tell(t, "peak", c->peak);
	tell(t, "flipped", c->flipped);
	t->group = "created";
	for (int i = 0; i < 4; i++)
		tell(t, transports[i], c->created[i]);
	t->group = "open";
	for (int i = 0; i < 4; i++)
		tell(t, transports[i], c->created[i] - c->gone[i]);
	t->group = "ended";
	for (int i = 0; i < CONN_END_COUNT; i++)
		tell(t, ends[i], c->ended[i]);
	t->group = "states";
	for (int i = 0; i < CONN_STATE_COUNT; i++)
		tell(t, conn_state_name((enum conn_state)i), e->states[i]);
	t->group = "timers";
	tell(t, "run", c->timers);
}

static void
tell_services(const struct inspector *i, struct teller *t)
{
	t->group = "services";
	tell(t, "inspections", i->counters.inspections);
	tell(t, "undecided", i->counters.undecided);
	tell(t, "recognisers", i->counters.attached);
	tell(t, "confirmed", i->counters.confirmed);
	tell(t, "failed", i->counters.failed);
	tell(t, "expected", i->expect.n);
	t->group = "service";
	for (enum service s = SERVICE_NONE + 1; s < SERVICE_COUNT; s++)
		tell(t, service_name(s), i->counters.by_service[s]);
}

static void
tell_contents(const struct contents *ct, struct teller *t)
{
	t->group = "contents";
	tell(t, "files", ct->opened);
	tell(t, "bytes", ct->bytes);
	tell(t, "failures", ct->failures);
}

static void
tell_limits(const struct connlog_engine *e, struct teller *t, const struct decode_counters *d)
{
	const struct conn_counters *c = &e->store.counters;
	const struct inspector     *i = &e->inspector;

	t->group = "limits";
	tell(t, "connections_evicted", c->ended[CONN_END_evicted]);
	tell(t, "fragments_evicted", d->fragments_evicted);
	tell(t, "ip_tunnels_evicted", d->ip_tunnels_evicted);
	tell(t, "reassembly_given_up", c->reassembly_given_up);
	tell(t, "contents_bytes_lost", c->contents_lost);
	tell(t, "history_letters_cut", c->history_cut);
	tell(t, "interims_given_up", c->interims_given_up);
	tell(t, "measures_given_up", c->measures_given_up);
	tell(t, "inspections_given_up", i->counters.given_up);
	tell(t, "service_events_lost", i->counters.events_lost);
	tell(t, "expectations_refused", i->expect.refused);
	tell(t, "lines_cut", i->held.refused);
	tell(t, "signature_states_lost", i->signatures ? signatures_lost(i->signatures) : 0);
}

static void
tell_scripts(const struct scripts *s, struct teller *t)
{
	t->group = "scripts";
	tell(t, "loaded", s->n);
	tell(t, "handled", s->counters.handled);
	tell(t, "errors", s->counters.errors);
	tell(t, "dropped", s->counters.dropped);
}

static void
tell_memory(const struct connlog_engine *e, struct teller *t)
{
	const struct conn_store *s = &e->store;

	t->group = "memory";
	tell(t, "connections",
	     slab_bytes(&s->conns) + slab_bytes(&s->colds) + slab_bytes(&s->sizes) + slab_bytes(&s->ends) +
	         intern_bytes(&s->links));
	tell(t, "tcp", slab_bytes(&s->tcps) + slab_bytes(&s->tcp_rares) + s->range_bytes);
	tell(t, "extra", slab_bytes(&s->extras));
	tell(t, "table", ((uint64_t)s->table.mask + 1) * sizeof *s->table.slots);
	tell(t, "services", inspector_bytes(&e->inspector));
}

/* Counts how many engines are in each stage of the emergency. */
static void
tell_emergency(const struct connlog_engine *e, struct teller *t)
{
	const struct emergency *m = &e->emergency;
	const bool              bound = e->store.memory != NULL;

	t->group = "bound";
	tell(t, "bytes", m->memory.most);
	tell(t, "used", bound ? emergency_used(e) : 0);
	tell(t, "held", bound ? m->memory.mapped + m->memory.heap : 0);
	t->group = "stages";
	tell(t, "hurry", m->stage >= PRESS_HURRY);
	tell(t, "give_up", m->stage >= PRESS_GIVE_UP);
	tell(t, "end", m->stage >= PRESS_END);
	t->group = "emergency";
	tell(t, "begun", m->episodes);
	tell(t, "connections_hurried", e->store.counters.ended[CONN_END_hurried]);
	tell(t, "allocations_refused", m->memory.refused);
	tell(t, "given_back", m->trims);
}

static void
tell_all(const struct connlog_engine *e, struct teller *t)
{
	const struct decode_counters *d = decoder_counters(e->dec);

	tell_packets(e, t, d);
	tell_checksums(t, d);
	tell_connections(e, t);
	tell_services(&e->inspector, t);
	tell_contents(&e->bus.contents, t);
	tell_limits(e, t, d);
	tell_scripts(&e->scripts, t);
	tell_memory(e, t);
	tell_emergency(e, t);
}

/* Sums over the counters of several engines, which all report the same counters in the same order. */
struct sums {
	uint64_t           values[COUNTERS_MAX];
	size_t             at;
	connlog_counter_fn fn;
	void              *arg;
};

static void
add(void *arg, const char *group, const char *name, uint64_t value)
{
	struct sums *s = arg;

	(void)group;
	(void)name;
	if (s->at < COUNTERS_MAX)
		s->values[s->at++] += value;
}

static void
tell_sum(void *arg, const char *group, const char *name, uint64_t value)
{
	struct sums *s = arg;

	(void)value;
	if (s->at < COUNTERS_MAX)
		s->fn(s->arg, group, name, s->values[s->at++]);
}

void
connlog_counters(const connlog_engine *e, connlog_counter_fn fn, void *arg)
{
	struct sums   s = { .fn = fn, .arg = arg };
	struct teller t = { fn, arg, NULL };

	if (!e->crew || !e->crew->started) {
		tell_all(e, &t);
		return;
	}
	crew_sync(e->crew);
	for (unsigned i = 0; i < e->crew->n; i++, s.at = 0) {
		t = (struct teller){ add, &s, NULL };
		tell_all(e->crew->members[i].engine, &t);
	}
	t = (struct teller){ tell_sum, &s, NULL };
	tell_all(e, &t);
	t = (struct teller){ fn, arg, "workers" };
	tell(&t, "threads", e->crew->n);
	tell(&t, "batches", e->crew->published + e->crew->stretches + e->crew->turns);
	tell(&t, "batches_in_turn", e->crew->in_turn);
}
