/* talkers_test.c - hosts with much of the traffic are reported, however many others there are, and never with too large
 * a value. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sensor/talkers.h"

enum { FRAME = 64, WIRE = 1000 };

static connlog_packet
packet(uint8_t frame[FRAME], unsigned tags, uint32_t from, uint32_t to)
{
	unsigned at = 12;

	memset(frame, 0, FRAME);
	for (unsigned i = 0; i < tags; i++, at += 4)
		frame[at] = 0x81;
	frame[at] = 0x08;
	for (unsigned i = 0; i < 4; i++) {
		frame[at + 14 + i] = (uint8_t)(from >> (24 - 8 * i));
		frame[at + 18 + i] = (uint8_t)(to >> (24 - 8 * i));
	}
	return (connlog_packet){ .data = frame, .caplen = FRAME, .len = WIRE, .link = 1 };
}

/* Returns what talkers_text() says of the greatest, as a sensor's metrics print it; the caller frees it. */
static char *
text_of(struct talkers *t, double seconds)
{
	struct talker_rates greatest[TALKERS_SHOWN];
	const size_t        n = talkers_take(t, seconds, greatest);
	size_t              size;
	char               *text = talkers_text(greatest, n, &size);

	assert_non_null(text);
	assert_int_equal(strlen(text), size);
	return text;
}

/* Returns a value of an address, -1 if it is not reported. */
static double
told(const char *text, const char *name, const char *address)
{
	char        line[200];
	const char *found;

	snprintf(line, sizeof line, "connlog_talker_%s{address=\"%s\"} ", name, address);
	found = strstr(text, line);
	return found != NULL ? strtod(found + strlen(line), NULL) : -1;
}

static void
test_one_packet(void **state)
{
	struct talkers *t = talkers_new();
	uint8_t         frame[FRAME];

	(void)state;
	for (unsigned tags = 0; tags < 3; tags++) {
		const connlog_packet p = packet(frame, tags, 0x0a000001, 0xc0a80101);
		talkers_packets(t, &p, 1);
	}
	char *text = text_of(t, 2);
	assert_true(told(text, "sent_bytes_per_second", "10.0.0.1") == 3 * WIRE / 2.0);
	assert_true(told(text, "received_bytes_per_second", "10.0.0.1") == 0);
	assert_true(told(text, "received_bytes_per_second", "192.168.1.1") == 3 * WIRE / 2.0);
	assert_true(told(text, "packets_per_second", "192.168.1.1") == 1.5);
	free(text);
	talkers_free(t);
}

/* Frames of every length: only the bytes that are there may be read. */
static void
test_short_frames(void **state)
{
	struct talkers *t = talkers_new();
	uint8_t         frame[FRAME];

	(void)state;
	for (uint32_t k = 0; k <= FRAME; k++) {
		connlog_packet p = packet(frame, k % 3, 1, 2);
		uint8_t       *exact = malloc(k + 1);
		memcpy(exact, frame, k);
		p.data = exact;
		p.caplen = k;
		talkers_packets(t, &p, 1);
		free(exact);
	}
	char *text = text_of(t, 1);
	assert_true(told(text, "packets_per_second", "0.0.0.1") > 0);
	free(text);
	talkers_free(t);
}

static void
test_few_of_many(void **state)
{
	enum { ROUNDS = 200000, EVERY = 10 };
	struct talkers *t = talkers_new();
	uint8_t         frame[FRAME];

	(void)state;
	for (uint32_t i = 0; i < ROUNDS; i++) { /* a tenth belongs to one host, the others have a packet each */
		const connlog_packet p = packet(frame, 0, i % EVERY == 0 ? 0x0a000001 : 0x20000000 + i, 0x30000000 + i);
		talkers_packets(t, &p, 1);
	}
	char        *text = text_of(t, 1);
	const double all = (double)ROUNDS / EVERY * WIRE, seen = told(text, "sent_bytes_per_second", "10.0.0.1");
	assert_true(seen <= all && seen > 0.99 * all);
	assert_true(strstr(text, "address=") == strstr(text, "address=\"10.0.0.1\"")); /* it comes first */
	free(text);
	/* Silent hosts fade away. */
	for (int i = 0; i < 30; i++)
		free(text_of(t, 1));
	text = text_of(t, 1);
	assert_true(told(text, "sent_bytes_per_second", "10.0.0.1") < all / 1000);
	free(text);
	talkers_free(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_packet),
		cmocka_unit_test(test_short_frames),
		cmocka_unit_test(test_few_of_many),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
