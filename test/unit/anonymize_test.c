/* Crypto-PAn against the sample trace of its reference implementation, and anonymized records. */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/parse.h"
#include "conn/community_id.h"
#include "record/anonymize.h"
#include "record/cryptopan.h"
#include "record/public.h"

#define TEXT(s) ((struct text){ (s), sizeof(s) - 1 })

/* The key of the reference implementation's sample. */
static const uint8_t key[CRYPTOPAN_KEY] = { 21,  34,  23,  141, 51,  164, 207, 128, 19, 10, 91, 22, 73, 144, 125, 16,
	                                        216, 152, 143, 131, 121, 121, 101, 39,  98, 87, 76, 45, 42, 132, 34,  2 };

/* The addresses of that trace, and the IPv6 addresses with which other implementations are tested. */
static const char *const vectors[][2] = {
	{ "128.11.68.132", "135.242.180.132" },
	{ "129.118.74.4", "134.136.186.123" },
	{ "130.132.252.244", "133.68.164.234" },
	{ "141.223.7.43", "141.167.8.160" },
	{ "141.233.145.108", "141.129.237.235" },
	{ "152.163.225.39", "151.140.114.167" },
	{ "156.29.3.236", "147.225.12.42" },
	{ "165.247.96.84", "162.9.99.234" },
	{ "166.107.77.190", "160.132.178.185" },
	{ "192.102.249.13", "252.138.62.131" },
	{ "192.215.32.125", "252.43.47.189" },
	{ "192.233.80.103", "252.25.108.8" },
	{ "192.41.57.43", "252.222.221.184" },
	{ "193.150.244.223", "253.169.52.216" },
	{ "195.205.63.100", "255.186.223.5" },
	{ "198.200.171.101", "249.199.68.213" },
	{ "198.26.132.101", "249.36.123.202" },
	{ "198.36.213.5", "249.7.21.132" },
	{ "198.51.77.238", "249.18.186.254" },
	{ "199.217.79.101", "248.38.184.213" },
	{ "202.49.198.20", "245.206.7.234" },
	{ "203.12.160.252", "244.248.163.4" },
	{ "204.184.162.189", "243.192.77.90" },
	{ "204.202.136.230", "243.178.4.198" },
	{ "204.29.20.4", "243.33.20.123" },
	{ "205.178.38.67", "242.108.198.51" },
	{ "205.188.147.153", "242.96.16.101" },
	{ "205.188.248.25", "242.96.88.27" },
	{ "205.245.121.43", "242.21.121.163" },
	{ "207.105.49.5", "241.118.205.138" },
	{ "207.135.65.238", "241.202.129.222" },
	{ "207.155.9.214", "241.220.250.22" },
	{ "207.188.7.45", "241.255.249.220" },
	{ "207.25.71.27", "241.33.119.156" },
	{ "207.33.151.131", "241.1.233.131" },
	{ "208.147.89.59", "227.237.98.191" },
	{ "208.234.120.210", "227.154.67.17" },
	{ "208.28.185.184", "227.39.94.90" },
	{ "208.52.56.122", "227.8.63.165" },
	{ "209.12.231.7", "226.243.167.8" },
	{ "209.238.72.3", "226.6.119.243" },
	{ "209.246.74.109", "226.22.124.76" },
	{ "209.68.60.238", "226.184.220.233" },
	{ "209.85.249.6", "226.170.70.6" },
	{ "212.120.124.31", "228.135.163.231" },
	{ "212.146.8.236", "228.19.4.234" },
	{ "212.186.227.154", "228.59.98.98" },
	{ "212.204.172.118", "228.71.195.169" },
	{ "212.206.130.201", "228.69.242.193" },
	{ "216.148.237.145", "235.84.194.111" },
	{ "216.157.30.252", "235.89.31.26" },
	{ "216.184.159.48", "235.96.225.78" },
	{ "216.227.10.221", "235.28.253.36" },
	{ "216.254.18.172", "235.7.16.162" },
	{ "216.32.132.250", "235.192.139.38" },
	{ "216.35.217.178", "235.195.157.81" },
	{ "24.0.250.221", "100.15.198.226" },
	{ "24.13.62.231", "100.2.192.247" },
	{ "24.14.213.138", "100.1.42.141" },
	{ "24.5.0.80", "100.9.15.210" },
	{ "24.7.198.88", "100.10.6.25" },
	{ "24.94.26.44", "100.88.228.35" },
	{ "38.15.67.68", "64.3.66.187" },
	{ "4.3.88.225", "124.60.155.63" },
	{ "63.14.55.111", "95.9.215.7" },
	{ "63.195.241.44", "95.179.238.44" },
	{ "63.97.7.140", "95.97.9.123" },
	{ "64.14.118.196", "0.255.183.58" },
	{ "64.34.154.117", "0.221.154.117" },
	{ "64.39.15.238", "0.219.7.41" },
	{ "10.185.25.118", "117.161.29.118" },
	{ "::1", "78ff:f001:9fc0:20df:8380:b1f1:704:ed" },
	{ "::2", "78ff:f001:9fc0:20df:8380:b1f1:704:ef" },
	{ "::ffff", "78ff:f001:9fc0:20df:8380:b1f1:704:f838" },
	{ "2001:db8::1", "4401:2bc:603f:d91d:27f:ff8e:e6f1:dc1e" },
	{ "2001:db8::2", "4401:2bc:603f:d91d:27f:ff8e:e6f1:dc1c" },
};

