/* Workers that read a capture themselves (connlog_follow()) give the same lines as one thread, whatever else the
 * program does meanwhile. `make threads` also runs this under ThreadSanitizer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "connlog.h"
#include "connlog_cores.h"

enum { PACKETS = 12000, THERE = 5000 /* packets, before something else is done */, FRAME = 60, RECORD = 16 + FRAME };

struct text {
	char  *p;
	size_t n;
};

static int
keep_lines(void *arg, connlog_text lines, uint64_t n)
{
	struct text *t = arg;

	(void)n;
	t->p = realloc(t->p, t->n + lines.n);
	assert_non_null(t->p);
	memcpy(t->p + t->n, lines.p, lines.n);
	t->n += lines.n;
	return CONNLOG_OK;
}

static void
put32(FILE *f, uint32_t v)
{
	fwrite(&v, sizeof v, 1, f);
}

/* Writes a SYN of one of many hosts, or a datagram of one of a few. */
static void
put_packet(FILE *f, unsigned i, uint64_t usec)
{
	uint8_t frame[FRAME] = { [12] = 8, [14] = 0x45, [17] = 46, [22] = 64, [26] = 10, [30] = 192, [32] = 2, [33] = 1 };
	const bool     udp = i % 3 == 0;
	const unsigned host = udp ? i % 50 : i;

	frame[23] = udp ? 17 : 6;
	frame[27] = (uint8_t)(host >> 16);
	frame[28] = (uint8_t)(host >> 8);
	frame[29] = (uint8_t)host;
	frame[34] = (uint8_t)(4 + i % 7);
	frame[37] = 80;
	if (udp)
		frame[39] = 26;
	else {
		frame[46] = 0x50;
		frame[47] = 2;
	}
	put32(f, (uint32_t)(usec / 1000000));
	put32(f, (uint32_t)(usec % 1000000));
	put32(f, FRAME);
	put32(f, FRAME);
	fwrite(frame, sizeof frame, 1, f);
}

/* Writes packets in quick succession, with pauses after which thousands of timers are due before one packet, and then
 * slow ones. */
static void
write_capture(const char *path, unsigned packets)
{
	FILE    *f = fopen(path, "wb");
	uint64_t usec = UINT64_C(1700000000) * 1000000;

	assert_non_null(f);
	put32(f, 0xa1b2c3d4);
	put32(f, 2 | 4 << 16);
	put32(f, 0);
	put32(f, 0);
	put32(f, 65535);
	put32(f, 1);
	for (unsigned i = 0; i < packets; i++) {
		put_packet(f, i, usec);
		usec += i % 3000 == 2999 ? 40000000 : i / 1000 == 4 ? 30000 : 10;
	}
	assert_int_equal(fclose(f), 0);
}

enum way { STRAIGHT, FLUSH, ASK, IDLE, UNLEND, STOP, SHORTEN };

struct reading {
	connlog_engine *engine;
	connlog_source *source;
	const char     *path;
	enum way        way;
	uint64_t        batches;
};

static void
count_counter(void *arg, const char *group, const char *name, uint64_t value)
{
	if (strcmp(group, "packets") == 0 && strcmp(name, "read") == 0)
		*(uint64_t *)arg = value;
}

/* Does the other things that a program can do before it passes on some packets, the last of which is `p`. */
static void
do_else(struct reading *r, uint64_t before, const connlog_packet *p)
{
	uint64_t read = 0;

	if (r->way == FLUSH && r->batches % 7 == 0)
		assert_int_equal(connlog_flush(r->engine), CONNLOG_OK);
	if (r->way == ASK && r->batches % 50 == 9) {
		connlog_counters(r->engine, count_counter, &read);
		assert_int_equal(read, before);
	}
	if (r->way == IDLE && before == THERE)
		connlog_idle(r->engine, p->sec + 1, 0);
	if (r->way == UNLEND && before == THERE)
		connlog_lend(r->engine, NULL);
	if (r->way == STOP && before == THERE)
		connlog_source_stop(r->source);
	if (r->way == SHORTEN && r->batches == 0) {
		unlink(r->path);
		write_capture(r->path, PACKETS / 2);
	}
}

