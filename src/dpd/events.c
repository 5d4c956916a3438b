/* events.c - what confirmations and violations do (scripts/base/frameworks/analyzer/{main,dpd}.zeek,
 * scripts/policy/frameworks/analyzer/..., conn/failed-service-logging.zeek, conn/inactivity.zeek).
 *
 * Zeek queues events and runs them at the end of the packet: first all that were raised, then those raised by their
 * handlers, among them the failure of an analyzer. A protocol that is both confirmed and violated by one packet
 * therefore ends as failed, regardless of the order.
 */
#include "dpd/inspect.h"

#include "track/tcp.h"

void
events_add(struct talk *t, enum event_kind kind)
{
	struct inspector *i = talk_inspect(t)->by;

	if (i->n_events == EVENTS_MAX) {
		i->counters.events_lost++;
		return;
	}
	i->events[i->n_events++] = (struct event){
		.from = t,
		.kind = kind,
		.service = (enum service)t->what,
		.outside = (t->flags & TALK_OUTSIDE) != 0,
	};
}

static uint64_t
size_of(const struct inspect *in)
{
	const struct conn   *c = inspect_conn(in);
	struct conn_endpoint end[2];

	conn_endpoints(in->by->s, c, end);
	return end[ORIG].size + end[RESP].size;
}

/* Returns the payload bytes of both sides by TCP's sequence numbers. */
static uint64_t
tcp_sizes(const struct conn_store *s, const struct tcp *t)
{
	return tcp_size(s, t, &t->ep[0]) + tcp_size(s, t, &t->ep[1]);
}

static bool
lacks_bytes(const struct tcp *t)
{
	return (t->flags & TCP_IS_PARTIAL) || ((t->ep[0].flags | t->ep[1].flags) & EP_GAP);
}

/* Returns whether violations are dropped because the stream is incomplete
 * (TCP_ApplicationAnalyzer::AnalyzerViolation). */
static bool
is_incomplete(const struct inspect *in)
{
	return !(in->flags & INSPECT_UDP) && lacks_bytes(tcp_at(in->by->s, inspect_conn(in)));
}

static bool
is_too_late(const struct inspect *in)
{
	const uint64_t most = in->by->opt->ignore_violations_after;
	return most > 0 && size_of(in) > most;
}

bool
events_deaf(const struct inspect *in)
{
	const struct conn_store *s = in->by->s;
	const struct conn       *c = inspect_conn(in);
	const uint64_t           most = in->by->opt->ignore_violations_after;

	if (in->flags & INSPECT_UDP || !tcp_is_open(c))
		return is_incomplete(in) || is_too_late(in);
	const struct tcp *t = tcp_at(s, c); /* called for most packets, so tested in one go */
	if (lacks_bytes(t))
		return true;
	/* Packets have more bytes than payload. If bytes are missing, the sequence numbers show it later; until then this
	 * check has no effect. */
	return most > 0 && (uint64_t)c->bytes[ORIG] + c->bytes[RESP] > most && tcp_sizes(s, t) > most;
}

/* Returns whether the recogniser's violations may be dropped. Kerberos inside GSSAPI is Zeek's analyzer for datagrams,
 * whose violations are never dropped. */
static bool
is_filtered(const struct talk *t)
{
	return t->what != SERVICE_KRB && is_incomplete(talk_inspect(t));
}

static void
confirm(struct inspect *in, enum service s)
{
	in->by->counters.confirmed++;
	if (!found_has(&in->found, &in->by->verdicts, VERDICT_SERVICE, s))
		in->by->counters.by_service[s]++;
	found_add(&in->found, &in->by->verdicts, VERDICT_SERVICE, s);
	if (s == SERVICE_SSH || s == SERVICE_FTP) /* Conn::analyzer_inactivity_timeouts */
		conn_set_timeout(in->by->s, in->handle, TIMEOUT_ANALYZER);
}

