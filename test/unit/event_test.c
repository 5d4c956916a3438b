/* event_test.c - which events packets raise: connections as rows of packets, and the list of events that follow.
 *
 * A list names each event with its arguments, as "connection_EOF(T)"; the connection itself is omitted, and so are
 * tcp_packet and similar events unless a case requests them.
 */
#include <stdio.h>
#include <unistd.h>

#include "conn_help.h"
#include "event/bus.h"

#define S  TCP_SYN
#define A  TCP_ACK
#define F  TCP_FIN
#define R  TCP_RST
#define SA (TCP_SYN | TCP_ACK)
#define FA (TCP_FIN | TCP_ACK)

enum { END = -1 };

/* Relative sequence numbers as in Zeek's events; `side` END ends the rows. */
struct row {
	int      side;
	double   at;
	uint8_t  flags;
	uint32_t seq, ack;
	int32_t  len;
};

struct story {
	const char *name;
	const char *handled; /* names with blanks around them; NULL: all but the frequent ones */
	const char *option, *value;
	struct row  rows[12];
	const char *events;
};

struct heard {
	char          text[4096];
	size_t        n;
	struct world *w;
};

static void
put(struct heard *h, const char *text)
{
	h->n += (size_t)snprintf(h->text + h->n, sizeof h->text - h->n, "%s", text);
	assert_true(h->n < sizeof h->text);
}

static void
put_argument(struct heard *h, connlog_value v)
{
	char text[64] = "{}";

	if (v.type == CONNLOG_BOOL)
		snprintf(text, sizeof text, "%s", v.boolean ? "T" : "F");
	else if (v.type == CONNLOG_COUNT)
		snprintf(text, sizeof text, "%llu", (unsigned long long)v.count);
	else if (v.type == CONNLOG_INTERVAL)
		snprintf(text, sizeof text, "%g", v.number);
	else if (v.type == CONNLOG_STRING || v.type == CONNLOG_BYTES)
		snprintf(text, sizeof text, "%.*s", (int)(v.text.n < 8 ? v.text.n : 8), v.text.p);
	put(h, text);
}

static int
hear(void *arg, const connlog_event *event)
{
	struct heard             *h = arg;
	const connlog_event_info *info = connlog_event_at(connlog_event_which(event));

	put(h, h->n ? " " : "");
	put(h, info->name);
	for (size_t i = 0; info->arguments[i].name; i++) {
		put(h, i ? "," : "(");
		put_argument(h, connlog_event_argument(event, i));
	}
	put(h, info->arguments[0].name ? ")" : "");
	assert_true(connlog_event_time(event) == h->w->s.now);
	return CONNLOG_OK;
}

static bool
is_handled(const struct story *s, const connlog_event_info *info)
{
	char name[64];

	snprintf(name, sizeof name, " %s ", info->name);
	return s->handled ? strstr(s->handled, name) != NULL : !info->frequent;
}

static void
no_notice(void *arg, const char *text)
{
	(void)arg;
	(void)text;
}

/* A store whose events are collected. */
struct stage {
	struct world    *w;
	struct event_bus bus;
	struct heard     heard;
	int              status;
};

static void
stage_open(struct stage *st, const char *option, const char *value)
{
	*st = (struct stage){ .w = world_new(option, value) };
	bus_init(&st->bus, &st->w->s, &st->status);
	contents_init(&st->bus.contents, &st->w->s, &st->w->opt.contents, no_notice, NULL);
	st->heard.w = st->w;
}

static void
stage_close(struct stage *st)
{
	world_free(st->w);
	bus_free(&st->bus);
}

static const char payload[] = "0123456789abcdefghijklmnopqrstuvwxyz";

static void
play(struct stage *st, const struct row *rows)
{
	static const uint32_t isn[2] = { 1000, 5000 };

	for (const struct row *r = rows; r->side != END; r++) {
		struct pkt p = packet(TRANSPORT_TCP, r->side, r->at);
		p.tcp_flags = r->flags;
		p.tcp_seq = isn[r->side] + r->seq;
		p.tcp_ack = r->flags & TCP_ACK ? isn[!r->side] + r->ack : 0;
		p.data_len = p.data_cap = r->len;
		assert_true((size_t)r->len < sizeof payload);
		p.data = (struct bytes){ (const uint8_t *)payload, (size_t)r->len };
		p.ip_len = 40 + (uint32_t)r->len;
		feed(st->w, &p);
	}
}