/* Returns how many packets to read: a batch ends before packet THERE, which is in a batch of its own. */
static size_t
batch_size(const struct reading *r, uint64_t packets)
{
	const size_t some = 1 + (size_t)(r->batches % 64);

	if (packets == THERE)
		return 1;
	return packets < THERE && packets + some > THERE ? (size_t)(THERE - packets) : some;
}

static int
read_all(struct reading *r)
{
	connlog_packet p[64];
	char           err[256];
	int            n, status = CONNLOG_OK;
	uint64_t       packets = 0;

	while (status == CONNLOG_OK &&
	       (n = connlog_source_read(r->source, p, batch_size(r, packets), err, sizeof err)) > 0) {
		do_else(r, packets, &p[n - 1]);
		status = connlog_packets(r->engine, p, (size_t)n);
		packets += (uint64_t)n;
		r->batches++;
	}
	return status;
}

/* Returns the engine's result at the end. */
static int
lines_of(const char *path, const char *workers, enum way way, struct text *out)
{
	char                         err[256];
	const connlog_writer_options format = { .format = "json" };
	connlog_options             *o = connlog_options_new();
	struct reading               r = { .path = path, .way = way };

	connlog_options_set(o, "workers", workers, err, sizeof err);
	connlog_options_set(o, "ignore_checksums", "T", err, sizeof err);
	connlog_options_set(o, "seed", "x", err, sizeof err);
	r.engine = connlog_engine_new(o, err, sizeof err);
	r.source = connlog_source_files(&path, 1, way == UNLEND ? "tcp or udp" : NULL, err, sizeof err);
	assert_non_null(r.engine);
	assert_non_null(r.source);
	assert_int_equal(connlog_on_lines(r.engine, &format, 0, keep_lines, out, err, sizeof err), CONNLOG_OK);
	assert_int_equal(connlog_follow(r.engine, r.source), CONNLOG_OK);
	const int status = read_all(&r), end = connlog_finish(r.engine);
	connlog_engine_free(r.engine);
	connlog_source_free(r.source);
	connlog_options_free(o);
	return status != CONNLOG_OK ? status : end;
}

static void
same_lines(enum way way)
{
	char        path[] = "/tmp/follow_test_XXXXXX";
	struct text one = { 0 }, some = { 0 };

	close(mkstemp(path));
	write_capture(path, PACKETS);
	assert_int_equal(lines_of(path, "1", way, &one), CONNLOG_OK);
	for (const char *const *n = (const char *const[]){ "2", "5", NULL }; *n; n++, some.n = 0) {
		assert_int_equal(lines_of(path, *n, way, &some), CONNLOG_OK);
		assert_int_equal(some.n, one.n);
		assert_memory_equal(some.p, one.p, one.n);
	}
	assert_true(one.n > 100000);
	unlink(path);
	free(one.p);
	free(some.p);
}

static void
workers_read_by_themselves(void **state)
{
	(void)state;
	same_lines(STRAIGHT);
}

static void
lines_can_be_had_in_between(void **state)
{
	(void)state;
	same_lines(FLUSH);
	same_lines(ASK);
}

static void
the_rest_goes_through_slots(void **state)
{
	(void)state;
	same_lines(IDLE);
	same_lines(UNLEND);
}

static void
the_caller_says_where_the_end_is(void **state)
{
	(void)state;
	same_lines(STOP);
}

static void
a_file_that_changes_is_noticed(void **state)
{
	char        path[] = "/tmp/follow_test_XXXXXX";
	struct text some = { 0 };

	(void)state;
	close(mkstemp(path));
	write_capture(path, PACKETS);
	assert_int_equal(lines_of(path, "3", SHORTEN, &some), CONNLOG_IO);
	unlink(path);
	free(some.p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(workers_read_by_themselves),     cmocka_unit_test(lines_can_be_had_in_between),
		cmocka_unit_test(the_rest_goes_through_slots),    cmocka_unit_test(the_caller_says_where_the_end_is),
		cmocka_unit_test(a_file_that_changes_is_noticed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
