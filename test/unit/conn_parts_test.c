/* conn_parts_test.c - conn_state, uids, Community ID, local networks, histories, options: the parts of a record. */
#include "conn/history.h"
#include "conn/state.h"
#include "conn/uid.h"
#include "conn_help.h"
#include "engine/values.h"
#include "track/tcp.h"

/* clang-format off */
static void
test_conn_state(void **state)
{
	(void)state;
	static const struct {
		uint8_t     orig, resp;
		uint64_t    bytes;
		const char *history, *want;
	} rows[] = {
		{ TCP_INACTIVE, TCP_INACTIVE, 0, "", "OTH" },
		{ TCP_SYN_SENT, TCP_INACTIVE, 0, "S", "S0" },
		{ TCP_SYN_SENT, TCP_PARTIAL, 0, "Sd", "OTH" },
		{ TCP_SYN_ACK_SENT, TCP_INACTIVE, 0, "H", "OTH" },
		{ TCP_ESTABLISHED, TCP_ESTABLISHED, 0, "ShA", "S1" },
		{ TCP_PARTIAL, TCP_PARTIAL, 0, "Dd", "OTH" },
		{ TCP_CLOSED, TCP_CLOSED, 0, "ShAFf", "SF" },
		{ TCP_CLOSED, TCP_ESTABLISHED, 0, "ShAF", "S2" },
		{ TCP_ESTABLISHED, TCP_CLOSED, 0, "ShAf", "S3" },
		{ TCP_CLOSED, TCP_INACTIVE, 0, "SF", "SH" },
		{ TCP_CLOSED, TCP_PARTIAL, 0, "F", "SH" },
		{ TCP_INACTIVE, TCP_CLOSED, 0, "f", "SHR" },
		{ TCP_SYN_SENT, TCP_RESET, 0, "Sr", "REJ" },
		{ TCP_SYN_ACK_SENT, TCP_RESET, 0, "Hr", "REJ" },
		{ TCP_RESET, TCP_RESET, 0, "ShRr", "REJ" },
		{ TCP_RESET, TCP_RESET, 5, "ShDRr", "RSTR" },
		{ TCP_ESTABLISHED, TCP_RESET, 0, "ShAr", "RSTR" },
		{ TCP_INACTIVE, TCP_RESET, 0, "hr", "RSTRH" },
		{ TCP_RESET, TCP_ESTABLISHED, 0, "ShAR", "RSTO" },
		{ TCP_RESET, TCP_CLOSED, 0, "ShAfR", "RSTO" },
		{ TCP_RESET, TCP_INACTIVE, 0, "SR", "RSTOS0" },
		{ TCP_RESET, TCP_INACTIVE, 0, "^SR", "RSTOS0" },
		{ TCP_RESET, TCP_INACTIVE, 0, "STR", "RSTOS0" },
		{ TCP_RESET, TCP_INACTIVE, 0, "SAR", "OTH" },
		{ TCP_RESET, TCP_INACTIVE, 0, "R", "OTH" },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct conn_endpoint o = { rows[i].orig, rows[i].bytes }, r = { rows[i].resp, 0 };
		assert_string_equal(conn_state_name(conn_state(TRANSPORT_TCP, &o, &r, rows[i].history, strlen(rows[i].history))), rows[i].want);
	}
	static const char *const udp[2][2] = { { "OTH", "SHR" }, { "S0", "SF" } };
	for (uint8_t o = 0; o < 2; o++)
		for (uint8_t r = 0; r < 2; r++) {
			const struct conn_endpoint a = { o, 0 }, b = { r, 0 };
			assert_string_equal(conn_state_name(conn_state(TRANSPORT_UDP, &a, &b, "", 0)), udp[o][r]);
			assert_string_equal(conn_state_name(conn_state(TRANSPORT_ICMP, &a, &b, "", 0)), "OTH");
		}
}