#define HANDSHAKE                                                                                                      \
	{ 0, 1, S, 0, 0, 0 }, { 1, 1.1, SA, 0, 1, 0 },                                                                     \
	{                                                                                                                  \
		0, 1.2, A, 1, 1, 0                                                                                             \
	}

/* clang-format off */
static const struct story stories[] = {
	{ "attempt", NULL, NULL, NULL,
	  { { 0, 1, S, 0, 0, 0 }, { 0, 7, S, 0, 0, 0 }, { .side = END } },
	  "connection_SYN_packet({}) connection_attempt connection_state_remove(S,1,0) connection_SYN_packet({}) "
	  "connection_attempt connection_state_remove(S,1,0)" },
	{ "no attempt without a SYN that is told", " connection_attempt ", NULL, NULL,
	  { { 0, 1, S, 0, 0, 0 }, { .side = END } },
	  "connection_attempt" },
	{ "rejected", NULL, NULL, NULL,
	  { { 0, 1, S, 0, 0, 0 }, { 1, 1.1, R | A, 0, 1, 0 }, { .side = END } },
	  "connection_SYN_packet({}) connection_rejected connection_EOF(F) connection_pending connection_state_remove(Sr,1,6)" },
	{ "finished", NULL, NULL, NULL,
	  { HANDSHAKE, { 0, 1.3, A, 1, 1, 10 }, { 1, 1.4, FA, 1, 11, 0 }, { 0, 1.5, FA, 11, 2, 0 }, { 1, 1.6, A, 2, 12, 0 }, { .side = END } },
	  "connection_SYN_packet({}) connection_SYN_packet({}) connection_established connection_first_ACK connection_EOF(F) "
	  "connection_EOF(T) connection_finished connection_state_remove(ShADfFa,5,5)" },
	{ "reset", NULL, NULL, NULL,
	  { HANDSHAKE, { 1, 1.3, R, 1, 0, 0 }, { .side = END } },
	  "connection_SYN_packet({}) connection_SYN_packet({}) connection_established connection_first_ACK connection_reset "
	  "connection_EOF(F) connection_state_remove(ShAr,4,6)" },
	{ "joined midway", NULL, NULL, NULL,
	  { { 0, 1, A, 1, 1, 5 }, { 1, 1.1, A, 1, 6, 5 }, { .side = END } },
	  "partial_connection connection_pending connection_state_remove(Dd,3,3)" },
	{ "a gap", NULL, NULL, NULL,
	  { HANDSHAKE, { 0, 1.3, A, 11, 1, 10 }, { 1, 1.4, A, 1, 21, 0 }, { .side = END } },
	  "connection_SYN_packet({}) connection_SYN_packet({}) connection_established connection_first_ACK "
	  "content_gap(T,1,10) connection_pending connection_state_remove(ShADaG,4,4)" },
	{ "silence", " connection_timeout ", NULL, NULL,
	  { HANDSHAKE, { 0, 1000, S, 0, 0, 0 }, { .side = END } },
	  "connection_timeout" },
	{ "the delay after closing is a timeout", " connection_timeout connection_finished ", NULL, NULL,
	  { HANDSHAKE, { 0, 1.3, FA, 1, 1, 0 }, { 1, 1.4, FA, 1, 2, 0 }, { 0, 10, S, 0, 0, 0 }, { .side = END } },
	  "connection_finished connection_timeout" },
	{ "partial close", " connection_partial_close connection_state_remove ", NULL, NULL,
	  { { 0, 1, A, 1, 1, 5 }, { 1, 1.1, FA, 1, 6, 0 }, { 0, 9, S, 0, 0, 0 }, { .side = END } },
	  "connection_partial_close connection_state_remove(Df,3,5) connection_state_remove(S,1,0)" },
	{ "a RST behind a FIN", " connection_reset connection_state_remove ", NULL, NULL,
	  { HANDSHAKE, { 0, 1.3, FA, 1, 1, 0 }, { 0, 1.4, R, 2, 0, 0 }, { 1, 1.5, A, 1, 2, 0 }, { 1, 6.45, A, 1, 2, 0 }, { .side = END } },
	  "connection_reset connection_state_remove(ShAFRa,6,4) connection_state_remove(^a,0,3)" },
	{ "contents", " tcp_contents content_gap ", "tcp_content_deliver_all_orig", "T",
	  { HANDSHAKE, { 0, 1.3, A, 1, 1, 4 }, { 0, 1.4, A, 9, 1, 4 }, { 0, 1.5, A, 3, 1, 6 }, { 1, 1.6, A, 1, 13, 3 }, { .side = END } },
	  "tcp_contents(T,1,0123) tcp_contents(T,5,2345) tcp_contents(T,9,0123)" },
	{ "contents by port, of the responder", " tcp_contents ", "tcp_content_delivery_ports_resp", "80/tcp",
	  { HANDSHAKE, { 0, 1.3, A, 1, 1, 4 }, { 1, 1.6, A, 1, 5, 3 }, { .side = END } },
	  "tcp_contents(F,1,012)" },
	{ "packets", " tcp_packet ", NULL, NULL,
	  { HANDSHAKE, { 0, 1.3, A | TCP_PSH, 1, 1, 4 }, { 1, 1.4, FA, 1, 5, 0 }, { .side = END } },
	  "tcp_packet(T,S,0,0,0,) tcp_packet(F,SA,0,1,0,) tcp_packet(T,A,1,1,0,) tcp_packet(T,AP,1,1,4,0123) tcp_packet(F,FA,1,5,0,)" },
	{ "status updates", " connection_status_update connection_timeout ", "connection_status_update_interval", "100sec",
	  { HANDSHAKE, { 0, 150, A, 1, 1, 0 }, { 0, 210, A, 1, 1, 0 }, { 0, 600, S, 77, 0, 0 }, { .side = END } },
	  "connection_status_update connection_status_update connection_timeout" },
	{ "generic thresholds", " conn_generic_packet_threshold_crossed ", "ConnThreshold::generic_packet_thresholds", "1,3,7",
	  { HANDSHAKE, { 0, 1.5, A, 1, 1, 0 }, { .side = END } },
	  "conn_generic_packet_threshold_crossed(1) conn_generic_packet_threshold_crossed(3)" },
};
/* clang-format on */