/* Processes a violation. Returns true if the service fails because of it. */
static bool
violate(struct inspect *in, const struct event *e)
{
	if (e->service == SERVICE_DCE_RPC || e->service == SERVICE_NTLM) /* DPD::ignore_violations */
		return false;
	if (is_too_late(in))
		return false;
	if (e->service == SERVICE_NONE) { /* a signature matcher: matching ends */
		tree_remove(in, e->from);
		return false;
	}
	if (!tree_live(in, in->child, e->service))
		return true;
	if (e->outside || (e->from->flags & TALK_REMOVING))
		return false;
	tree_remove(in, e->from);
	return true;
}

static void
fail(struct inspect *in, enum service s)
{
	if (!found_has(&in->found, &in->by->verdicts, VERDICT_SERVICE, s))
		return;
	in->by->counters.failed++;
	if (in->by->opt->track_removed_services_in_connection)
		found_add(&in->found, &in->by->verdicts, VERDICT_REMOVED, s);
	else
		found_remove(&in->found, &in->by->verdicts, VERDICT_SERVICE, s);
	found_add(&in->found, &in->by->verdicts, VERDICT_FAILED, s);
}

void
events_drain(struct inspector *i)
{
	enum service    failed[EVENTS_MAX];
	unsigned        n_failed = 0;
	struct inspect *in = i->n_events ? talk_inspect(i->events[0].from) : NULL;

	for (unsigned k = 0; k < i->n_events; k++) {
		const struct event *e = &i->events[k];
		switch (e->kind) {
		case EVENT_CONFIRM:
			confirm(in, e->service);
			break;
		case EVENT_VIOLATE:
			if (violate(in, e))
				failed[n_failed++] = e->service;
			break;
		case EVENT_GRIDFTP:
			if (in->flags & INSPECT_GRIDFTP)
				found_add(&in->found, &in->by->verdicts, VERDICT_SERVICE, SERVICE_GRIDFTP);
			break;
		case EVENT_DISABLE:
			tree_remove(in, e->from);
			break;
		}
	}
	i->n_events = 0;
	for (unsigned k = 0; k < n_failed; k++)
		fail(in, failed[k]);
}

/* ---- functions for recognisers */

void
talk_confirm(struct talk *t)
{
	if (t->flags & TALK_CONFIRMED)
		return;
	t->flags |= TALK_CONFIRMED;
	events_add(t, EVENT_CONFIRM);
}

void
talk_violate(struct talk *t)
{
	if (!is_filtered(t))
		events_add(t, EVENT_VIOLATE);
}

void
talk_throw(struct talk *t)
{
	if (t->flags & TALK_REPLAY)
		t->flags |= TALK_THREW;
	else
		talk_violate(t);
}

void
talk_skip(struct talk *t)
{
	t->flags |= TALK_SKIP;
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
	t->flags |= TALK_SETTLED;
}

void
talk_disable(struct talk *t)
{
	events_add(t, EVENT_DISABLE);
}

void
talk_ssl_established(struct talk *t)
{
	events_add(t, EVENT_GRIDFTP);
	events_add(t, EVENT_DISABLE);
}

void
talk_gridftp_data(struct talk *t)
{
	struct inspect *in = talk_inspect(t);

	if (in->flags & INSPECT_WEIGHS)
		return;
	in->flags |= INSPECT_WEIGHS;
	in->by->weighing++;
}

void
talk_drain(struct talk *t)
{
	events_drain(talk_inspect(t)->by);
}

struct smtp_transactions *
talk_smtp(struct talk *t)
{
	return &talk_inspect(t)->smtp;
}

void
talk_gridftp(struct talk *t, bool gssapi)
{
	struct inspect *in = talk_inspect(t);

	if (gssapi)
		in->flags |= INSPECT_GRIDFTP;
	else
		in->flags &= (uint8_t)~INSPECT_GRIDFTP;
}

void
talk_expect(struct talk *t, enum service data, const struct addr *orig, const struct addr *resp, uint16_t port)
{
	struct inspector *i = talk_inspect(t)->by;

	expect_add(&i->expect, data, orig, resp, port, i->s->now);
}
