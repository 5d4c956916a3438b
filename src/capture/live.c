/* live.c - the source that captures from interfaces: what they see, in the order of time.
 *
 * Each interface is a tap (tap.h) or several, each of which has its packets in order.  What comes first is handed out first; as
 * long as a tap has none, packets of the others are held back for as long as the kernel may still have earlier ones of it, but never
 * when a ring is filling up.  There is no clock in the library: how late it is tell the packets themselves, and how
 * long poll() has waited.
 *
 * To stop is to set a flag: the kernel is then told to take in nothing more, and what it still holds is handed out before the
 * end.
 */
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture/dlt.h"
#include "capture/filter.h"
#include "capture/iface.h"
#include "capture/tap.h"

#define WAIT_MS 100 /* the longest that a read waits */
#define MILLION UINT64_C(1000000)

enum {
	SLICES = 4,       /* in which what is held back is waited for */
	SLACK_MS = 5,     /* the kernel's timers are not exact */
	RING_BLOCKS = 16, /* that each of several rings has at least */
	BLOCK_LEAST = 16 << 10,
	BLOCK_MOST = 64 << 20,
	TIMEOUT_MOST = 10000,
	SNAPLEN_LEAST = 64,
};

struct live {
	connlog_source        base;
	connlog_live_options  options; /* all of them set */
	struct filter        *filter;  /* NULL: all packets */
	char                **names;   /* of the interfaces */
	char                 *title;   /* all of them */
	size_t                title_size;
	size_t                interfaces;
	uint64_t             *drops; /* of the interfaces: when the capture began, */
	uint64_t             *lost;  /* and since then */
	size_t               *ends;  /* behind the last tap of each */
	struct tap          **taps;
	struct pollfd        *polled;
	size_t                n;       /* taps */
	int                   netlink; /* where the interfaces' drops are asked for */
	volatile sig_atomic_t stop;
	bool                  draining; /* stopped: the kernel takes in nothing more */
	bool                  ended;
	unsigned              hold_ms;   /* so late the kernel hands packets over, at the most */
	unsigned              waited_ms; /* in which nothing came of the interfaces that have nothing */
	uint64_t              waited_at; /* the latest packet when that began */
};

static struct live *
live_of(connlog_source *s)
{
	return (struct live *)(void *)s;
}

void
tap_say(const connlog_live_options *o, bool warning, const char *format, ...)
{
	char    text[600];
	va_list ap;

	if (o->say == NULL)
		return;
	va_start(ap, format);
	vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	o->say(o->say_arg, warning, text);
}

/* ---- reading ----------------------------------------------------------------------------------------------------- */

/* Returns CONNLOG_OK, or an error with its text, behind which what has come already is handed out. */
static int
look(struct live *l, char *err, size_t err_size)
{
	for (size_t i = 0; i < l->n; i++) {
		const int r = l->taps[i]->ops->look(l->taps[i], err, err_size);
		if (r == CONNLOG_OK)
			continue;
		if (!l->draining) {
			l->stop = 1;
			return r;
		}
		l->ended = true;
	}
	/* Asked when all that the others have is known, so what comes now is later. */
	for (size_t i = 0; i < l->n; i++) {
		struct tap *t = l->taps[i];
		t->vacant = !t->ready && t->ops->is_vacant != NULL && t->ops->is_vacant(t);
	}
	return CONNLOG_OK;
}

/* Returns the time up to which packets may be handed out: none that is earlier can come any more. */
static uint64_t
horizon(const struct live *l)
{
	const uint64_t hold = l->hold_ms * MILLION;
	uint64_t       newest = 0, until = UINT64_MAX;

	for (size_t i = 0; i < l->n; i++) {
		const struct tap *t = l->taps[i];
		if (t->crowded)
			return UINT64_MAX;
		if (t->ready && t->newest > newest)
			newest = t->newest;
		if (!t->ready && !t->absent && !t->vacant && t->newest < until)
			until = t->newest;
	}
	if (until == UINT64_MAX)
		return until;
	if (newest > hold && newest - hold > until)
		until = newest - hold;
	return l->waited_ms >= l->hold_ms && l->waited_at > until ? l->waited_at : until;
}