static void
stories_raise_what_they_should(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof stories / sizeof *stories; i++) {
		const struct story *s = &stories[i];
		struct stage        st;
		stage_open(&st, s->option, s->value);
		for (size_t id = 0; id < CONNLOG_EVENTS; id++)
			if (is_handled(s, connlog_event_at(id)))
				assert_true(bus_on_event(&st.bus, (connlog_event_id)id, hear, &st.heard));
		play(&st, s->rows);
		conn_drain(&st.w->s);
		if (strcmp(st.heard.text, s->events) != 0)
			fail_msg("%s:\n  want %s\n  got  %s", s->name, s->events, st.heard.text);
		stage_close(&st);
	}
}

static int
set_thresholds(void *arg, const connlog_event *event)
{
	(void)arg;
	assert_int_equal(connlog_event_set_threshold(event, CONNLOG_THRESHOLD_BYTES, 90, true), CONNLOG_OK);
	assert_int_equal(connlog_event_set_threshold(event, CONNLOG_THRESHOLD_PACKETS, 2, false), CONNLOG_OK);
	assert_int_equal(connlog_event_set_threshold(event, CONNLOG_THRESHOLD_DURATION, 5, false), CONNLOG_OK);
	assert_int_equal(connlog_event_set_threshold(event, CONNLOG_THRESHOLD_BYTES, -1, true), CONNLOG_BAD_OPTION);
	return CONNLOG_OK;
}

/* Sets the next threshold, which has been crossed already. */
static int
set_next(void *arg, const connlog_event *event)
{
	hear(arg, event);
	return connlog_event_argument(event, 0).count == 90
	           ? connlog_event_set_threshold(event, CONNLOG_THRESHOLD_BYTES, 80, true)
	           : CONNLOG_OK;
}

static void
thresholds_are_told_once(void **state)
{
	static const struct row rows[] = { HANDSHAKE,
		                               { 0, 2, A, 1, 1, 10 },
		                               { 1, 3, A, 1, 11, 0 },
		                               { 1, 4, A, 1, 11, 0 },
		                               { 0, 20, A, 11, 1, 0 },
		                               { 0, 21, A, 11, 1, 0 },
		                               { .side = END } };
	struct stage            st;

	(void)state;
	stage_open(&st, NULL, NULL);
	bus_on_event(&st.bus, CONNLOG_EVENT_CONNECTION_ESTABLISHED, set_thresholds, NULL);
	bus_on_event(&st.bus, CONNLOG_EVENT_CONN_BYTES_THRESHOLD_CROSSED, set_next, &st.heard);
	bus_on_event(&st.bus, CONNLOG_EVENT_CONN_PACKETS_THRESHOLD_CROSSED, hear, &st.heard);
	bus_on_event(&st.bus, CONNLOG_EVENT_CONN_DURATION_THRESHOLD_CROSSED, hear, &st.heard);
	play(&st, rows);
	assert_string_equal(st.heard.text, "conn_bytes_threshold_crossed(90,T) conn_bytes_threshold_crossed(80,T) "
	                                   "conn_packets_threshold_crossed(2,F) conn_duration_threshold_crossed(5,T)");
	stage_close(&st);
}

