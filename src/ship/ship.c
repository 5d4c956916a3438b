/* ship.c - see ship.h. */
#include "ship/ship.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sensor/clock.h"
#include "ship/keeper.h"
#include "ship/sink.h"

#define TELL_EVERY 60.0
#define LEAVE      5.0 /* seconds that the other process may take beyond its patience */

enum {
	TEXT_MAX = 1024,
	SLICE_MS = 100,
	FLYING_MOST = 96 << 20, /* bytes of lines waiting for an acknowledgement */
};

struct ship {
	struct ship_options o;
	struct sink        *sinks;
	size_t              n;
	struct counts      *counts;  /* one per sink, shared with */
	int                 control; /* the delivering processes, at the other end of this socket */
	bool                begun, ended;
};

/* ---- the delivering processes */

/* Gives a carrier its share of the memory. Returns false when out of memory. */
static bool
prepare_carrier(const struct ship *s, const struct sink *k, struct carrier *w, int control)
{
	struct runner *r = &w->runner;

	*w = (struct carrier){ .control = control,
		                   .live = s->o.live,
		                   .confined = s->o.confined,
		                   .spool = s->o.spool,
		                   .spool_max = s->o.spool_max };
	r->kind = k->kind;
	r->sink = k->made;
	r->name = k->name;
	r->patience = k->patience;
	r->link.url = &k->url;
	r->link.counts = k->counts;
	r->link.say = s->o.say;
	r->link.arg = s->o.say_arg;
	r->queue.counts = k->counts;
	r->queue.memory = k->ring;
	const size_t held = k->ring.size, flying = k->kind->counts ? FLYING_MOST : 0;
	r->queue.head =
		mmap(NULL, sizeof *r->queue.head, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	return r->queue.head != MAP_FAILED && ring_init(&r->queue.held, held > flying ? held : flying);
}

static _Noreturn void
be_the_keeper(const struct ship *s, int control)
{
	struct keeper k = {
		.n = s->n, .control = control, .live = s->o.live, .prepare = s->o.prepare, .prepare_arg = s->o.prepare_arg
	};

	k.carriers = calloc(s->n, sizeof *k.carriers);
	bool good = k.carriers != NULL;
	for (size_t i = 0; i < s->n && good; i++)
		good = prepare_carrier(s, &s->sinks[i], &k.carriers[i], control);
	if (!good)
		_exit(1);
	keeper_run(&k);
}

/* Starts the keeper. Returns false and writes a message to `err`. */
static bool
begin_keeper(struct ship *s, char *err, size_t err_size)
{
	int    pair[2];
	size_t n = 0;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
		snprintf(err, err_size, "no processes for sinks: %s", strerror(errno));
		return false;
	}
	s->control = pair[0];
	signal(SIGCHLD, SIG_IGN); /* `control` tells when it exits */
	fflush(NULL);             /* otherwise buffered output would be printed twice */
	const pid_t pid = fork();
	if (pid == 0)
		be_the_keeper(s, pair[1]);
	close(pair[1]);
	for (size_t i = 0; i < s->n; i++)
		s->sinks[i].control = s->control;
	for (ssize_t got = 1; pid > 0 && n < err_size && got > 0 && (n == 0 || err[n - 1] != '\0'); n += (size_t)got)
		if ((got = read(s->control, err + n, err_size - n)) < 0)
			break;
	if (n > 0 && err[n - 1] == '\0')
		return *err == '\0';
	snprintf(err, err_size, "the processes for sinks could not be begun");
	return false;
}

/* ---- creating */

/* Checks that all sinks differ: two with the same place would share a spool folder. Returns false and writes a message
 * to `err`. */
static bool
all_differ(const struct ship *s, char *err, size_t err_size)
{
	for (size_t i = 0; s->o.spool != NULL && i < s->n; i++)
		for (size_t k = 0; k < i; k++)
			if (s->sinks[i].name != NULL && strcmp(s->sinks[i].name, s->sinks[k].name) == 0) {
				snprintf(err, err_size, "%s: with --spool there is one sink for a place, and this is the second",
				         s->sinks[i].url.shown);
				return false;
			}
	return true;
}

