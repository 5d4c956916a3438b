/* timer.c - a connection's timers (Session.cc, RunState.cc).
 *
 * Zeek keeps every timer in one queue and runs at most max_timer_expires due timers before each packet; the remaining
 * ones wait for the next packet. Here a connection's earliest timer represents all of its timers, and timers run one at
 * a time, so that the order over all connections is that of Zeek's queue.
 */
#include <math.h>

#include "conn/events.h"
#include "conn/interim.h"

/* Returns when the inactivity timer is due. An embryo has seen no packet since it began. */
static inline double
idle_due(const struct conn_store *s, const struct conn *c)
{
	if (!(c->flags & CONN_EMBRYO))
		return conn_cold_at(s, c)->inactivity_at;
	const double timeout = s->timeouts[c->timeout];
	return timeout != 0 ? c->last_time + timeout : INFINITY;
}

/* Returns when the next timer other than inactivity is due: TCP's, or those of the inspection of UDP payload. */
static inline double
own_due(const struct conn_store *s, const struct conn *c)
{
	if (c->transport == TRANSPORT_TCP)
		return s->tracker->due(s, c);
	if (c->transport == TRANSPORT_UDP && c->watch)
		return s->watcher->due(s->watcher->arg, c);
	return INFINITY;
}

static double
status_due(const struct conn_store *s, const struct conn *c)
{
	const struct conn_extra *x = conn_extra_at(s, c);
	return x && x->status_at > 0 ? x->status_at : INFINITY;
}

/* Returns the time of the next status update. It is always later than now: otherwise the timer would run forever before
 * the same packet. */
static double
next_status(const struct conn_store *s)
{
	return fmax(s->now + s->opt->connection_status_update_interval, nextafter(s->now, INFINITY));
}

void
conn_enable_status_updates(struct conn_store *s, uint32_t handle)
{
	if (!conn_wants(s, CONNLOG_EVENT_CONNECTION_STATUS_UPDATE) || s->opt->connection_status_update_interval == 0)
		return;
	const double       was = conn_due(s, handle);
	struct conn_extra *x = conn_extra_need(s, handle);
	if (!x)
		return;
	x->status_at = next_status(s);
	conn_reschedule(s, handle, was);
}

static enum conn_verdict
own_timer(struct conn_store *s, uint32_t handle, enum conn_end *why)
{
	if (conn_at(s, handle)->transport == TRANSPORT_TCP)
		return s->tracker->timer(s, handle, s->now, why);
	return s->watcher->timer(s->watcher->arg, handle, s->now);
}

/* Returns whether there are timers that only report: status updates, records of open connections. */
static inline bool
has_polls(const struct conn_store *s)
{
	return (s->events.wanted & (UINT64_C(1) << CONNLOG_EVENT_CONNECTION_STATUS_UPDATE | INTERIM_WANTED)) != 0;
}

double
conn_due(const struct conn_store *s, uint32_t handle)
{
	const struct conn *c = conn_at(s, handle);
	const double       idle = idle_due(s, c);
	const double       own = own_due(s, c);
	const double       due = own < idle ? own : idle;

	if (!has_polls(s))
		return due;
	return fmin(due, fmin(status_due(s, c), interim_due(s, c)));
}

size_t
conn_timers(const struct conn_store *s, uint32_t handle, double at[CONN_TIMERS])
{
	const struct conn *c = conn_at(s, handle);
	const double       timeout = s->timeouts[c->timeout];
	size_t             n = 0;

	if (c->transport == TRANSPORT_TCP)
		n = s->tracker->timers(s, c, at);
	else
		at[n++] = own_due(s, c);
	at[n++] = idle_due(s, c);
	at[n++] = timeout != 0 ? c->last_time + timeout : INFINITY; /* after it has fired without effect */
	if (conn_wants(s, CONNLOG_EVENT_CONNECTION_STATUS_UPDATE))
		at[n++] = status_due(s, c);
	return n;
}

void
conn_reschedule(struct conn_store *s, uint32_t handle, double was)
{
	const double due = conn_due(s, handle);

	/* A node that is now due later wakes up early and is rescheduled then. If there is no memory for the timer, the
	 * connection stays until it is evicted or the input ends. */
	if (due < was)
		(void)wheel_schedule(&s->wheel, handle, due);
}

/* Sets the timeout; for `was`, see conn_reschedule(). */
static void
put_timeout(struct conn_store *s, uint32_t handle, enum conn_timeout which, double was)
{
	struct conn *c = conn_at(s, handle);
	const double timeout = s->timeouts[which];

	c->timeout = (uint8_t)which;
	if (!(c->flags & CONN_EMBRYO))
		conn_cold_at(s, c)->inactivity_at = timeout != 0 ? c->last_time + timeout : INFINITY;
	conn_reschedule(s, handle, was);
}

void
conn_begin_timeout(struct conn_store *s, uint32_t handle, enum conn_timeout which)
{
	put_timeout(s, handle, which, INFINITY);
}

void
conn_set_timeout(struct conn_store *s, uint32_t handle, enum conn_timeout which)
{
	if (s->timeouts[which] != s->timeouts[conn_at(s, handle)->timeout])
		put_timeout(s, handle, which, conn_due(s, handle));
}

/* Session::InactivityTimer: either the connection has been inactive for too long, or the timer is set again. */
static enum conn_verdict
inactivity(struct conn_store *s, uint32_t handle)
{
	const struct conn *c = conn_at(s, handle);
	const double       timeout = s->timeouts[c->timeout];

	if (c->last_time + timeout <= s->now) {
		conn_event(s, handle, CONNLOG_EVENT_CONNECTION_TIMEOUT);
		return CONN_REMOVE;
	}
	conn_cold_at(s, c)->inactivity_at = c->last_time + timeout; /* an embryo's is never later than its timeout */
	return CONN_KEEP;
}