static void
test_the_published_vectors(void **state)
{
	struct cryptopan c;

	(void)state;
	assert_true(cryptopan_init(&c, key));
	for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
		const int    family = strchr(vectors[i][0], ':') ? AF_INET6 : AF_INET;
		const size_t n = family == AF_INET6 ? 16 : 4;
		uint8_t      at[16], want[16];
		assert_int_equal(inet_pton(family, vectors[i][0], at), 1);
		assert_int_equal(inet_pton(family, vectors[i][1], want), 1);
		assert_true(cryptopan_encrypt(&c, at, n));
		assert_memory_equal(at, want, n);
	}
	cryptopan_free(&c);
}

/* Returns the length of their common prefix in bits. */
static unsigned
common_bits(const uint8_t *a, const uint8_t *b, unsigned bits)
{
	for (unsigned i = 0; i < bits; i++)
		if ((a[i / 8] ^ b[i / 8]) >> (7 - i % 8) & 1)
			return i;
	return bits;
}

static void
test_prefixes_stay_in_common(void **state)
{
	static const size_t sizes[] = { 4, 6, 16 };
	struct cryptopan    c;

	(void)state;
	assert_true(cryptopan_init(&c, key));
	for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++)
		for (unsigned bit = 0; bit < 8 * sizes[s]; bit++) {
			uint8_t a[16], b[16];
			for (size_t i = 0; i < sizeof a; i++)
				a[i] = b[i] = (uint8_t)(bit * 37 + i * 101);
			b[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
			assert_true(cryptopan_encrypt(&c, a, sizes[s]) && cryptopan_encrypt(&c, b, sizes[s]));
			assert_int_equal(common_bits(a, b, 8 * (unsigned)sizes[s]), bit);
		}
	cryptopan_free(&c);
}

/* ---- records ------------------------------------------------------------------------------------------------------------ */

static struct addr
address(const char *text)
{
	struct addr a;
	assert_true(addr_parse(text, strlen(text), &a));
	return a;
}

static const struct text  parents[] = { TEXT("CHhAvVGS1DHFjwGM9"), TEXT("Cother") };
static const struct extra host = { .name = TEXT("host"), .kind = EXTRA_TEXT, .set = true, .text = TEXT("10.1.2.3") };

static struct record
a_record(struct text *literals)
{
	literals[COL_TS] = TEXT("1.50");
	literals[COL_ORIG_H] = TEXT("128.11.68.132");
	return (struct record){ .has = HAS_ALWAYS | HAS_LOCAL | HAS(COL_TUNNEL_PARENTS) | HAS(COL_COMMUNITY_ID) |
		                           HAS(COL_ORIG_L2_ADDR) | HAS(COL_RESP_L2_ADDR),
		                    .plain = HAS(COL_UID),
		                    .ts = 1.5,
		                    .uid = TEXT("CHhAvVGS1DHFjwGM9"),
		                    .orig_h = address("128.11.68.132"),
		                    .resp_h = address("129.118.74.4"),
		                    .orig_p = 50123,
		                    .resp_p = 443,
		                    .proto = TEXT("tcp"),
		                    .conn_state = TEXT("SF"),
		                    .local_orig = true,
		                    .ip_proto = 6,
		                    .tunnel_parents = { parents, 2 },
		                    .community_id = TEXT("1:LQU9qZlK+B5F3KDmev6m5PMibrg="),
		                    .orig_l2_addr = TEXT("00:1b:21:0a:0b:0c"),
		                    .resp_l2_addr = TEXT("00:1B:21:0d:0e:0f"),
		                    .extras = &host,
		                    .extras_n = 1,
		                    .literals = literals };
}

static bool
is_uid(struct text t)
{
	for (size_t i = 0; i < t.n; i++)
		if (!strchr("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", t.p[i]))
			return false;
	return t.n > 8 && t.n <= 18 && t.p[0] == 'C';
}