/* Returns the tap whose packet is the earliest, or NULL for none; *others is lowered to the earliest of the other taps. */
static struct tap *
earliest(const struct live *l, uint64_t *others)
{
	struct tap *first = NULL;

	for (size_t i = 0; i < l->n; i++) {
		struct tap *t = l->taps[i], *later = first;
		if (!t->ready)
			continue;
		if (!first || t->head < first->head)
			first = t;
		else
			later = t;
		if (later && later->head < *others)
			*others = later->head;
	}
	return first;
}

static size_t
merge(struct live *l, connlog_packet *p, size_t max)
{
	const uint64_t until = horizon(l);
	size_t         n = 0;

	while (n < max) {
		uint64_t    others = until;
		struct tap *first = earliest(l, &others);
		if (!first || first->head > until)
			break;
		n += first->ops->take(first, p + n, max - n, others);
		if (!first->ready) /* whether it has more, the next look() tells */
			break;
	}
	return n;
}

/* Waits until one of the interfaces that have nothing has something.  Returns whether the time has passed without. */
static bool
wait_for_packets(struct live *l, unsigned ms)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct tap *t = l->taps[i];
		l->polled[i] = (struct pollfd){ .fd = t->ready ? -1 : t->ops->fd(t), .events = POLLIN };
	}
	const int n = poll(l->polled, l->n, (int)ms);
	for (size_t i = 0; i < l->n; i++)
		l->taps[i]->trouble = n > 0 && (l->polled[i].revents & (POLLERR | POLLHUP | POLLNVAL));
	return n == 0;
}

static bool
holds_back(const struct live *l)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->taps[i]->ready)
			return true;
	return false;
}

static uint64_t
newest(const struct live *l)
{
	uint64_t at = 0;

	for (size_t i = 0; i < l->n; i++)
		if (l->taps[i]->ready && l->taps[i]->newest > at)
			at = l->taps[i]->newest;
	return at;
}

/* Waits for packets, or for so long that those can go that are held back. */
static void
wait_a_while(struct live *l)
{
	const bool     holding = holds_back(l);
	const unsigned slice = l->hold_ms / SLICES + 1;

	if (l->waited_ms == 0)
		l->waited_at = newest(l);
	if (!wait_for_packets(l, holding ? slice : l->draining ? l->hold_ms : WAIT_MS))
		l->waited_ms = 0;
	else if (holding)
		l->waited_ms += slice;
	else if (l->draining)
		l->ended = true;
}

static void
begin_draining(struct live *l)
{
	l->draining = true;
	for (size_t i = 0; i < l->n; i++)
		if (!l->taps[i]->ops->close_door(l->taps[i]))
			l->ended = true;
}

static int
live_read(connlog_source *s, connlog_packet *p, size_t max, char *err, size_t err_size)
{
	struct live *l = live_of(s);
	size_t       n = 0;

	if (l->stop && !l->draining)
		begin_draining(l);
	for (int tries = 0; tries < 2 && n == 0 && !l->ended; tries++) {
		if (tries > 0)
			wait_a_while(l);
		const int r = look(l, err, err_size);
		if (r != CONNLOG_OK)
			return r;
		n = merge(l, p, max);
	}
	if (n > 0)
		l->waited_ms = 0;
	return n == 0 && l->ended ? CONNLOG_END : (int)n;
}

/* ---- the rest of a source ---------------------------------------------------------------------------------------- */

static size_t
first_tap(const struct live *l, size_t interface)
{
	return interface > 0 ? l->ends[interface - 1] : 0;
}

/* An interface that has gone and come back counts from 0 again. */
static uint64_t
interface_lost(const struct live *l, size_t i)
{
	const uint64_t now = iface_drops(l->netlink, l->names[i]);

	if (now >= l->drops[i])
		l->lost[i] += now - l->drops[i];
	l->drops[i] = now;
	return l->lost[i];
}

static bool
live_interface(const connlog_source *s, size_t i, connlog_interface_progress *out)
{
	const struct live *l = (const struct live *)(const void *)s;

	if (i >= l->interfaces)
		return false;
	const size_t first = first_tap(l, i);
	*out = (connlog_interface_progress){
		.name = l->names[i],
		.down = l->taps[first]->absent,
		.dropped_interface = interface_lost(l, i),
	};
	for (size_t k = first; k < l->ends[i]; k++) {
		struct tap *t = l->taps[k];
		t->ops->count(t);
		out->packets += t->counts.packets;
		out->bytes += t->counts.bytes;
		out->filtered += t->counts.filtered;
		out->dropped_ring += t->counts.dropped;
		out->freezes += t->counts.freezes;
	}
	return true;
}

