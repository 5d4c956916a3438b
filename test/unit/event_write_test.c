/* Events as lines of JSON: values of every type, unset values, lists and records. */
#include <stdio.h>

#include "conn/events.h"
#include "conn_help.h"
#include "event/bus.h"

#define CONNECTION                                                                                                     \
	"\"uid\":\"*\",\"id.orig_h\":\"10.0.0.1\",\"id.orig_p\":1234,\"id.resp_h\":\"10.0.0.2\",\"id.resp_p\":80,"         \
	"\"start_time\":1427304960.5"

/* Returns what was written, with a * for the connection's uid, which must be present. */
static char *
written(const connlog_writer *w, const struct world *world, uint32_t handle)
{
	const struct uid   uid = conn_uid(&world->s, conn_at(&world->s, handle));
	const connlog_text t = connlog_writer_bytes(w);
	char               text[UID_TEXT_MAX];
	const size_t       n = uid_format(&uid, text);
	char              *got = strndup(t.p, t.n), *at = memmem(got, t.n, text, n);

	assert_non_null(at);
	*at = '*';
	memmove(at + 1, at + n, strlen(at + n) + 1);
	return got;
}

/* Returns the handle of a connection that begins at this time. */
static uint32_t
begin(struct world *w, double ts)
{
	const struct pkt p = packet(TRANSPORT_UDP, 0, ts);
	return feed(w, &p);
}

static int
write_event(void *arg, const connlog_event *event)
{
	return connlog_writer_event(arg, event);
}

/* Raises the event and checks that a writer with these options produces `want`. */
static void
check_with(const connlog_writer_options *o, connlog_event_id id, const connlog_value *arguments, const char *want)
{
	struct world    *world = world_new(NULL, NULL);
	const uint32_t   handle = begin(world, 1427304960.5);
	struct event_bus bus;
	int              status = CONNLOG_OK;
	char             err[200];
	connlog_writer  *w = connlog_writer_new(o, err, sizeof err);

	assert_non_null(w);
	bus_init(&bus, &world->s, &status);
	assert_true(bus_on_event(&bus, id, write_event, w));
	world->s.now = 1427304961.25;
	conn_raise(&world->s, handle, id, arguments);
	assert_int_equal(status, CONNLOG_OK);
	char *got = written(w, world, handle);
	assert_string_equal(got, want);
	free(got);
	connlog_writer_free(w);
	bus_free(&bus);
	world_free(world);
}

static void
check(connlog_event_id id, const connlog_value *arguments, const char *want)
{
	check_with(&(connlog_writer_options){ .format = "json" }, id, arguments, want);
}

static void
no_arguments(void **state)
{
	(void)state;
	check(CONNLOG_EVENT_NEW_CONNECTION, NULL, "{\"ts\":1427304961.25,\"event\":\"new_connection\"," CONNECTION "}\n");
}

static void
times_as_the_json_log_has_them(void **state)
{
	(void)state;
	check_with(&(connlog_writer_options){ .format = "json", .json_timestamps = "JSON::TS_MILLIS" },
	           CONNLOG_EVENT_CONN_DURATION_THRESHOLD_CROSSED,
	           (connlog_value[]){ { .type = CONNLOG_INTERVAL, .set = true, .number = 60 }, event_bool(true) },
	           "{\"ts\":1427304961250,\"event\":\"conn_duration_threshold_crossed\",\"uid\":\"*\",\"id.orig_h\":"
	           "\"10.0.0.1\",\"id.orig_p\":1234,\"id.resp_h\":\"10.0.0.2\",\"id.resp_p\":80,\"start_time\":"
	           "1427304960500,\"threshold\":60.0,\"is_orig\":true}\n");
}

static void
texts_are_escaped_and_bytes_are_base64(void **state)
{
	static const uint8_t payload[] = { 0, 0xff, '"', '\n', 7 };

	(void)state;
	check(CONNLOG_EVENT_TCP_PACKET,
	      (connlog_value[]){ event_bool(false), event_text("S\"\x01", 3), event_count(0), event_count(UINT64_MAX),
	                         event_count(5), event_bytes(payload, sizeof payload) },
	      "{\"ts\":1427304961.25,\"event\":\"tcp_packet\"," CONNECTION ",\"is_orig\":false,\"flags\":\"S\\\"\\\\x01\","
	      "\"seq\":0,\"ack\":18446744073709551615,\"len\":5,\"payload\":\"AP8iCgc=\"}\n");
}

