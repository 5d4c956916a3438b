/* Addresses as text. */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/addr.h"

static void
check(const struct addr *a, const char *want)
{
	char  *out = malloc(ADDR_TEXT_MAX); /* of exactly this size, so that ASan detects a byte too many */
	size_t n = addr_format(a, out);

	assert_string_equal(out, want);
	assert_int_equal(n, strlen(want));
	free(out);
}

static void
ipv4(void **state)
{
	static const char *const texts[] = { "0.0.0.0", "1.2.3.4", "10.20.30.40", "99.100.9.10", "255.255.255.255" };

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		uint8_t four[4];
		assert_int_equal(inet_pton(AF_INET, texts[i], four), 1);
		struct addr a = addr_from_v4(four);
		check(&a, texts[i]);
	}
}

static void
ipv6(void **state)
{
	/* Any form that inet_pton() reads, and the form that RFC 5952 requires. */
	static const struct {
		const char *in, *want;
	} rows[] = {
		{ "::", "::" },
		{ "::1", "::1" },
		{ "1::", "1::" },
		{ "2001:DB8::00ff:0", "2001:db8::ff:0" },
		{ "1:0:0:2:0:0:0:3", "1:0:0:2::3" },      /* the longest run */
		{ "1:0:0:2:3:0:0:4", "1::2:3:0:0:4" },    /* the first of two as long */
		{ "1:0:2:3:4:5:6:7", "1:0:2:3:4:5:6:7" }, /* one group is no run */
		{ "0:1:2:3:4:5:6:0", "0:1:2:3:4:5:6:0" },
		{ "0:0:1:2:3:4:5:6", "::1:2:3:4:5:6" },
		{ "1:2:3:4:5:6:0:0", "1:2:3:4:5:6::" },
		{ "fe80::1234:5678:9abc:def0", "fe80::1234:5678:9abc:def0" },
		{ "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" },
		{ "::ffff:1.2.3.4", "1.2.3.4" }, /* is IPv4 here */
		{ "::1.2.3.4", "::1.2.3.4" },
		{ "::1:0", "::0.1.0.0" },
		{ "::ffff:0:1.2.3.4", "::ffff:0:1.2.3.4" },
		{ "::fffe:1.2.3.4", "::fffe:102:304" },
		{ "64:ff9b::1.2.3.4", "64:ff9b::102:304" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		uint8_t sixteen[16];
		assert_int_equal(inet_pton(AF_INET6, rows[i].in, sixteen), 1);
		struct addr a = addr_from_v6(sixteen);
		check(&a, rows[i].want);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(ipv4),
		cmocka_unit_test(ipv6),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