static void
test_a_record(void **state)
{
	struct text         literals[COLUMNS] = { { NULL, 0 } };
	const struct record from = a_record(literals);
	connlog_anonymizer *a = connlog_anonymizer_new(key);
	char                id[COMMUNITY_ID_MAX];

	(void)state;
	assert_non_null(a);
	const struct record *r = record_of(connlog_anonymize(a, record_public(&from)));
	const struct addr    orig = address("135.242.180.132"), resp = address("134.136.186.123");
	assert_non_null(r);
	assert_true(addr_equal(&r->orig_h, &orig) && addr_equal(&r->resp_h, &resp));
	assert_true(is_uid(r->uid) && is_uid(r->tunnel_parents.at[0]) && is_uid(r->tunnel_parents.at[1]));
	assert_int_equal(r->uid.n, r->tunnel_parents.at[0].n);
	assert_memory_equal(r->uid.p, r->tunnel_parents.at[0].p, r->uid.n);
	assert_memory_not_equal(r->uid.p, from.uid.p, 9);

	const struct community_flow flow = {
		.h = { orig, resp }, .p = { 50123, 443 }, .proto = 6, .transport = TRANSPORT_TCP
	};
	assert_int_equal(community_id(&flow, 0, true, id), r->community_id.n);
	assert_memory_equal(id, r->community_id.p, r->community_id.n);

	assert_int_equal(r->orig_l2_addr.n, 17);
	assert_memory_equal(r->orig_l2_addr.p, r->resp_l2_addr.p, 9); /* both from the same vendor */
	assert_memory_not_equal(r->orig_l2_addr.p, r->resp_l2_addr.p, 17);
	assert_memory_not_equal(r->orig_l2_addr.p, from.orig_l2_addr.p, 9);

	assert_true(r->local_orig && r->has == from.has && r->resp_p == 443);
	assert_int_equal(r->extras_n, 0);
	assert_int_equal(r->literals[COL_ORIG_H].n, 0);
	assert_int_equal(r->literals[COL_TS].n, 4);
	assert_int_equal(from.literals[COL_ORIG_H].n, 13); /* the original record is unchanged */
	connlog_anonymizer_free(a);
}

static void
test_what_is_no_link_address_is_left_out(void **state)
{
	static const char *const wrong[] = { "", "10.0.0.1", "00:1b:21:0a:0b:0g", "00:1b:21:0a:0b-0c",
		                                 "00:1b:21:0a:0b:0c:0d" };
	struct text              literals[COLUMNS] = { { NULL, 0 } };
	struct record            from = a_record(literals);
	connlog_anonymizer      *a = connlog_anonymizer_new(key);

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		from.orig_l2_addr = text_from(wrong[i]);
		const struct record *r = record_of(connlog_anonymize(a, record_public(&from)));
		assert_non_null(r);
		assert_false(r->has & HAS(COL_ORIG_L2_ADDR));
		assert_true(r->has & HAS(COL_RESP_L2_ADDR));
	}
	connlog_anonymizer_free(a);
}

static void
test_a_community_id_that_cannot_be_made_is_left_out(void **state)
{
	struct text         literals[COLUMNS] = { { NULL, 0 } };
	struct record       from = a_record(literals);
	connlog_anonymizer *a = connlog_anonymizer_new(key);

	(void)state;
	from.has &= ~HAS(COL_RESP_P);
	assert_false(record_of(connlog_anonymize(a, record_public(&from)))->has & HAS(COL_COMMUNITY_ID));
	from = a_record(literals);
	from.proto = TEXT("unknown_transport");
	assert_true(record_of(connlog_anonymize(a, record_public(&from)))->has & HAS(COL_COMMUNITY_ID));
	from.has &= ~HAS(COL_IP_PROTO);
	assert_false(record_of(connlog_anonymize(a, record_public(&from)))->has & HAS(COL_COMMUNITY_ID));
	connlog_anonymizer_free(a);
}

static void
test_another_key_makes_others(void **state)
{
	struct text         literals[COLUMNS] = { { NULL, 0 } };
	const struct record from = a_record(literals);
	uint8_t             other[CRYPTOPAN_KEY];

	(void)state;
	memcpy(other, key, sizeof other);
	other[31] ^= 1;
	connlog_anonymizer  *a = connlog_anonymizer_new(key), *b = connlog_anonymizer_new(other);
	const struct record *x = record_of(connlog_anonymize(a, record_public(&from)));
	const struct record *y = record_of(connlog_anonymize(b, record_public(&from)));
	assert_true(x && y);
	assert_false(addr_equal(&x->orig_h, &y->orig_h));
	assert_memory_not_equal(x->uid.p, y->uid.p, 9);
	assert_memory_not_equal(x->orig_l2_addr.p, y->orig_l2_addr.p, 17);
	connlog_anonymizer_free(a);
	connlog_anonymizer_free(b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_published_vectors),
		cmocka_unit_test(test_prefixes_stay_in_common),
		cmocka_unit_test(test_a_record),
		cmocka_unit_test(test_what_is_no_link_address_is_left_out),
		cmocka_unit_test(test_a_community_id_that_cannot_be_made_is_left_out),
		cmocka_unit_test(test_another_key_makes_others),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