static void
base64_of_every_length(void **state)
{
	static const char *const want[] = { "", "TQ==", "TWE=", "TWFu", "TWFuTQ==" };

	(void)state;
	for (size_t n = 0; n < sizeof want / sizeof want[0]; n++) {
		char line[500];
		snprintf(line, sizeof line,
		         "{\"ts\":1427304961.25,\"event\":\"tcp_contents\"," CONNECTION
		         ",\"is_orig\":true,\"seq\":1,\"contents\":\"%s\"}\n",
		         want[n]);
		check(CONNLOG_EVENT_TCP_CONTENTS,
		      (connlog_value[]){ event_bool(true), event_count(1), event_bytes(n > 0 ? "ManM" : NULL, n) }, line);
	}
}

static void
a_large_payload(void **state)
{
	enum { SIZE = 65535 };
	char *payload = calloc(1, SIZE), *want = malloc(2 * SIZE);
	int   n;

	(void)state;
	n = sprintf(want, "{\"ts\":1427304961.25,\"event\":\"tcp_contents\"," CONNECTION ",\"is_orig\":true,\"seq\":1,"
	                  "\"contents\":\"");
	memset(want + n, 'A', SIZE / 3 * 4);
	strcpy(want + n + SIZE / 3 * 4, "\"}\n");
	check(CONNLOG_EVENT_TCP_CONTENTS, (connlog_value[]){ event_bool(true), event_count(1), event_bytes(payload, SIZE) },
	      want);
	free(payload);
	free(want);
}

static void
unset_arguments_are_left_out(void **state)
{
	(void)state;
	check(CONNLOG_EVENT_CONTENT_GAP,
	      (connlog_value[]){ event_bool(true), { .set = false }, { .type = CONNLOG_COUNT, .set = true, .count = 9 } },
	      "{\"ts\":1427304961.25,\"event\":\"content_gap\"," CONNECTION ",\"is_orig\":true,\"length\":9}\n");
}

static void
a_record_without_what_is_unset(void **state)
{
	const connlog_field pkt[] = {
		{ "is_orig", event_bool(true) },
		{ "MSS", { .type = CONNLOG_COUNT } },
		{ "ttl", event_count(64) },
		{ "offset", { .type = CONNLOG_INT, .set = true, .integer = -3 } },
	};

	(void)state;
	check(CONNLOG_EVENT_CONNECTION_SYN_PACKET,
	      (connlog_value[]){ { .type = CONNLOG_RECORD, .set = true, .record = { pkt, 4 } } },
	      "{\"ts\":1427304961.25,\"event\":\"connection_SYN_packet\"," CONNECTION
	      ",\"pkt\":{\"is_orig\":true,\"ttl\":64,\"offset\":-3}}\n");
}

static void
lists_of_records(void **state)
{
	const uint64_t      sack[] = { 1, 4294967295u };
	const connlog_field unset[] = { { "mss", { .set = false } } };
	const connlog_field fields[] = {
		{ "kind", event_count(5) },
		{ "sack", { .type = CONNLOG_COUNTS, .set = true, .counts = { sack, 2 } } },
		{ "data", event_bytes("\x01\x02", 2) },
	};
	const connlog_fields list[] = { { fields, 3 }, { unset, 1 }, { fields, 1 } };

	(void)state;
	check(CONNLOG_EVENT_TCP_OPTIONS,
	      (connlog_value[]){ event_bool(true), { .type = CONNLOG_RECORDS, .set = true, .records = { list, 3 } } },
	      "{\"ts\":1427304961.25,\"event\":\"tcp_options\"," CONNECTION
	      ",\"is_orig\":true,\"options\":[{\"kind\":5,\"sack\":[1,4294967295],\"data\":\"AQI=\"},{},{\"kind\":5}]}\n");
	check(CONNLOG_EVENT_TCP_OPTIONS,
	      (connlog_value[]){ event_bool(true), { .type = CONNLOG_RECORDS, .set = true, .records = { NULL, 0 } } },
	      "{\"ts\":1427304961.25,\"event\":\"tcp_options\"," CONNECTION ",\"is_orig\":true,\"options\":[]}\n");
}

