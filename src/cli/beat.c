/* beat.c - see beat.h. */
#include "cli/beat.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "sensor/clock.h"

#define STATUS_EVERY  5.0 /* seconds */
#define PUBLISH_EVERY 1.0
#define BEHIND_FOR    15.0 /* as often as Prometheus usually asks */
#define TALKERS_FOR   15.0 /* after the latest request */

enum { STATUS_MAX = 512 };

/* A connlog_counter_fn. */
static void
find_open(void *arg, const char *group, const char *name, uint64_t value)
{
	if (strcmp(group, "connections") == 0 && strcmp(name, "open") == 0)
		*(uint64_t *)arg = value;
}

static void
tell_status(struct beat *b, double now)
{
	const double            seconds = now - b->told_at;
	connlog_source_progress at;
	char                    text[STATUS_MAX];
	uint64_t                open = 0;

	if (b->notify->fd < 0 || now < b->status_at)
		return;
	b->status_at = now + STATUS_EVERY;
	connlog_source_progress_get(b->metrics.source, &at);
	connlog_counters(b->metrics.engine, find_open, &open);
	snprintf(text, sizeof text,
	         "STATUS=%.0f packets/s, %.1f Mbit/s; %" PRIu64 " connections open, %" PRIu64 " logged; lost: %" PRIu64
	         " packets, %" PRIu64 " records",
	         (double)(at.packets - b->packets) / seconds, (double)(at.bytes - b->bytes) * 8e-6 / seconds, open,
	         b->metrics.output->records, at.dropped, b->metrics.output->lost);
	notify_say(b->notify, text);
	b->packets = at.packets;
	b->bytes = at.bytes;
	b->told_at = now;
}

/* The top talkers are counted as long as somebody wants them: a client that asks every few seconds, as `connlog top` does, or one that
 * follows the page.  Returns how many are in `out`. */
static size_t
take_talkers(struct beat *b, double now, double seconds, struct talker_rates out[TALKERS_SHOWN])
{
	const unsigned asked = b->serve != NULL ? serve_asked(b->serve, SERVE_TALKERS) : 0;
	const bool     followed = b->page != NULL && live_page_wants_talkers(b->page);

	if (asked != b->talkers_asked || followed) {
		b->talkers_asked = asked;
		b->talkers_until = now + TALKERS_FOR;
		if (b->talkers == NULL) { /* if that fails, there are none to show */
			b->talkers = talkers_new();
			return 0;
		}
	}
	if (b->talkers == NULL)
		return 0;
	if (now < b->talkers_until)
		return talkers_take(b->talkers, seconds, out);
	talkers_free(b->talkers);
	b->talkers = NULL;
	return 0;
}

/* Publishes for Prometheus and `connlog top` what answers all requests of the next second. */
static void
publish_metrics(struct beat *b, const struct talker_rates *talkers, size_t talkers_n)
{
	size_t n;
	char  *text = metrics_text(&b->metrics, &n);

	if (text != NULL) /* otherwise the previous ones stay */
		serve_publish(b->serve, SERVE_METRICS, text, n);
	text = b->talkers != NULL ? talkers_text(talkers, talkers_n, &n) : NULL;
	serve_publish(b->serve, SERVE_TALKERS, text, n);
}

/* Publishes the current counters. */
static void
publish(struct beat *b, double now)
{
	struct talker_rates talkers[TALKERS_SHOWN];

	if (b->page != NULL)
		live_page_tick(b->page, now);
	if ((b->serve == NULL && b->page == NULL) || now < b->publish_at)
		return;
	b->publish_at = now + PUBLISH_EVERY;
	b->metrics.behind = fmax(b->behind[0], b->behind[1]);
	if (now >= b->behind_at) {
		b->behind_at = now + BEHIND_FOR;
		b->behind[1] = b->behind[0];
		b->behind[0] = 0;
	}
	const size_t n = take_talkers(b, now, now - b->published_at, talkers);
	b->published_at = now;
	if (b->page != NULL)
		live_page_state(b->page, &b->metrics, talkers, n);
	if (b->serve != NULL)
		publish_metrics(b, talkers, n);
}

bool
beat_begin(struct beat *b, struct outfit *outfit, const struct metrics *metrics)
{
	*b = (struct beat){ .notify = &outfit->notify, .serve = outfit->serve, .page = outfit->page, .metrics = *metrics };
	b->metrics.statm = outfit->statm;
	b->metrics.page = outfit->page;
	b->metrics.started = clock_wall();
	b->metrics.started_steady = b->published_at = b->told_at = clock_steady();
	b->status_at = b->told_at + 1;
	publish(b, b->told_at);
	if (b->serve != NULL && !serve_begin(b->serve)) {
		complain("--metrics: there is no thread that could answer");
		return false;
	}
	if (b->page != NULL && !live_page_begin(b->page))
		return false;
	notify_say(b->notify, "READY=1\nSTATUS=captures");
	return true;
}

void
beat_packets(struct beat *b, const connlog_packet *p, size_t n, double now)
{
	/* The first of them has waited longest. */
	if (n > 0)
		b->behind[0] = fmax(b->behind[0], now - ((double)p->sec + (double)p->nsec * 1e-9));
	if (b->talkers != NULL)
		talkers_packets(b->talkers, p, n);
}

void
beat_tick(struct beat *b, double now)
{
	notify_alive(b->notify, now);
	tell_status(b, now);
	publish(b, now);
}

void
beat_end(struct beat *b)
{
	notify_say(b->notify, "STOPPING=1\nSTATUS=logs what is open");
	talkers_free(b->talkers);
	b->talkers = NULL;
}
