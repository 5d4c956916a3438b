/* Which packets a connection counted (connlog_packets.h): their numbers, the fragments that came before, the quotes of ICMP errors. */
#include "traffic.h"

#include <connlog_packets.h>

enum { MOST = 64, START = 1700000000, ICMP = 1 };

struct seen {
	connlog_counted at[MOST];
	connlog_tuple   quoted[MOST];
	char            uid[MOST][CONNLOG_UID_SIZE];
	char            record[MOST][CONNLOG_UID_SIZE]; /* uids of the records */
	uint64_t        packets[MOST];                  /* that they say */
	size_t          n, records;
	int             answer;
};

static int
on_counted(void *arg, const connlog_counted *c)
{
	struct seen *s = arg;

	assert_true(s->n < MOST);
	s->at[s->n] = *c;
	if (c->quoted)
		s->quoted[s->n] = *c->quoted;
	connlog_counted_uid(c, s->uid[s->n++]);
	return s->answer;
}

static int
on_record(void *arg, const connlog_record *r)
{
	struct seen        *s = arg;
	const connlog_value uid = connlog_record_find(r, "uid");

	assert_true(s->records < MOST && uid.text.n < CONNLOG_UID_SIZE);
	memcpy(s->record[s->records], uid.text.p, uid.text.n);
	s->packets[s->records++] = connlog_record_find(r, "orig_pkts").count + connlog_record_find(r, "resp_pkts").count;
	return CONNLOG_OK;
}

static struct talk
begin(struct seen *s)
{
	struct talk t = { .engine = traffic_engine(), .port = 1234, .service = 4321, .usec = INT64_C(1000000) * START };

	assert_int_equal(connlog_on_counted(t.engine, on_counted, s), CONNLOG_OK);
	assert_int_equal(connlog_on_record(t.engine, on_record, s), CONNLOG_OK);
	return t;
}

static void
end(struct talk *t, int want)
{
	assert_int_equal(connlog_finish(t->engine), want);
	connlog_engine_free(t->engine);
}

/* Returns how many of them have the uid, without fragments. */
static uint64_t
count_of(const struct seen *s, const char *uid)
{
	uint64_t n = 0;

	for (size_t i = 0; i < s->n; i++)
		n += !s->at[i].fragment && strcmp(s->uid[i], uid) == 0;
	return n;
}

static void
each_packet_is_told_once(void **state)
{
	struct seen s = { 0 };
	struct talk t = begin(&s), other = t;

	(void)state;
	other.client = 7;
	other.usec += 500;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(send_packet(&t, UDP, true, 0, "a"), CONNLOG_OK);
		assert_int_equal(send_packet(&other, UDP, i == 0, 0, "b"), CONNLOG_OK);
	}
	tcp_talk(&t, "question", "answer");
	end(&t, CONNLOG_OK);
	assert_int_equal(s.n, 6 + 8);
	assert_int_equal(s.records, 3);
	for (size_t i = 0; i < s.n; i++) {
		assert_int_equal(s.at[i].packet, i);
		assert_false(s.at[i].fragment);
		assert_null(s.at[i].quoted);
	}
	for (size_t i = 0; i < s.records; i++)
		assert_int_equal(count_of(&s, s.record[i]), s.packets[i]);
	assert_true(s.at[1].is_orig && !s.at[3].is_orig);
	assert_int_equal(s.at[6].tuple.proto, TCP);
	assert_int_equal(s.at[6].tuple.orig_p, 1234);
	assert_int_equal(s.at[6].tuple.resp_p, 4321);
}