static void
test_uid(void **state)
{
	(void)state;
	const struct siphash_key key = { 1, 2 }, other = { 1, 3 };
	const struct addr a = addr_from_v4((const uint8_t[]){ 10, 0, 0, 1 }), b = addr_from_v4((const uint8_t[]){ 10, 0, 0, 2 });
	const struct uid u = uid_make(&key, &a, 1, &b, 2, 6, 5.5, 0);
	char text[UID_TEXT_MAX];

	const struct uid reversed = uid_make(&key, &b, 2, &a, 1, 6, 5.5, 0);
	assert_true(uid_equal(&u, &reversed));
	const struct uid differs[] = {
		uid_make(&other, &a, 1, &b, 2, 6, 5.5, 0), uid_make(&key, &a, 2, &b, 1, 6, 5.5, 0), uid_make(&key, &a, 1, &b, 2, 17, 5.5, 0),
		uid_make(&key, &a, 1, &b, 2, 6, 5.6, 0), uid_make(&key, &a, 1, &b, 2, 6, 5.5, 1),
	};
	for (size_t i = 0; i < sizeof differs / sizeof *differs; i++)
		assert_false(uid_equal(&u, &differs[i]));
	assert_true(u.hi <= UINT32_MAX);

	const struct uid known = { .hi = 61 + 62 * 10, .lo = 0 };
	assert_int_equal(uid_format(&known, text), 4);
	assert_memory_equal(text, "CZa0", 4);
	const struct uid longest = { .hi = UINT32_MAX, .lo = UINT64_MAX };
	assert_int_equal(uid_format(&longest, text), 1 + 6 + 11);
}