static void
flow_labels_are_told_when_they_change(void **state)
{
	struct stage st;
	(void)state;
	stage_open(&st, NULL, NULL);
	bus_on_event(&st.bus, CONNLOG_EVENT_CONNECTION_FLOW_LABEL_CHANGED, hear, &st.heard);
	const struct pkt p = packet(TRANSPORT_UDP, 0, 1);
	const uint32_t   handle = feed(st.w, &p);
	static const struct {
		int      side;
		uint32_t label;
	} labels[] = { { ORIG, 7 }, { RESP, 9 }, { ORIG, 7 }, { ORIG, 8 }, { RESP, 9 } };
	for (size_t i = 0; i < sizeof labels / sizeof *labels; i++)
		conn_check_flow_label(&st.w->s, handle, labels[i].side, labels[i].label);
	assert_string_equal(st.heard.text, "connection_flow_label_changed(T,7,8)");
	conn_flip(&st.w->s, handle);
	conn_check_flow_label(&st.w->s, handle, RESP, 8);
	conn_check_flow_label(&st.w->s, handle, ORIG, 10);
	assert_string_equal(st.heard.text, "connection_flow_label_changed(T,7,8) connection_flow_label_changed(T,9,10)");
	stage_close(&st);
}

static void
checksum_errors_are_told_at_ten(void **state)
{
	struct stage st;
	(void)state;
	stage_open(&st, NULL, NULL);
	bus_on_event(&st.bus, CONNLOG_EVENT_UDP_MULTIPLE_CHECKSUM_ERRORS, hear, &st.heard);
	bus_on_event(&st.bus, CONNLOG_EVENT_UDP_REPLY, hear, &st.heard);
	for (int i = 0; i < 12; i++) {
		struct pkt p = packet(TRANSPORT_UDP, 0, 1);
		p.l4_bad = true;
		feed(st.w, &p);
	}
	struct pkt reply = packet(TRANSPORT_UDP, 1, 2);
	reply.udp_len = 8;
	feed(st.w, &reply);
	assert_string_equal(st.heard.text, "udp_multiple_checksum_errors(T,10) udp_reply");
	stage_close(&st);
}

/* ---- contents into files */

static char folder[] = "/tmp/connlog-contents-XXXXXX";

/* Returns the text of the side's file. */
static const char *
contents_of(const char *side)
{
	static char text[512];
	char        path[256];

	snprintf(path, sizeof path, "%s/c_10.0.0.1:1234-10.0.0.2:80_%s.dat", folder, side);
	FILE *f = fopen(path, "r");
	if (!f)
		return "(no file)";
	text[fread(text, 1, sizeof text - 1, f)] = '\0';
	fclose(f);
	assert_int_equal(unlink(path), 0);
	return text;
}

static void
record(const struct row *rows)
{
	struct stage st;
	char         prefix[64], err[64];

	snprintf(prefix, sizeof prefix, "%s/c", folder);
	stage_open(&st, "Conn::default_extract", "T");
	assert_int_equal(connlog_options_set(st.w->given, "Conn::extraction_prefix", prefix, err, sizeof err), CONNLOG_OK);
	options_clear(&st.w->opt);
	assert_true(options_copy(st.w->given, &st.w->opt));
	contents_init(&st.bus.contents, &st.w->s, &st.w->opt.contents, no_notice, NULL);
	play(&st, rows);
	conn_drain(&st.w->s);
	stage_close(&st);
}