/* Sends one IPv4 packet or fragment. */
static void
send_ip(struct talk *t, uint8_t proto, uint16_t fragment, const uint8_t *payload, size_t n)
{
	uint8_t b[256], *p = b;

	assert_true(n <= sizeof b - 20);
	p = store(p, 0x4500, 2);
	p = store(p, 20 + n, 2);
	p = store(p, 77, 2);
	p = store(p, fragment, 2);
	p = store(p, (uint64_t)(0x4000 | proto) << 16, 4);
	p = store(p, 0x0a000001, 4);
	p = store(p, 0x0a000002, 4);
	memcpy(p, payload, n);
	const connlog_packet packet = { .data = b,
		                            .caplen = (uint32_t)(20 + n),
		                            .len = (uint32_t)(20 + n),
		                            .link = RAW,
		                            .sec = t->usec / 1000000,
		                            .nsec = (uint32_t)(t->usec % 1000000) * 1000 };
	t->usec += 1000;
	assert_int_equal(connlog_packets(t->engine, &packet, 1), CONNLOG_OK);
}

/* A datagram of 24 bytes in three fragments, the first of which arrives last, with another packet in between. */
static void
fragments_belong_to_the_datagram(void **state)
{
	struct seen   s = { 0 };
	struct talk   t = begin(&s), other = t;
	const uint8_t datagram[24] = { 4, 210, 16, 225, 0, 24, 0, 0 };

	(void)state;
	send_ip(&t, UDP, 0x2000 | 1, datagram + 8, 8);
	send_ip(&t, UDP, 2, datagram + 16, 8);
	assert_int_equal(s.n, 0);
	other.client = 3;
	other.usec = t.usec;
	send_packet(&other, UDP, true, 0, "between");
	assert_int_equal(s.n, 1);
	t.usec = other.usec;
	send_ip(&t, UDP, 0x2000, datagram, 8);
	assert_int_equal(connlog_counted_lost(t.engine), 0);
	end(&t, CONNLOG_OK);
	assert_int_equal(s.n, 4);
	assert_true(s.at[1].packet == 3 && !s.at[1].fragment);
	assert_true(s.at[2].packet == 0 && s.at[2].fragment);
	assert_true(s.at[3].packet == 1 && s.at[3].fragment);
	assert_string_equal(s.uid[1], s.uid[3]);
}

static void
icmp_errors_quote(void **state)
{
	struct seen s = { 0 };
	struct talk t = begin(&s);
	uint8_t     error[8 + 28] = { 3,  1,  0, 0, 0,  0, 0, 0, 0x45, 0, 0, 40, 0, 0,  0, 0,
		                          64, 17, 0, 0, 10, 9, 8, 7, 10,   0, 0, 9,  0, 53, 1, 0 };

	(void)state;
	send_ip(&t, ICMP, 0, error, sizeof error);
	error[0] = 8; /* an echo quotes nothing */
	send_ip(&t, ICMP, 0, error, sizeof error);
	error[0] = 11;
	send_ip(&t, ICMP, 0, error, 8 + 22); /* ports that are not there */
	end(&t, CONNLOG_OK);
	assert_int_equal(s.n, 3);
	assert_non_null(s.at[0].quoted);
	assert_true(s.quoted[0].orig_p == 53 && s.quoted[0].resp_p == 256 && s.quoted[0].proto == UDP);
	assert_int_equal(s.quoted[0].orig_h[15], 7);
	assert_int_equal(s.quoted[0].resp_h[15], 9);
	assert_null(s.at[1].quoted);
	assert_null(s.at[2].quoted);
}

static void
an_answer_stops_the_engine(void **state)
{
	struct seen s = { .answer = 42 };
	struct talk t = begin(&s);

	(void)state;
	assert_int_equal(send_packet(&t, UDP, true, 0, "a"), 42);
	assert_int_equal(send_packet(&t, UDP, true, 0, "a"), 42);
	assert_int_equal(s.n, 1);
	assert_int_equal(connlog_on_counted(t.engine, on_counted, &s), CONNLOG_BAD_OPTION);
	end(&t, 42);
	assert_int_equal(s.records, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_packet_is_told_once),
		cmocka_unit_test(fragments_belong_to_the_datagram),
		cmocka_unit_test(icmp_errors_quote),
		cmocka_unit_test(an_answer_stops_the_engine),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
