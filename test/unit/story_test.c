/* The explanation of histories and states: a row per history. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The program's files are not part of the library. */
#include "cli/story.c"
#include "cli/story_words.c"

/* Who acts: > the originator, < the responder, - neither; ! after a letter: it is unusual. */
static const struct {
	enum story_proto proto;
	const char      *history, *steps, *outline;
} rows[] = {
	{ STORY_TCP, "ShADadFf", ">S<h>A>D<a<d>F<f",
	  "opened by a full handshake, data in both directions, closed by both sides" },
	{ STORY_TCP, "ShAdDaFfR", ">S<h>A<d>D<a>F<f>R",
	  "opened by a full handshake, data in both directions, closed by both sides" },
	{ STORY_TCP, "S", ">S", "asked for; no SYN-ACK was seen, no data, not closed" },
	{ STORY_TCP, "Sr", ">S<r!", "asked for and refused, no data" },
	{ STORY_TCP, "SR", ">S>R!", "asked for; no SYN-ACK was seen, no data, broken off by the originator" },
	{ STORY_TCP, "ShR", ">S<h>R!", "asked for and granted, but never taken up, no data, broken off by the originator" },
	{ STORY_TCP, "ShADadR", ">S<h>A>D<a<d>R!",
	  "opened by a full handshake, data in both directions, broken off by the originator" },
	{ STORY_TCP, "ShADadfr", ">S<h>A>D<a<d<f<r",
	  "opened by a full handshake, data in both directions, broken off by the responder" },
	{ STORY_TCP, "ShADadfR", ">S<h>A>D<a<d<f>R",
	  "opened by a full handshake, data in both directions, broken off by the originator" },
	{ STORY_TCP, "SADF", ">S>A!>D!>F!",
	  "asked for; no SYN-ACK was seen, data from the originator only, closed by the originator only" },
	{ STORY_TCP, "^hadf", "-^<h!<a<d<f",
	  "of its opening only the SYN-ACK was seen, data from the responder only, closed by the responder only" },
	{ STORY_TCP, "DadA", ">D!<a<d>A", "already open when first seen, data in both directions, not closed" },
	{ STORY_TCP, "R", ">R!", "already open when first seen, no data, broken off by the originator" },
	{ STORY_TCP, "Hr", ">H!<r!", "of its opening only the SYN-ACK was seen, no data, broken off by the responder" },
	{ STORY_TCP, "SSh", ">S>S!<h", "asked for and granted, but never taken up, no data, not closed" },
	{ STORY_TCP, "Ssa", ">S<s!<a!", "asked for; no SYN-ACK was seen, no data, not closed" },
	{ STORY_TCP, "ShADTtWwGgCcFf", ">S<h>A>D>T<t>W<w>G!<g!>C!<c!>F<f",
	  "opened by a full handshake, data from the originator only, closed by both sides" },
	{ STORY_TCP, "ShADFD", ">S<h>A>D>F>D!",
	  "opened by a full handshake, data from the originator only, closed by the originator only" },
	{ STORY_TCP, "ShADFd", ">S<h>A>D>F<d",
	  "opened by a full handshake, data in both directions, closed by the originator only" },
	{ STORY_TCP, "ShARd", ">S<h>A>R!<d!",
	  "opened by a full handshake, data from the responder only, broken off by the originator" },
	{ STORY_TCP, "IQiqXx", ">I!>Q!<i!<q!-X!-x!", "already open when first seen, no data, not closed" },
	{ STORY_TCP, "?S", "-?!>S", "asked for; no SYN-ACK was seen, no data, not closed" },
	{ STORY_UDP, "Dd", ">D<d", "data in both directions" },
	{ STORY_UDP, "D", ">D", "data from the originator only" },
	{ STORY_UDP, "^d", "-^<d!", "data from the responder only" },
	{ STORY_UDP, "DSd", ">D>S!<d", "data in both directions" },
	/* letters before the flip were written in the roles before it */
	{ STORY_UDP, "D^", "<D!-^", "data from the responder only" },
	{ STORY_TCP, "Hs^aD", "<H!>s!-^<a>D", "opened by a full handshake, data from the originator only, not closed" },
	{ STORY_UDP, "D^^d", ">D-^-^<d", "data in both directions" },
	{ STORY_OTHER, "X", "-X!", "no history is kept for this protocol" },
	{ STORY_OTHER, "D", ">D!", "no history is kept for this protocol" },
};

static void
histories_are_told_step_by_step(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct story_step steps[32];
		char              said[128], outline[STORY_OUTLINE_MAX];
		const size_t      n = strlen(rows[i].history);
		size_t            at = 0;

		story_steps(rows[i].proto, rows[i].history, n, steps);
		for (size_t k = 0; k < n; k++) {
			said[at++] = "><-"[steps[k].side];
			said[at++] = steps[k].letter;
			if (steps[k].odd)
				said[at++] = '!';
		}
		said[at] = '\0';
		assert_string_equal(said, rows[i].steps);
		const size_t length = story_outline(rows[i].proto, steps, n, outline, sizeof outline);
		assert_int_equal(length, strlen(outline));
		assert_string_equal(outline, rows[i].outline);
	}
}