static bool
live_ring(const connlog_source *s, size_t i, size_t ring, connlog_ring_progress *out)
{
	const struct live *l = (const struct live *)(const void *)s;

	if (i >= l->interfaces || ring >= l->ends[i] - first_tap(l, i))
		return false;
	struct tap *t = l->taps[first_tap(l, i) + ring];
	t->ops->count(t);
	*out = (connlog_ring_progress){
		.packets = t->counts.packets,
		.bytes = t->counts.bytes,
		.dropped = t->counts.dropped,
		.freezes = t->counts.freezes,
	};
	return true;
}

static void
live_progress(const connlog_source *s, connlog_source_progress *out)
{
	connlog_interface_progress at;

	for (size_t i = 0; live_interface(s, i, &at); i++) {
		out->bytes += at.bytes;
		out->packets += at.packets;
		out->filtered += at.filtered;
		out->dropped += at.dropped_ring + at.dropped_interface;
	}
	out->name = ((const struct live *)(const void *)s)->title;
}

static void
live_stop(connlog_source *s)
{
	live_of(s)->stop = 1;
}

static void
live_free(connlog_source *s)
{
	struct live *l = live_of(s);

	for (size_t i = 0; i < l->n; i++)
		l->taps[i]->ops->free(l->taps[i]);
	for (size_t i = 0; i < l->interfaces; i++)
		free(l->names[i]);
	if (l->netlink >= 0)
		close(l->netlink);
	filter_free(l->filter);
	free(l->names);
	free(l->title);
	free(l->taps);
	free(l->drops);
	free(l->lost);
	free(l->ends);
	free(l->polled);
	free(l);
}

/* ---- opening ----------------------------------------------------------------------------------------------------- */

static int
check_options(connlog_live_options *o, char *err, size_t err_size)
{
	if (o->block == 0)
		o->block = 256 << 10;
	if (o->ring == 0)
		o->ring = o->block > 32 << 20 ? 2 * (uint64_t)o->block : 64 << 20;
	if (o->timeout == 0)
		o->timeout = 20;
	if (o->snaplen == 0)
		o->snaplen = CAPTURE_SNAPLEN_MAX;
	if (o->rings == 0)
		o->rings = 1;
	if (o->block < BLOCK_LEAST || o->block > BLOCK_MOST || (o->block & (o->block - 1)) != 0)
		return source_fail(err, err_size, CONNLOG_BAD_OPTION,
		                   "a ring's blocks are of 16 KiB to 64 MiB, a power of two: not %u bytes", o->block);
	if (o->ring < 2 * (uint64_t)o->block || o->ring > UINT32_MAX)
		return source_fail(err, err_size, CONNLOG_BAD_OPTION,
		                   "a ring has two blocks (of %u KiB) at least and less than 4 GiB: not %llu KiB",
		                   o->block >> 10, (unsigned long long)o->ring >> 10);
	if (o->timeout > TIMEOUT_MOST)
		return source_fail(err, err_size, CONNLOG_BAD_OPTION, "a ring's time-out is 1 to %d ms: not %u", TIMEOUT_MOST,
		                   o->timeout);
	if (o->snaplen < SNAPLEN_LEAST || o->snaplen > CAPTURE_SNAPLEN_MAX)
		return source_fail(err, err_size, CONNLOG_BAD_OPTION, "%d to %u bytes of a packet can be captured: not %u",
		                   SNAPLEN_LEAST, CAPTURE_SNAPLEN_MAX, o->snaplen);
	const uint64_t most = o->ring / o->block / RING_BLOCKS;
	if (o->rings > RINGS_MAX)
		o->rings = RINGS_MAX;
	if (o->rings > most)
		o->rings = most > 0 ? (uint32_t)most : 1;
	return CONNLOG_OK;
}

/* Returns whether it was there. */
static bool
cut_prefix(char *name, const char *prefix)
{
	const size_t n = strlen(prefix);

	if (strncmp(name, prefix, n) != 0)
		return false;
	memmove(name, name + n, strlen(name + n) + 1);
	return true;
}