bool
ship_check(const char *url, char *err, size_t err_size)
{
	const connlog_writer_options writer = { .format = NULL };
	const struct ship_options    o = { .writer = &writer, .live = true };
	struct sink                  k;
	const bool                   good = sink_init(&k, url, &o, err, err_size);

	sink_free(&k);
	return good;
}

struct ship *
ship_new(const struct ship_options *o, char *err, size_t err_size)
{
	struct ship *s = calloc(1, sizeof *s);
	bool         good = true;

	if (s == NULL || (s->sinks = calloc(o->n, sizeof *s->sinks)) == NULL) {
		snprintf(err, err_size, "out of memory");
		free(s);
		return NULL;
	}
	s->o = *o;
	s->control = -1;
	s->counts = mmap(NULL, o->n * sizeof *s->counts, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (s->counts == MAP_FAILED) {
		snprintf(err, err_size, "out of memory");
		s->counts = NULL;
		good = false;
	}
	for (; s->n < o->n && good; s->n++) {
		good = sink_init(&s->sinks[s->n], o->urls[s->n], o, err, err_size);
		s->sinks[s->n].counts = &s->counts[s->n];
	}
	if (good && all_differ(s, err, err_size) && begin_keeper(s, err, err_size))
		return s;
	ship_free(s);
	return NULL;
}

bool
ship_open(struct ship *s, const connlog_columns *columns, char *err, size_t err_size)
{
	char why[TEXT_MAX];

	for (size_t i = 0; i < s->n; i++) {
		struct sink *k = &s->sinks[i];
		k->options.columns = columns;
		k->writer = connlog_writer_new(&k->options, why, sizeof why);
		if (k->writer == NULL) {
			snprintf(err, err_size, "%s: %s", k->url.shown, why);
			return false;
		}
	}
	return true;
}

void
ship_begin(struct ship *s, const struct ship_times *times)
{
	for (size_t i = 0; i < s->n; i++)
		sink_begin(&s->sinks[i], s->o.hurry, times);
	s->begun = true;
}

size_t
ship_size(const struct ship *s)
{
	return s->n;
}

const connlog_writer_options *
ship_only(const struct ship *s)
{
	return s->n == 1 && s->sinks[0].where == NULL ? &s->sinks[0].options : NULL;
}

bool
ship_has(const struct ship *s, size_t column)
{
	for (size_t i = 0; i < s->n; i++)
		if (connlog_writer_has(s->sinks[i].writer, column) ||
		    (s->sinks[i].where != NULL && connlog_where_reads(s->sinks[i].where, column)))
			return true;
	return false;
}

/* ---- records ------------------------------------------------------------------------------------------------------ */

int
ship_record(void *arg, const connlog_record *r)
{
	struct ship *s = arg;

	for (size_t i = 0; i < s->n; i++)
		sink_record(&s->sinks[i], r);
	return CONNLOG_OK;
}

int
ship_lines(void *arg, connlog_text lines, uint64_t n)
{
	struct ship *s = arg;

	sink_lines(&s->sinks[0], lines, n);
	return CONNLOG_OK;
}

void
ship_columns(struct ship *s, const connlog_columns *columns)
{
	for (size_t i = 0; i < s->n; i++)
		sink_columns(&s->sinks[i], columns);
}

void
ship_flush(struct ship *s)
{
	for (size_t i = 0; i < s->n; i++)
		sink_flush(&s->sinks[i]);
}

/* ---- counters ------------------------------------------------------------------------------------------------------ */

void
ship_count(struct ship *s, size_t i, struct ship_counts *out)
{
	struct sink         *k = &s->sinks[i];
	const struct counts *c = k->counts;
	uint64_t             here;
	const uint64_t       bytes = ring_used(&k->ring, &here), there = c->held + c->flying;

	*out = (struct ship_counts){ .records = k->records,
		                         .delivered = c->delivered,
		                         .lost = k->lost + c->lost,
		                         .waiting = k->pending + here + there,
		                         .waiting_bytes = bytes,
		                         .spooled = c->spooled,
		                         .spooled_bytes = c->spooled_bytes,
		                         .failures = c->failures,
		                         .opened = c->opened,
		                         .restarts = c->restarts,
		                         .up = c->up != 0 };
	snprintf(out->name, sizeof out->name, "%s", k->url.shown);
	if (!s->ended)
		return;
	out->lost += out->waiting; /* nobody will deliver these */
	out->waiting = out->waiting_bytes = 0;
	out->up = false;
}

__attribute__((format(printf, 2, 3))) static void
say(const struct ship *s, const char *format, ...)
{
	char    text[TEXT_MAX];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	s->o.say(s->o.say_arg, text);
}

void
ship_look(struct ship *s)
{
	const double       now = clock_steady();
	struct ship_counts c;

	for (size_t i = 0; i < s->n; i++) {
		struct sink *k = &s->sinks[i];
		ship_count(s, i, &c);
		if (c.lost == k->told || now < k->tell_at)
			continue;
		say(s,
		    "%s: %" PRIu64 " records lost, %" PRIu64
		    " so far: the sink is too slow or unreachable, and its queue is full",
		    c.name, c.lost - k->told, c.lost);
		k->told = c.lost;
		k->tell_at = now + TELL_EVERY;
	}
}

/* ---- ending ------------------------------------------------------------------------------------------------------- */

/* Waits for the other process to exit. It decides by itself when to stop, but a live run does not rely on that. */
static void
wait_for_keeper(const struct ship *s)
{
	struct pollfd p = { .fd = s->control, .events = POLLIN };
	uint64_t      moves = 0, before = 0;
	double        moved_at = clock_steady(), patience = s->o.patience;

	for (size_t i = 0; i < s->n; i++)
		patience = fmax(patience, s->sinks[i].patience);
	while (poll(&p, 1, SLICE_MS) <= 0) {
		if (s->o.hurry != NULL && *s->o.hurry)
			return;
		moves = 0;
		for (size_t i = 0; i < s->n; i++)
			moves += s->counts[i].moves + s->counts[i].failures;
		if (moves != before)
			moved_at = clock_steady();
		before = moves;
		if (s->o.live && clock_steady() > moved_at + patience + LEAVE)
			return;
	}
}

bool
ship_end(struct ship *s)
{
	bool               good = true;
	struct ship_counts c;

	if (s->ended || !s->begun)
		return true;
	for (size_t i = 0; i < s->n; i++)
		sink_end(&s->sinks[i]);
	wait_for_keeper(s);
	s->ended = true;
	for (size_t i = 0; i < s->n; i++) {
		ship_count(s, i, &c);
		if (c.spooled > 0)
			say(s, "%s: %" PRIu64 " records are left in %s/%s for the next run", c.name, c.spooled, s->o.spool,
			    s->sinks[i].name);
		if (c.lost == 0)
			continue;
		good = false;
		say(s, "%s: %" PRIu64 " of %" PRIu64 " records are lost", c.name, c.lost, c.records);
	}
	return good;
}

void
ship_free(struct ship *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < s->n; i++)
		sink_free(&s->sinks[i]);
	if (s->control >= 0)
		close(s->control);
	if (s->counts != NULL)
		munmap(s->counts, s->o.n * sizeof *s->counts);
	free(s->sinks);
	free(s);
}

/* ---- listings ----------------------------------------------------------------------------------------------------- */

bool
ship_is_url(const char *text)
{
	return url_is(text);
}

void
ship_print_kinds(FILE *f)
{
	const struct ship_kind *k;

	for (size_t i = 0; (k = ship_kind_at(i)) != NULL; i++) {
		fprintf(f, "%s%s", i == 0 ? "" : ", ", k->scheme);
		if (k->missing != NULL)
			fprintf(f, " (not built in: %s was missing)", k->missing);
	}
}