/* Runs the status update if it is due and no other timer comes before it. Returns whether it ran. */
static bool
run_status(struct conn_store *s, uint32_t handle, double at, double before)
{
	const double status = status_due(s, conn_at(s, handle));

	if (status > at || status >= before)
		return false;
	conn_event(s, handle, CONNLOG_EVENT_CONNECTION_STATUS_UPDATE);
	conn_extra_at(s, conn_at(s, handle))->status_at = next_status(s);
	return true;
}

/* The result of run_polls(). */
enum polled { POLLED_NOTHING, POLLED_STATUS, POLLED_INTERIM };

/* Runs a timer that only reports, if it is due and no other timer comes before it. */
static enum polled
run_polls(struct conn_store *s, uint32_t handle, double at, double before)
{
	const double interim = interim_due(s, conn_at(s, handle));

	if (interim <= at && interim < before && interim <= status_due(s, conn_at(s, handle))) {
		interim_run(s, handle);
		return POLLED_INTERIM;
	}
	return run_status(s, handle, at, before) ? POLLED_STATUS : POLLED_NOTHING;
}

/* Runs the connection's earliest timer if it is due at `at`. Returns false if no timer of Zeek's was run. */
static bool
run_one(struct conn_store *s, uint32_t handle, double at)
{
	const double      idle = idle_due(s, conn_at(s, handle));
	const double      own = own_due(s, conn_at(s, handle));
	enum conn_end     why = CONN_END_inactivity;
	enum conn_verdict verdict;
	enum polled       polled = POLLED_NOTHING;

	if (has_polls(s) && (polled = run_polls(s, handle, at, fmin(own, idle))) == POLLED_INTERIM)
		return false;
	if (polled == POLLED_STATUS)
		verdict = CONN_KEEP;
	else if (own <= idle && own <= at)
		verdict = own_timer(s, handle, &why);
	else if (idle <= at)
		verdict = inactivity(s, handle);
	else
		return false;
	if (verdict == CONN_REMOVE)
		conn_remove(s, handle, why);
	return true;
}

/* Zeek's TimerMgr::Expire() at the end of the input: besides TCP's timers it runs that of DNS over UDP, which then
 * treats all queries as timed out. */
void
conn_at_end(struct conn_store *s, uint32_t handle)
{
	const struct conn *c = conn_at(s, handle);

	if (c->transport == TRANSPORT_TCP)
		s->tracker->at_end(s, handle);
	else if (own_due(s, c) < INFINITY)
		conn_event(s, handle, CONNLOG_EVENT_CONNECTION_TIMEOUT);
}

static uint64_t
timers_at_once(const struct conn_store *s)
{
	return s->opt->max_timer_expires ? s->opt->max_timer_expires : UINT64_MAX;
}

/* Returns whether the connection that a timer was set for still exists. */
static inline bool
is_current(const struct conn_store *s, const struct wheel_due *due)
{
	if (!(conn_at(s, due->handle)->flags & CONN_LIVE))
		return false;
	const struct wheel_rank rank = conn_rank(s, due->handle);
	return wheel_rank_compare(&rank, &due->rank) == 0;
}

/* Sets the current moment to this timer's, but never to an earlier one. */
static void
note_moment(struct conn_store *s, const struct wheel_due *due)
{
	struct moment *m = &s->moment;

	if (due->at > m->at || (due->at == m->at && wheel_rank_compare(&due->rank, &m->rank) > 0)) {
		m->at = due->at;
		m->rank = due->rank;
	}
}

const struct wheel_due *
conn_due_first(struct conn_store *s)
{
	const struct wheel_due *next;

	while ((next = wheel_peek(&s->wheel, s->now)) != NULL && !is_current(s, next))
		wheel_take(&s->wheel);
	return next;
}

/* A timer that was moved while it waited is put back in order. */
bool
conn_expire_one(struct conn_store *s)
{
	const struct wheel_due due = *wheel_peek(&s->wheel, s->now);
	const bool             replica = conn_at(s, due.handle)->flags & CONN_REPLICA;

	wheel_take(&s->wheel);
	if (s->keeps_moments)
		note_moment(s, &due);
	const bool ran = run_one(s, due.handle, due.at);
	if (conn_at(s, due.handle)->flags & CONN_LIVE)
		conn_reschedule(s, due.handle, INFINITY);
	s->counters.timers += ran && !replica;
	return ran && !replica;
}

/* Runs at most `*left` due timers and subtracts their number. */
static __attribute__((noinline)) void
expire(struct conn_store *s, uint64_t *left)
{
	while (*left > 0 && conn_due_first(s))
		*left -= conn_expire_one(s);
}

void
conn_advance(struct conn_store *s, double now, uint32_t salt)
{
	s->salt = salt;
	if (!conn_is_due(s, now)) { /* most packets have no due timer */
		s->now = now;
		return;
	}
	uint64_t left = timers_at_once(s);
	s->moment.at = -INFINITY;
	if (s->behind) /* timers left over from the previous packet run first, at that packet's time */
		expire(s, &left);
	s->now = now;
	expire(s, &left);
	s->behind = left == 0;
}

bool
conn_idle(struct conn_store *s, double now, uint64_t most)
{
	uint64_t left = most;

	if (now < s->now)
		return false;
	s->now = now;
	s->moment.at = -INFINITY;
	expire(s, &left);
	return left == 0;
}
