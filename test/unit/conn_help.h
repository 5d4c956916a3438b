/* conn_help.h - a connection store that is fed with packets made by the test. */
#ifndef CONN_HELP_H
#define CONN_HELP_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "conn/conn.h"
#include "conn/drain.h"
#include "engine/options.h"
#include "record/fill.h"
#include "track/track.h"

/* The latest log entry, and the number of all. */
struct logged {
	unsigned    n;
	char        history[256];
	char        state[8];
	char        uid[UID_TEXT_MAX];
	uint64_t    bytes[2], pkts[2], missed;
	double      duration;
	bool        has_duration, has_local;
	struct addr orig_h;
};

struct world {
	connlog_options       *given;
	struct connlog_options opt;
	struct conn_store      s;
	struct packet_clock    clock;
	struct logged          log;
};

static inline void
keep_record(void *arg, struct conn_store *s, uint32_t handle)
{
	struct world     *w = arg;
	struct fill_texts texts;
	struct record     r;

	fill_record(s, handle, NULL, &texts, &r);
	w->log = (struct logged){ .n = w->log.n + 1,
		                      .bytes = { r.orig_bytes, r.resp_bytes },
		                      .pkts = { r.orig_pkts, r.resp_pkts },
		                      .missed = r.missed_bytes,
		                      .duration = r.duration,
		                      .has_duration = (r.has & HAS_LASTED) != 0,
		                      .has_local = (r.has & HAS_LOCAL) != 0,
		                      .orig_h = r.orig_h };
	assert_true(r.history.n < sizeof w->log.history && r.conn_state.n < sizeof w->log.state);
	memcpy(w->log.history, r.history.p, r.history.n);
	memcpy(w->log.state, r.conn_state.p, r.conn_state.n);
	memcpy(w->log.uid, r.uid.p, r.uid.n);
}

/* `name`, `value`: an option that differs from its default, or NULL. */
static inline struct world *
world_new(const char *name, const char *value)
{
	struct world *w = calloc(1, sizeof *w);
	char          err[256];

	assert_non_null(w);
	w->given = connlog_options_new();
	assert_non_null(w->given);
	if (name)
		assert_int_equal(connlog_options_set(w->given, name, value, err, sizeof err), CONNLOG_OK);
	assert_true(options_copy(w->given, &w->opt));
	assert_true(conn_store_init(&w->s, &w->opt.conn, &tcp_tracker));
	w->clock.now = EPOCH_LEAST;
	w->s.on_end = keep_record;
	w->s.on_end_arg = w;
	return w;
}

static inline void
world_free(struct world *w)
{
	conn_store_free(&w->s);
	options_clear(&w->opt);
	connlog_options_free(w->given);
	free(w);
}

/* A packet between 10.0.0.1:1234 and 10.0.0.2:80, from the first if `from` is 0. */
static inline struct pkt
packet(enum transport transport, int from, double ts)
{
	static const uint8_t  hosts[2][4] = { { 10, 0, 0, 1 }, { 10, 0, 0, 2 } };
	static const uint16_t ports[2] = { 1234, 80 };
	static const uint8_t  protos[] = { 132, 6, 17, 1 };

	return (struct pkt){
		.ts = ts,
		.vlan = PKT_VLAN_NONE,
		.inner_vlan = PKT_VLAN_NONE,
		.pppoe_session = PKT_SESSION_NONE,
		.src = addr_from_v4(hosts[from]),
		.dst = addr_from_v4(hosts[!from]),
		.sport = ports[from],
		.dport = ports[!from],
		.transport = transport,
		.proto = protos[transport],
		.ip_version = 4,
		.tcp_off = 5,
		.tcp_win = 1000,
	};
}

/* Does what the engine does with a packet that belongs to a connection. Returns its connection. */
static inline uint32_t
feed(struct world *w, const struct pkt *p)
{
	const uint32_t hash = conn_hash(&w->s, p);
	struct conn   *c;
	bool           flip, is_orig;

	clock_packet(&w->clock, p->ts);
	conn_advance(&w->s, w->clock.now, w->clock.salt);
	uint32_t handle = conn_find(&w->s, p, hash, &c, &is_orig);
	if (handle && track_is_reuse(&w->s, c, p)) {
		conn_remove(&w->s, handle, CONN_END_reused);
		handle = 0;
	}
	if (!handle) {
		assert_true(track_wants(w->s.opt, p, &flip));
		handle = conn_create(&w->s, p, hash, flip);
		assert_int_not_equal(handle, 0);
		assert_true(track_begin(&w->s, handle, p));
		c = conn_at(&w->s, handle);
		is_orig = p->sport == c->p[ORIG] && c->v4[ORIG] == addr_v4(&p->src);
	}
	track_packet(&w->s, handle, c, p, is_orig);
	return handle;
}

#endif
