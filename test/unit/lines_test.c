/* Lines of a stream: the fast path for complete lines splits in the same way as the general one, byte by byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/scan.h"
#include "service/lines.h"

static uint64_t state = 1;

static unsigned
below(unsigned n)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(state >> 33) % n;
}

/* Splits a text that arrives in chunks with lengths from `sizes`, and writes down the result. */
static size_t
cut(struct lines *l, const uint8_t *p, size_t n, const uint8_t *sizes, char *out)
{
	struct budget budget = { .most = 1 << 20 };
	size_t        at = 0;

	for (size_t k = 0; n > 0; k++) {
		const size_t      take = sizes[k] < n ? sizes[k] : n;
		struct bytes      in = { p, take }, b;
		uint64_t          full;
		enum lines_answer a;
		while ((a = lines_next(l, &budget, &in, &b, &full)) != LINES_MORE) {
			at += (size_t)sprintf(out + at, "%d %zu %d<", a, (size_t)full, l->last);
			memcpy(out + at, b.p, b.n);
			at += b.n;
			out[at++] = '>';
			if (b.n == 3)
				l->plain = 5;
		}
		p += take;
		n -= take;
	}
	at += (size_t)sprintf(out + at, "%zu", (size_t)l->held.length);
	lines_clear(l, &budget);
	return at;
}

static void
test_whole_lines(void **unused)
{
	static const char letters[] = "aaaaaaaaaaaaaaaaaaaaaab\r\r\n\n\0\r";
	(void)unused;

	for (int round = 0; round < 20000; round++) {
		uint8_t        text[400], sizes[400];
		char           quick[8192], slow[8192];
		const uint8_t  flags = (uint8_t)below(4);
		const size_t   n = below(sizeof text);
		const unsigned common = 1 + below(sizeof letters - 1);
		for (size_t i = 0; i < n; i++)
			text[i] = (uint8_t)letters[below(4) ? below(common) : below(sizeof letters - 1)];
		for (size_t i = 0; i + 1 < n; i += 1 + below(20))
			memcpy(text + i, "\r\n", 2);
		for (size_t i = 0; i < sizeof sizes; i++)
			sizes[i] = (uint8_t)(1 + below(below(2) ? 5 : 200));
		struct lines a = { .flags = flags, .nul_sensitive = round & 1 }, b = a;
		b.cap = ZEEK_MAX_LINE;
		const size_t n_quick = cut(&a, text, n, sizes, quick), n_slow = cut(&b, text, n, sizes, slow);
		assert_int_equal(n_quick, n_slow);
		assert_memory_equal(quick, slow, n_quick);
	}
}

static void
test_scan_either(void **unused)
{
	(void)unused;
	for (int round = 0; round < 20000; round++) {
		uint8_t      text[100];
		const size_t n = below(sizeof text);
		size_t       want = 0;
		for (size_t i = 0; i < n; i++)
			text[i] = below(30) ? 'x' : (uint8_t) "\r\n\x8d"[below(3)];
		while (want < n && text[want] != '\r' && text[want] != '\n')
			want++;
		assert_int_equal(scan_either(text, n, '\r', '\n'), want);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_whole_lines), cmocka_unit_test(test_scan_either) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