static void
contents_go_into_files(void **state)
{
	static const struct row in_order[] = { HANDSHAKE, { 0, 2, A, 1, 1, 4 }, { 1, 3, A, 1, 5, 2 }, { .side = END } };
	/* acknowledged up to the edge of what is above the hole: marked; acknowledged beyond it: not */
	static const struct row marked[] = {
		HANDSHAKE, { 0, 2, A, 1, 1, 4 }, { 0, 2, A, 9, 1, 3 }, { 1, 3, A, 1, 9, 0 }, { .side = END }
	};
	static const struct row unmarked[] = {
		HANDSHAKE, { 0, 2, A, 1, 1, 4 }, { 0, 2, A, 9, 1, 3 }, { 1, 3, A, 1, 12, 0 }, { .side = END }
	};
	/* data that waits above holes when the connection ends */
	static const struct row rest[] = {
		HANDSHAKE, { 0, 2, A, 1, 1, 4 }, { 0, 2, A, 9, 1, 3 }, { 0, 2, A, 20, 1, 2 }, { .side = END }
	};

	(void)state;
	assert_non_null(mkdtemp(folder));
	record(in_order);
	assert_string_equal(contents_of("orig"), "0123");
	assert_string_equal(contents_of("resp"), "01");
	record(marked);
	assert_string_equal(contents_of("orig"), "0123\n<<gap 4>>\n012");
	assert_string_equal(contents_of("resp"), "");
	record(unmarked);
	assert_string_equal(contents_of("orig"), "0123012");
	assert_string_equal(contents_of("resp"), "");
	record(rest);
	assert_string_equal(contents_of("orig"), "0123\n<<gap 4>>\n012\n<<gap 8>>\n01");
	assert_string_equal(contents_of("resp"), "");
	assert_int_equal(rmdir(folder), 0);
}

/* /dev/full accepts no bytes, and a missing folder no files. Records are still written. */
static void
contents_that_cannot_be_written_are_told(void **state)
{
	static const struct row rows[] = { HANDSHAKE, { 0, 2, A, 1, 1, 4 }, { 0, 3, A, 5, 1, 4 }, { .side = END } };
	struct stage            st;
	char                    err[64];

	(void)state;
	for (int full = 0; full < 2; full++) {
		char dir[] = "/tmp/connlog-full-XXXXXX", prefix[64], link[128];
		assert_non_null(mkdtemp(dir));
		snprintf(prefix, sizeof prefix, "%s%s/c", dir, full ? "" : "/none");
		snprintf(link, sizeof link, "%s/c_10.0.0.1:1234-10.0.0.2:80_orig.dat", dir);
		if (full)
			assert_int_equal(symlink("/dev/full", link), 0);
		stage_open(&st, NULL, NULL);
		connlog_options_set(st.w->given, "Conn::extraction_prefix", prefix, err, sizeof err);
		options_clear(&st.w->opt);
		assert_true(options_copy(st.w->given, &st.w->opt));
		st.w->opt.contents.default_extract = true;
		contents_init(&st.bus.contents, &st.w->s, &st.w->opt.contents, no_notice, NULL);
		bus_on_event(&st.bus, CONNLOG_EVENT_CONTENTS_FILE_WRITE_FAILURE, hear, &st.heard);
		play(&st, rows);
		conn_drain(&st.w->s);
		assert_string_equal(st.heard.text, full ? "contents_file_write_failure(T,TCP reas) "
		                                          "contents_file_write_failure(T,TCP reas)"
		                                        : "contents_file_write_failure(T,cannot o) "
		                                          "contents_file_write_failure(F,cannot o)");
		assert_int_equal(st.bus.contents.failures, 2);
		assert_int_equal(st.w->log.n, 1);
		assert_string_equal(st.w->log.history, "ShAD");
		stage_close(&st);
		unlink(link);
		snprintf(link, sizeof link, "%s/c_10.0.0.1:1234-10.0.0.2:80_resp.dat", dir);
		unlink(link);
		assert_int_equal(rmdir(dir), 0);
	}
}

static void
the_table_is_complete(void **state)
{
	(void)state;
	for (size_t id = 0; id < CONNLOG_EVENTS; id++) {
		const connlog_event_info *info = connlog_event_at(id);
		assert_non_null(info->name);
		assert_non_null(info->doc);
		assert_int_equal(connlog_event_find(info->name), (int)id);
	}
	assert_null(connlog_event_at(CONNLOG_EVENTS));
	assert_int_equal(connlog_event_find("no_event"), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stories_raise_what_they_should),
		cmocka_unit_test(thresholds_are_told_once),
		cmocka_unit_test(flow_labels_are_told_when_they_change),
		cmocka_unit_test(checksum_errors_are_told_at_ten),
		cmocka_unit_test(contents_go_into_files),
		cmocka_unit_test(contents_that_cannot_be_written_are_told),
		cmocka_unit_test(the_table_is_complete),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
