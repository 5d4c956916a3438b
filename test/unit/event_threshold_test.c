/* Thresholds of a connection through the public interface: set in one callback, reported in another (Zeek:
 * ConnSize.cc). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "connlog.h"

enum { DLT_RAW = 12, IP_BYTES = 38 /* of each packet */ };

struct told {
	const char *when_new;     /* what new_connection sets, see set() */
	const char *when_packets; /* what conn_packets_threshold_crossed sets */
	char        text[400];
};

/* Sets thresholds as in "bytes:o=100 packets:r=3 duration:o=10". */
static void
set(const connlog_event *event, const char *list)
{
	static const char *const kinds[] = { "bytes", "packets", "duration" };
	char                     kind[20], side;
	double                   value;
	int                      n;

	for (; sscanf(list, " %19[a-z]:%c=%lf%n", kind, &side, &value, &n) == 3; list += n)
		for (int which = 0; which < 3; which++)
			if (strcmp(kind, kinds[which]) == 0)
				assert_int_equal(connlog_event_set_threshold(event, (connlog_threshold)which, value, side == 'o'),
				                 CONNLOG_OK);
}

static int
on_new(void *arg, const connlog_event *event)
{
	set(event, ((struct told *)arg)->when_new);
	return CONNLOG_OK;
}

static int
on_crossed(void *arg, const connlog_event *event)
{
	struct told        *t = arg;
	const size_t        n = strlen(t->text);
	const connlog_value threshold = connlog_event_argument(event, 0), is_orig = connlog_event_argument(event, 1);
	const bool          duration = connlog_event_which(event) == CONNLOG_EVENT_CONN_DURATION_THRESHOLD_CROSSED;
	const bool          packets = connlog_event_which(event) == CONNLOG_EVENT_CONN_PACKETS_THRESHOLD_CROSSED;

	snprintf(t->text + n, sizeof t->text - n, "%s%s:%c=%g@%g", n > 0 ? " " : "",
	         duration  ? "duration"
	         : packets ? "packets"
	                   : "bytes",
	         is_orig.boolean ? 'o' : 'r', duration ? threshold.number : (double)threshold.count,
	         connlog_event_time(event) - 1000);
	if (packets && t->when_packets != NULL)
		set(event, t->when_packets);
	return CONNLOG_OK;
}

/* Feeds a UDP packet between two hosts. */
static void
give(connlog_engine *e, char from, double at)
{
	static const uint8_t packet[2][IP_BYTES] = {
		{ 0x45, 0, 0, IP_BYTES, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, 0x30, 1, 0x30, 2, 0, 18 },
		{ 0x45, 0, 0, IP_BYTES, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 2, 10, 0, 0, 1, 0x30, 2, 0x30, 1, 0, 18 },
	};
	const double         ms = at * 1000;
	const connlog_packet p = { .data = packet[from == 'r'],
		                       .caplen = IP_BYTES,
		                       .len = IP_BYTES,
		                       .link = DLT_RAW,
		                       .sec = 1000 + (int64_t)ms / 1000,
		                       .nsec = (uint32_t)((int64_t)ms % 1000 * 1000000) };
	assert_int_equal(connlog_packets(e, &p, 1), CONNLOG_OK);
}

/* Feeds packets of the sides in `from`, half a second apart, and checks the events. */
static void
check(struct told *t, const char *from, const char *want)
{
	char             err[200] = "";
	connlog_options *o = connlog_options_new();

	assert_int_equal(connlog_options_set(o, "ignore_checksums", "T", err, sizeof err), CONNLOG_OK);
	connlog_engine *e = connlog_engine_new(o, err, sizeof err);
	assert_non_null(e);
	connlog_on_event(e, CONNLOG_EVENT_NEW_CONNECTION, on_new, t);
	for (int id = CONNLOG_EVENT_CONN_BYTES_THRESHOLD_CROSSED; id <= CONNLOG_EVENT_CONN_DURATION_THRESHOLD_CROSSED; id++)
		connlog_on_event(e, (connlog_event_id)id, on_crossed, t);
	for (int i = 0; from[i] != '\0'; i++)
		give(e, from[i], i * 0.5);
	assert_int_equal(connlog_finish(e), CONNLOG_OK);
	assert_string_equal(t->text, want);
	connlog_engine_free(e);
	connlog_options_free(o);
}

static void
each_side_has_its_own_and_is_told_once(void **state)
{
	struct told t = { .when_new = "bytes:o=100 bytes:r=76 packets:o=3 packets:r=1" };

	(void)state;
	check(&t, "oroorroooo", "packets:r=1@0.5 bytes:o=100@1.5 packets:o=3@1.5 bytes:r=76@2");
}

static void
a_duration_is_told_by_the_first_packet_behind_it(void **state)
{
	struct told t = { .when_new = "duration:o=2" };

	(void)state;
	check(&t, "ooooor" /* the fifth comes at 2 s: not later */ "oo", "duration:r=2@2.5");
}

static void
the_last_one_set_counts_and_zero_takes_it_back(void **state)
{
	struct told a = { .when_new = "packets:o=2 packets:o=4" }, b = { .when_new = "packets:o=2 packets:o=0" };

	(void)state;
	check(&a, "oooooo", "packets:o=4@1.5");
	check(&b, "oooooo", "");
}

static void
the_next_can_be_set_when_one_is_told(void **state)
{
	struct told t = { .when_new = "packets:o=2", .when_packets = "bytes:o=190" };

	(void)state;
	check(&t, "oooooooo", "packets:o=2@0.5 bytes:o=190@2");
}

static void
what_is_crossed_already_is_told_at_once(void **state)
{
	struct told t = { .when_new = "packets:o=3", .when_packets = "bytes:o=50 duration:o=0.5" };

	(void)state;
	check(&t, "oooo", "packets:o=3@1 bytes:o=50@1 duration:o=0.5@1");
}

static int
on_new_with_bad_values(void *arg, const connlog_event *event)
{
	*(int *)arg += connlog_event_set_threshold(event, CONNLOG_THRESHOLD_BYTES, -1, true) == CONNLOG_BAD_OPTION;
	*(int *)arg += connlog_event_set_threshold(event, CONNLOG_THRESHOLD_BYTES, 1e30, true) == CONNLOG_BAD_OPTION;
	*(int *)arg += connlog_event_set_threshold(event, (connlog_threshold)9, 1, true) == CONNLOG_BAD_OPTION;
	return CONNLOG_OK;
}

static void
what_is_no_threshold_is_refused(void **state)
{
	char             err[200] = "";
	connlog_options *o = connlog_options_new();

	assert_int_equal(connlog_options_set(o, "ignore_checksums", "T", err, sizeof err), CONNLOG_OK);
	connlog_engine *e = connlog_engine_new(o, err, sizeof err);
	int             refused = 0;

	(void)state;
	assert_non_null(e);
	connlog_on_event(e, CONNLOG_EVENT_NEW_CONNECTION, on_new_with_bad_values, &refused);
	give(e, 'o', 0);
	assert_int_equal(refused, 3);
	connlog_engine_free(e);
	connlog_options_free(o);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_side_has_its_own_and_is_told_once),
		cmocka_unit_test(a_duration_is_told_by_the_first_packet_behind_it),
		cmocka_unit_test(the_last_one_set_counts_and_zero_takes_it_back),
		cmocka_unit_test(the_next_can_be_set_when_one_is_told),
		cmocka_unit_test(what_is_crossed_already_is_told_at_once),
		cmocka_unit_test(what_is_no_threshold_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
