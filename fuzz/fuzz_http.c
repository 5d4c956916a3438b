/* fuzz_http.c - any bytes as the response of an HTTP server: the result is the same however they are divided, and no
 * more is kept than allowed. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ship/http.h"

static void
check(bool good)
{
	if (!good)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct http_answer whole, parts;
	const char               *p = (const char *)data;
	size_t                    taken = 0;

	http_answer_init(&whole);
	http_answer_init(&parts);
	const size_t all = http_answer_take(&whole, p, size);
	for (size_t n = 1; taken < size; n = n % 7 + 1) {
		const size_t some = n < size - taken ? n : size - taken, took = http_answer_take(&parts, p + taken, some);
		taken += took;
		if (took < some)
			break;
	}
	check(all <= size && all == taken && whole.state == parts.state && whole.status == parts.status);
	check(whole.text_n == parts.text_n && memcmp(whole.text, parts.text, sizeof whole.text) == 0);
	check(whole.text_n < sizeof whole.text && whole.text[whole.text_n] == '\0');
	check(all == size || whole.state == HTTP_DONE || whole.state == HTTP_BAD);
	check(http_answer_end(&whole) == http_answer_end(&parts));
	return 0;
}