static size_t
base62(uint64_t v, char *out)
{
	static const char digits[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
	size_t            n = 0;

	do
		out[n++] = digits[v % 62];
	while ((v /= 62) != 0);
	return n;
}

/* Text of numbers around each power of 62 and of others, compared digit by digit. */
static void
test_uid_text(void **state)
{
	(void)state;
	uint64_t number[3 * 11 + 64], power = 1;
	size_t   n = 0;

	for (int i = 0; i < 11; i++, power *= 62)
		for (int by = -1; by <= 1; by++)
			number[n++] = power + (uint64_t)by;
	for (int i = 0; i < 64; i++)
		number[n++] = UINT64_MAX >> i ^ (uint64_t)i * 0x9e3779b97f4a7c15u;
	for (size_t i = 0; i < n * n; i++) {
		const struct uid uid = { .hi = number[i / n] & UINT32_MAX, .lo = number[i % n] };
		char             want[32] = "C", text[UID_TEXT_MAX];
		size_t           len = 1;
		len += base62(uid.hi, want + len);
		len += base62(uid.lo, want + len);
		assert_int_equal(uid_format(&uid, text), len);
		assert_memory_equal(text, want, len);
	}
}

/* Vectors of the specification's repository (baseline for the default seed). */
static void
test_community_id(void **state)
{
	(void)state;
	static const struct {
		uint8_t     a[4], b[4];
		uint16_t    pa, pb;
		uint8_t     proto, transport;
		const char *want;
	} rows[] = {
		{ { 128, 232, 110, 120 }, { 66, 35, 250, 204 }, 34855, 80, 6, TRANSPORT_TCP, "1:LQU9qZlK+B5F3KDmev6m5PMibrg=" },
		{ { 66, 35, 250, 204 }, { 128, 232, 110, 120 }, 80, 34855, 6, TRANSPORT_TCP, "1:LQU9qZlK+B5F3KDmev6m5PMibrg=" },
		{ { 192, 168, 1, 52 }, { 8, 8, 8, 8 }, 54585, 53, 17, TRANSPORT_UDP, "1:d/FP5EW3wiY1vCndhwleRRKHowQ=" },
		{ { 192, 168, 0, 89 }, { 192, 168, 0, 1 }, 8, 0, 1, TRANSPORT_ICMP, "1:X0snYXpgwiv9TZtqg64sgzUn6Dk=" },
		/* ICMPv6 in IPv4, of a type that only ICMP pairs with another: the lower endpoint comes first, by ICMP's
		 * rules. */
		{ { 10, 2, 2, 2 }, { 10, 1, 1, 1 }, 17, 34, 58, TRANSPORT_ICMP, "1:KveumIjMw9a4drfjwbtv1Qokt98=" },
		{ { 192, 168, 170, 8 }, { 192, 168, 170, 56 }, 7, 80, 132, TRANSPORT_UNKNOWN, "1:jQgCxbku+pNGw8WPbEc/TS/uTpQ=" },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct community_flow c = {
			.h = { addr_from_v4(rows[i].a), addr_from_v4(rows[i].b) }, .p = { rows[i].pa, rows[i].pb },
			.proto = rows[i].proto, .transport = rows[i].transport,
		};
		char out[COMMUNITY_ID_MAX];
		const size_t n = community_id(&c, 0, true, out);
		assert_int_equal(n, strlen(rows[i].want));
		assert_memory_equal(out, rows[i].want, n);
		assert_int_equal(community_id(&c, 0, false, out), 42);
		assert_true(community_id(&c, 1, true, out) == n && memcmp(out, rows[i].want, n) != 0);
	}
}

static void
test_nets(void **state)
{
	(void)state;
	struct net_set set = { 0 };
	struct subnet net;
	static const char *const bad[] = { "", "10.0.0.0/33", "10.0.0/8", "fd00::/129", "10.0.0.0/", "10.0.0.0/1234", "x" };
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(subnet_parse(bad[i], strlen(bad[i]), &net));

	assert_true(net_set_add_private(&set));
	static const struct {
		const char *addr;
		bool        local;
	} rows[] = {
		{ "10.255.255.255", true }, { "11.0.0.0", false }, { "172.16.0.1", true }, { "172.32.0.1", false },
		{ "192.168.1.1", true }, { "8.8.8.8", false }, { "255.255.255.255", true }, { "224.0.0.251", true },
		{ "224.0.1.1", false }, { "fe80::1", true }, { "fd12::1", true }, { "2001:4860::8888", false },
		{ "2002:0a01::1", true }, { "2002:0808::1", false }, { "2001:db8::1", true }, { "::1", true }, { "::2", false },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_true(subnet_parse(rows[i].addr, strlen(rows[i].addr), &net));
		if (net_set_has(&set, &net.net) != rows[i].local)
			print_error("%s\n", rows[i].addr);
		assert_int_equal(net_set_has(&set, &net.net), rows[i].local);
	}
	net_set_free(&set);
}

static void
test_long_history(void **state)
{
	(void)state;
	struct world *w = world_new("max_history", "40");
	const struct pkt p = packet(TRANSPORT_UDP, 0, 1000);
	const uint32_t h = feed(w, &p);
	char want[64] = "D";
	size_t len;

	for (size_t i = 1; i < 60; i++) {
		history_add(&w->s, h, (char)('a' + i % 26));
		if (i < 40)
			want[i] = (char)('a' + i % 26);
	}
	const char *text = history_text(&w->s, h, &len);
	assert_int_equal(len, 40);
	assert_memory_equal(text, want, 40);
	assert_int_equal(w->s.counters.history_cut, 20);
	world_free(w);
}

/* Beyond 2 GB a side of ICMP appears silent to Zeek until it sends again, and then starts over. */
static void
test_icmp_size_wraps(void **state)
{
	(void)state;
	struct world        *w = world_new(NULL, NULL);
	struct pkt           p = packet(TRANSPORT_ICMP, 0, 1);
	struct conn_endpoint end[2];

	p.data_len = p.data_cap = INT32_MAX;
	const struct conn *c = conn_at(&w->s, feed(w, &p));
	conn_endpoints(&w->s, c, end);
	assert_int_equal(end[ORIG].size, INT32_MAX);
	p.data_len = p.data_cap = 100;
	feed(w, &p);
	conn_endpoints(&w->s, c, end);
	assert_true(end[ORIG].state == 0 && end[ORIG].size == 0);
	feed(w, &p);
	conn_endpoints(&w->s, c, end);
	assert_true(end[ORIG].state == 1 && end[ORIG].size == 100);
	world_free(w);
}

static void
test_options(void **state)
{
	(void)state;
	static const struct {
		const char *name, *value;
		bool        good;
	} rows[] = {
		{ "tcp_attempt_delay", "5sec", true }, { "tcp_attempt_delay", "1.5 min", true }, { "tcp_attempt_delay", "five", false },
		{ "tcp_attempt_delay", "5 parsecs", false }, { "ignore_checksums", "T", true }, { "ignore_checksums", "yes", false },
		{ "Site::local_nets", "{ 10.0.0.0/8, fd00::/8 }", true }, { "Site::local_nets", "10.0.0.0/99", false },
		{ "Site::local_nets+", "192.0.2.0/24", true }, { "likely_server_ports", "8081/tcp", true },
		{ "likely_server_ports", "8081", false }, { "likely_server_ports", "70000/tcp", false }, { "port_inactivity_ports", "5/udp", false },
		{ "max_connections", "100", true }, { "max_connections", "-1", false }, { "Tunnel::max_depth", "2", true },
		{ "Tunnel::max_depth", "99999999999", false }, { "no_such_option", "1", false }, { "max_connections+", "1", false },
		{ "seed", "x", true }, { "", "", false },
	};
	connlog_options *o = connlog_options_new();
	char err[200];

	assert_non_null(o);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		err[0] = '\0';
		assert_int_equal(connlog_options_set(o, rows[i].name, rows[i].value, err, sizeof err), rows[i].good ? CONNLOG_OK : CONNLOG_BAD_OPTION);
		assert_int_equal(err[0] == '\0', rows[i].good);
	}
	assert_true(o->conn.tcp_attempt_delay == 90);
	assert_int_equal(o->local_nets.n, 3);
	assert_int_equal(o->conn.max_connections, 100);
	assert_true(port_set_has(&o->conn.likely_server_tcp, 8081) && !port_set_has(&o->conn.likely_server_tcp, 80));
	for (size_t i = 0; connlog_option_at(i); i++)
		if (connlog_option_at(i)->initial[0])
			assert_int_equal(connlog_options_set(o, connlog_option_at(i)->name, connlog_option_at(i)->initial, err, sizeof err), CONNLOG_OK);
	connlog_options_free(o);
}