static void
repetitions_are_counted_by_powers_of_ten(void **state)
{
	struct story_step steps[16];

	(void)state;
	story_steps(STORY_TCP, "TTTtTTTTTTTTTTTT", 16, steps);
	assert_false(steps[0].odd);
	assert_string_equal(steps[1].remark, "at least 10 times by now");
	assert_string_equal(steps[2].remark, "at least 100 times by now");
	assert_false(steps[3].odd); /* the other side is counted separately */
	assert_string_equal(steps[4].remark, "at least 1,000 times by now");
	assert_string_equal(steps[15].remark, "at least 1,000,000,000 times by now");
	story_steps(STORY_TCP, "DD", 2, steps);
	assert_true(steps[1].odd);
}

static void
any_bytes_are_a_history_that_can_be_told(void **state)
{
	char              history[512], outline[STORY_OUTLINE_MAX];
	struct story_step steps[sizeof history];

	(void)state;
	uint32_t some = 1;
	for (unsigned round = 0; round < 200; round++) {
		for (size_t i = 0; i < sizeof history; i++) {
			some = some * 1664525 + 1013904223;
			history[i] = (char)(some >> 24);
		}
		for (unsigned proto = STORY_TCP; proto <= STORY_OTHER; proto *= 2) {
			story_steps((enum story_proto)proto, history, sizeof history, steps);
			assert_true(story_outline((enum story_proto)proto, steps, sizeof history, outline, sizeof outline) > 0);
		}
	}
	assert_int_equal(story_outline(STORY_TCP, steps, 0, outline, 8), 7);
	assert_string_equal(outline, "already");
}

static void
every_state_is_told(void **state)
{
	static const char *const names[] = { "S0",   "S1",     "SF",    "REJ", "S2",  "S3", "RSTO",
		                                 "RSTR", "RSTOS0", "RSTRH", "SH",  "SHR", "OTH" };

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		const struct story_state *s = story_state_find(names[i], strlen(names[i]));
		assert_non_null(s);
		assert_ptr_equal(s, &story_states[i]);
		assert_true(story_is_history(s->example, strlen(s->example)));
		assert_true(s->symbol[0] && s->brief[0] && s->meaning[0] && s->usual[0] && s->group < STORY_GROUPS);
		assert_int_equal(s->udp != NULL, i == 0 || i == 2 || i == 11 || i == 12); /* S0, SF, SHR, OTH */
	}
	assert_null(story_states[13].name);
	assert_ptr_equal(story_state_find("rstos0", 6), story_state_find("RSTOS0", 6));
	assert_null(story_state_find("RST", 3));
	assert_null(story_state_find("", 0));
}

static void
letters_are_those_of_zeek(void **state)
{
	char   all[32];
	size_t n = 0;

	(void)state;
	for (const struct story_letter *l = story_letters; l->name != NULL; l++)
		all[n++] = l->letter;
	all[n] = '\0';
	assert_string_equal(all, "shadfrcgtwiq^x");
	assert_true(story_is_history("ShADadFfX^", 10));
	assert_false(story_is_history("", 0));
	assert_false(story_is_history("REJ", 3));
	assert_int_equal(story_proto_of("DdCc^X", 6), STORY_UDP);
	assert_int_equal(story_proto_of("DdA", 3), STORY_TCP);
	assert_int_equal(story_proto_named("udp", 3), STORY_UDP);
	assert_int_equal(story_proto_named("icmp", 4), STORY_OTHER);
}

static void
numbers_are_judged(void **state)
{
	const struct story_numbers plain = { 1, { 100, 200 }, { 3, 3 }, { 300, 400 }, 0, true, false };
	struct story_numbers       n = plain;

	(void)state;
	assert_int_equal(story_find(STORY_TCP, &plain), 0);
	n.missed = 1;
	assert_int_equal(story_find(STORY_TCP, &n), 1u << MISSED);
	n = plain;
	n.bytes[STORY_ORIG] = 301;
	assert_int_equal(story_find(STORY_TCP, &n), 1u << ORIG_JUMPED);
	n.ip_bytes[STORY_ORIG] = -1; /* unknown: nothing to compare with */
	assert_int_equal(story_find(STORY_TCP, &n), 0);
	n = plain;
	n.service = false;
	assert_int_equal(story_find(STORY_TCP, &n), 1u << NO_SERVICE);
	assert_int_equal(story_find(STORY_UDP, &n), 0);
	n = (struct story_numbers){ -1, { -1, -1 }, { 1, 0 }, { 40, 0 }, -1, false, false };
	assert_int_equal(story_find(STORY_TCP, &n), 1u << NO_ANSWER);
	n = (struct story_numbers){ 86401, { 10000001, 5 }, { 9000, 9 }, { 11e6, 500 }, 0, true, true };
	assert_int_equal(story_find(STORY_TCP, &n), 1u << LONG | 1u << OUTFLOW | 1u << TUNNELLED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(histories_are_told_step_by_step),
		cmocka_unit_test(repetitions_are_counted_by_powers_of_ten),
		cmocka_unit_test(any_bytes_are_a_history_that_can_be_told),
		cmocka_unit_test(every_state_is_told),
		cmocka_unit_test(letters_are_those_of_zeek),
		cmocka_unit_test(numbers_are_judged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