/* Opens the taps of an interface, and counts them. */
static int
open_taps(struct live *l, size_t i, char *err, size_t err_size)
{
	const connlog_live_options *o = &l->options;
	struct tap                **taps = l->taps + l->n;
	char                        why[400];
	bool                        pcap = cut_prefix(l->names[i], "pcap::") || cut_prefix(l->names[i], "pcap:");
	int                         status = CONNLOG_OK;

	if (!pcap) {
		cut_prefix(l->names[i], "af_packet::");
		status = ring_open(l->names[i], o, l->filter, o->rings, taps, why, sizeof why);
		if (status == CONNLOG_END)
			tap_say(o, false, "%s: captured through libpcap, not from a ring: %s", l->names[i], why);
		else if (status != CONNLOG_OK)
			return source_fail(err, err_size, status, "%s", why);
		pcap = status == CONNLOG_END;
		l->n += pcap ? 0 : o->rings;
	}
	if (pcap && (status = pcap_tap_open(l->names[i], o, taps, err, err_size)) == CONNLOG_OK)
		l->n++;
	l->ends[i] = l->n;
	return status;
}

static bool
has_memory(struct live *l, const char *const *names, size_t n)
{
	l->title_size = 1;
	l->names = calloc(n, sizeof *l->names);
	l->drops = calloc(n, sizeof *l->drops);
	l->lost = calloc(n, sizeof *l->lost);
	l->ends = calloc(n, sizeof *l->ends);
	l->taps = calloc(n * l->options.rings, sizeof(void *));
	l->polled = calloc(n * l->options.rings, sizeof *l->polled);
	for (size_t i = 0; i < n; i++)
		l->title_size += strlen(names[i]) + 2;
	l->title = calloc(1, l->title_size);
	if (!l->names || !l->taps || !l->drops || !l->lost || !l->ends || !l->polled || !l->title)
		return false;
	for (; l->interfaces < n; l->interfaces++)
		if (!(l->names[l->interfaces] = strdup(names[l->interfaces])))
			return false;
	return true;
}

/* All but the memory. */
static int
open_all(struct live *l, char *err, size_t err_size)
{
	const char *bpf = l->options.filter;
	int         r = CONNLOG_OK;

	if (bpf && *bpf && !(l->filter = filter_new(bpf, err, err_size)))
		r = CONNLOG_BAD_OPTION;
	l->netlink = iface_drops_open();
	l->hold_ms = 2 * l->options.timeout + SLACK_MS; /* a block is handed over at the second tick of its timer */
	for (size_t i = 0; i < l->interfaces && r == CONNLOG_OK; i++) {
		r = open_taps(l, i, err, err_size);
		l->drops[i] = iface_drops(l->netlink, l->names[i]);
		const size_t used = strlen(l->title);
		snprintf(l->title + used, l->title_size - used, "%s%s", i > 0 ? ", " : "", l->names[i]);
	}
	return r;
}

connlog_source *
connlog_source_interfaces(const char *const *names, size_t n, const connlog_live_options *o, char *err, size_t err_size)
{
	static const struct source_ops ops = { live_read, live_progress, live_stop, live_free, live_interface,
		                                   NULL,      live_ring,     NULL,      NULL };
	connlog_live_options           options = o ? *o : (connlog_live_options){ 0 };
	struct live                   *l;

	if (check_options(&options, err, err_size) != CONNLOG_OK)
		return NULL;
	if (!(l = calloc(1, sizeof *l))) {
		source_fail(err, err_size, CONNLOG_NO_MEMORY, "no memory for a source");
		return NULL;
	}
	l->base.ops = &ops;
	l->netlink = -1;
	l->options = options;
	if (!has_memory(l, names, n)) {
		source_fail(err, err_size, CONNLOG_NO_MEMORY, "no memory for a source");
		live_free(&l->base);
		return NULL;
	}
	if (open_all(l, err, err_size) == CONNLOG_OK)
		return &l->base;
	live_free(&l->base);
	return NULL;
}

connlog_source *
connlog_source_live(const char *iface, const char *bpf, char *err, size_t err_size)
{
	return connlog_source_interfaces(&iface, 1, &(connlog_live_options){ .filter = bpf }, err, err_size);
}