/* Counters beyond 32 bits: the upper halves are in the extra, and are exchanged with the rest. */
static void
test_large_counters(void **state)
{
	(void)state;
	struct world *w = world_new(NULL, NULL);
	uint32_t      handle = 0;

	for (unsigned i = 0; i < 10; i++) {
		struct pkt p = packet(TRANSPORT_UDP, i == 5, 1000 + i);
		p.udp_len = 8;
		p.ip_len = 0x40000000;
		handle = feed(w, &p);
		track_count(&w->s, handle, conn_at(&w->s, handle), &p, i != 5);
	}
	conn_at(&w->s, handle)->pkts[ORIG] = UINT32_MAX;
	struct pkt p = packet(TRANSPORT_UDP, 0, 1010);
	p.udp_len = 8;
	track_count(&w->s, handle, conn_at(&w->s, handle), &p, true);
	const struct conn *c = conn_at(&w->s, handle);
	assert_true(conn_bytes(&w->s, c, ORIG) == UINT64_C(9) << 30 && conn_bytes(&w->s, c, RESP) == 1 << 30);
	assert_true(conn_pkts(&w->s, c, ORIG) == UINT64_C(1) << 32 && conn_pkts(&w->s, c, RESP) == 1);
	conn_flip(&w->s, handle);
	assert_true(conn_bytes(&w->s, c, RESP) == UINT64_C(9) << 30 && conn_pkts(&w->s, c, RESP) == UINT64_C(1) << 32);
	world_free(w);
}

/* Each connection keeps its own link addresses, even when there are more than can be interned, and after a flip. */
static void
test_many_links(void **state)
{
	(void)state;
	enum { LINKS = UINT16_MAX + 3 };
	struct world *w = world_new(NULL, NULL);
	uint32_t      handle[LINKS];

	for (uint32_t i = 0; i < LINKS; i++) {
		const uint8_t mac[6] = { 2, 0, (uint8_t)(i >> 24), (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i };
		struct pkt    p = packet(TRANSPORT_TCP, 0, 1000);
		p.src = addr_from_v4((const uint8_t[]){ 10, mac[3], mac[4], mac[5] });
		p.tcp_flags = TCP_SYN;
		p.l2_src = mac;
		handle[i] = feed(w, &p);
	}
	for (uint32_t i = 0; i < LINKS; i++) {
		const struct conn_link *link = conn_link(&w->s, conn_at(&w->s, handle[i]));
		assert_true(link->l2[ORIG][3] == (uint8_t)(i >> 16) && link->l2[ORIG][5] == (uint8_t)i && link->l2[RESP][0] == 0);
	}
	for (uint32_t i = LINKS - 5; i < LINKS; i++) {
		assert_true(conn_extra_need(&w->s, handle[i]) != NULL); /* no embryo any more */
		conn_flip(&w->s, handle[i]);
		const struct conn_link *link = conn_link(&w->s, conn_at(&w->s, handle[i]));
		assert_true(link->l2[RESP][0] == 2 && link->l2[RESP][5] == (uint8_t)i && link->l2[ORIG][0] == 0);
	}
	world_free(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_conn_state), cmocka_unit_test(test_uid), cmocka_unit_test(test_uid_text), cmocka_unit_test(test_community_id), cmocka_unit_test(test_nets),
		cmocka_unit_test(test_long_history), cmocka_unit_test(test_icmp_size_wraps), cmocka_unit_test(test_large_counters), cmocka_unit_test(test_many_links), cmocka_unit_test(test_options),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
