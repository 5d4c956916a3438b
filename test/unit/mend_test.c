/* What a power cut leaves of a log becomes whole lines again: wherever the zeros lie, exactly the lines that have none are
 * kept, in their order. */
#include "traffic.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "sensor/mend.h"

enum { LINES = 30000, ROOM = 4 << 20, HEAD = 3 };

static uint32_t seed = 4711;

static uint32_t
random_below(uint32_t n)
{
	seed = seed * 1664525 + 1013904223;
	return (uint32_t)((uint64_t)seed * n >> 32);
}

/* Writes a log, with a header of HEAD bytes.  Returns its size. */
static size_t
make(char *log)
{
	size_t n = (size_t)sprintf(log, "#h\n");

	for (int i = 0; i < LINES; i++) {
		n += (size_t)sprintf(log + n, "%d ", i);
		const size_t more = random_below(i % 1000 == 0 ? 20000 : 60);
		memset(log + n, 'x', more);
		n += more;
		log[n++] = '\n';
	}
	return n;
}

/* Does what mend_log() is to do, by splitting.  Returns the size; *counted: lines that begin at or behind `count_from`. */
static size_t
expect(const char *log, size_t n, size_t count_from, char *out, uint64_t *counted, uint64_t *places)
{
	size_t size = 0;

	*counted = *places = 0;
	for (size_t at = 0; at < n;) {
		const char *end = memchr(log + at, '\n', n - at);
		if (end == NULL)
			break;
		const size_t line = (size_t)(end + 1 - log) - at;
		if (memchr(log + at, 0, line) != NULL) {
			++*places;
		} else {
			memcpy(out + size, log + at, line);
			size += line;
			*counted += at >= count_from;
		}
		at += line;
	}
	return size;
}

static FILE *
file_of(const char *log, size_t n)
{
	FILE *f = tmpfile();
	assert_non_null(f);
	assert_int_equal(fwrite(log, 1, n, f), n);
	assert_int_equal(fflush(f), 0);
	return f;
}

static void
check(const char *log, size_t n, size_t from, size_t count_from)
{
	char       *wanted = malloc(ROOM), *got = malloc(ROOM);
	FILE       *f = file_of(log, n);
	struct mend done;
	uint64_t    lines, places;

	assert_true(wanted != NULL && got != NULL);
	memcpy(wanted, log, from);
	const size_t size = from + expect(log + from, n - from, count_from - from, wanted + from, &lines, &places);
	assert_int_equal(mend_log(fileno(f), (off_t)from, (off_t)count_from, (off_t)n, &done), 0);
	assert_int_equal(done.size, size);
	assert_int_equal(done.lines, lines);
	assert_int_equal(done.places, places);
	assert_int_equal(pread(fileno(f), got, ROOM, 0), size);
	assert_memory_equal(got, wanted, size);
	fclose(f);
	free(wanted);
	free(got);
}

static void
zeros_anywhere_take_their_lines_with_them(void **state)
{
	char        *log = malloc(ROOM);
	const size_t n = make(log);

	(void)state;
	check(log, n, 0, HEAD);
	for (int turn = 0; turn < 60; turn++) {
		make(log);
		for (uint32_t holes = random_below(6); holes > 0; holes--) {
			const size_t at = random_below((uint32_t)n), size = 1 + random_below(turn % 2 == 0 ? 100 : 300000);
			memset(log + at, 0, size < n - at ? size : n - at);
		}
		check(log, n - random_below(100), 0, HEAD);
	}
	free(log);
}

static void
places_that_matter(void **state)
{
	static const char a[] = "#h\na\nb\n\0\0c\nd\n", b[] = "\0\0\0a\nb\n", c[] = "#h\na\n\0\0\0", d[] = "#h\na\n\0\0b",
					  e[] = "\0\0";
	static const struct {
		const char *p;
		size_t      n;
	} logs[] = { { a, sizeof a - 1 }, { b, sizeof b - 1 }, { c, sizeof c - 1 },
		         { d, sizeof d - 1 }, { e, sizeof e - 1 }, { "#h\n", 3 } };

	(void)state;
	for (size_t i = 0; i < sizeof logs / sizeof *logs; i++)
		check(logs[i].p, logs[i].n, 0, 0);
}

static void
what_is_before_is_left_alone(void **state)
{
	static const char log[] = "#h\n\0\na\nb\n\0c\nd\n";

	(void)state;
	check(log, sizeof log - 1, 7, 7);
	check(log, sizeof log - 1, 7, 9);
	check(log, sizeof log - 1, sizeof log - 1, sizeof log - 1);
}

static void
the_last_line_that_ends(void **state)
{
	char *log = calloc(1, ROOM);

	(void)state;
	memcpy(log, "#h\nab\n", 6);
	memcpy(log + 100000, "c\n", 2);
	FILE *f = file_of(log, 100002);
	assert_int_equal(mend_whole(fileno(f), 100002), 100002);
	assert_int_equal(mend_whole(fileno(f), 100001), 6);
	assert_int_equal(mend_whole(fileno(f), 6), 6);
	assert_int_equal(mend_whole(fileno(f), 5), 3);
	assert_int_equal(mend_whole(fileno(f), 2), 0);
	fclose(f);
	free(log);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(zeros_anywhere_take_their_lines_with_them),
		cmocka_unit_test(places_that_matter),
		cmocka_unit_test(what_is_before_is_left_alone),
		cmocka_unit_test(the_last_line_that_ends),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