static void
a_record_in_a_record(void **state)
{
	connlog_value address = { .type = CONNLOG_ADDR, .set = true };
	connlog_text  texts[] = { { "a", 1 }, { "b\n", 2 } };

	(void)state;
	memcpy(address.address, "\x20\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\x09", 16);
	const connlog_field  cid[] = { { "orig_h", address },
		                           { "orig_p", { .type = CONNLOG_PORT, .set = true, .count = 53 } } };
	const connlog_field  encap[] = { { "cid", { .type = CONNLOG_RECORD, .set = true, .record = { cid, 2 } } },
		                             { "tunnel_type",
		                               { .type = CONNLOG_ENUM, .set = true, .text = { "Tunnel::IP", 10 } } },
		                             { "at", { .type = CONNLOG_TIME, .set = true, .number = 2 } },
		                             { "names", { .type = CONNLOG_STRING_SET, .set = true, .texts = { texts, 2 } } } };
	const connlog_fields list[] = { { encap, 4 } };
	check(CONNLOG_EVENT_TUNNEL_CHANGED,
	      (connlog_value[]){ { .type = CONNLOG_RECORDS, .set = true, .records = { list, 1 } } },
	      "{\"ts\":1427304961.25,\"event\":\"tunnel_changed\"," CONNECTION
	      ",\"e\":[{\"cid\":{\"orig_h\":\"2001::9\",\"orig_p\":53},\"tunnel_type\":\"Tunnel::IP\",\"at\":2.0,"
	      "\"names\":[\"a\",\"b\\n\"]}]}\n");
}

/* The text of the connection is cached, but never longer than what it depends on. */
static void
each_line_names_its_own_connection(void **state)
{
	struct world    *world = world_new(NULL, NULL);
	struct event_bus bus;
	int              status = CONNLOG_OK;
	char             err[200];
	connlog_writer  *w = connlog_writer_new(&(connlog_writer_options){ .format = "json" }, err, sizeof err);

	(void)state;
	assert_non_null(w);
	bus_init(&bus, &world->s, &status);
	assert_true(bus_on_event(&bus, CONNLOG_EVENT_NEW_CONNECTION, write_event, w));
	const struct pkt first = packet(TRANSPORT_UDP, 0, 1), second = packet(TRANSPORT_ICMP, 1, 2);
	const uint32_t   a = feed(world, &first), b = feed(world, &second);
	const struct {
		uint32_t    handle;
		bool        flip;
		const char *want;
	} steps[] = {
		{ a, false,
		  "\"uid\":\"*\",\"id.orig_h\":\"10.0.0.1\",\"id.orig_p\":1234,\"id.resp_h\":\"10.0.0.2\",\"id.resp_p\":"
		  "80,\"start_time\":1.0}" },
		{ a, false,
		  "\"uid\":\"*\",\"id.orig_h\":\"10.0.0.1\",\"id.orig_p\":1234,\"id.resp_h\":\"10.0.0.2\",\"id.resp_p\":"
		  "80,\"start_time\":1.0}" },
		{ b, false,
		  "\"uid\":\"*\",\"id.orig_h\":\"10.0.0.2\",\"id.orig_p\":80,\"id.resp_h\":\"10.0.0.1\",\"id.resp_p\":"
		  "1234,\"start_time\":2.0}" },
		{ a, true,
		  "\"uid\":\"*\",\"id.orig_h\":\"10.0.0.2\",\"id.orig_p\":80,\"id.resp_h\":\"10.0.0.1\",\"id.resp_p\":"
		  "1234,\"start_time\":1.0}" },
	};
	for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
		if (steps[i].flip)
			conn_flip(&world->s, steps[i].handle);
		connlog_writer_clear(w);
		conn_raise(&world->s, steps[i].handle, CONNLOG_EVENT_NEW_CONNECTION, NULL);
		char *got = written(w, world, steps[i].handle);
		assert_non_null(strstr(got, steps[i].want));
		free(got);
	}
	connlog_writer_free(w);
	bus_free(&bus);
	world_free(world);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_arguments),
		cmocka_unit_test(times_as_the_json_log_has_them),
		cmocka_unit_test(texts_are_escaped_and_bytes_are_base64),
		cmocka_unit_test(base64_of_every_length),
		cmocka_unit_test(a_large_payload),
		cmocka_unit_test(unset_arguments_are_left_out),
		cmocka_unit_test(a_record_without_what_is_unset),
		cmocka_unit_test(lists_of_records),
		cmocka_unit_test(a_record_in_a_record),
		cmocka_unit_test(each_line_names_its_own_connection),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
