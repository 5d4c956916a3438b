/* bound.c - puts the store's memory under a bound: base/memory.h. */
#include "conn/conn.h"

enum { SLABS = 9, DUE_AT_ONCE = 4096 /* timers */ };

/* Collects the slabs of connections and of the state attached to them. */
static void
slabs_of(struct conn_store *s, struct slab *at[SLABS])
{
	unsigned n = 0;

	at[n++] = &s->conns;
	at[n++] = &s->colds;
	at[n++] = &s->ends;
	at[n++] = &s->sizes;
	at[n++] = &s->extras;
	at[n++] = &s->tcps;
	at[n++] = &s->tcp_rares;
	at[n++] = &s->tcp_stats;
	at[n++] = &s->measures;
}

void
conn_store_bound(struct conn_store *s, struct memory *m)
{
	struct slab *at[SLABS];

	s->memory = m;
	slabs_of(s, at);
	for (unsigned i = 0; i < SLABS; i++)
		slab_bound(at[i], m, 0);
	s->conns.leave = m->most / 32; /* reserve enough for existing connections to continue */
	table_bound(&s->table, m, m->most / 32);
	wheel_bound(&s->wheel, DUE_AT_ONCE);
}

void
conn_store_trim(struct conn_store *s)
{
	struct slab *at[SLABS];

	slabs_of(s, at);
	for (unsigned i = 0; i < SLABS; i++)
		slab_trim(at[i]);
}

uint64_t
conn_store_used(const struct conn_store *s)
{
	return slab_used(&s->conns) + slab_used(&s->colds) + slab_used(&s->ends) + slab_used(&s->sizes) +
	       slab_used(&s->extras) + slab_used(&s->tcps) + slab_used(&s->tcp_rares) + slab_used(&s->tcp_stats) +
	       slab_used(&s->measures) + table_bytes(&s->table);
}
