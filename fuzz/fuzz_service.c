/* fuzz_service.c - all recognisers, over TCP and UDP, with any delivery that a network can produce, through the public
 * interface only.
 *
 * The input is a byte of options, one that chooses the responder's port, and then chunks, which become packets with
 * correct sequence numbers:
 *
 *     options | port | head length length bytes... | head length length bytes... | ...
 *
 * Options: bit 0 dpd_match_only_beginning, bit 1 dpd_ignore_ports, bit 2 no handshake, bit 3 a handshake without the
 * SYN, bit 4 a small dpd_buffer_size, bit 5 violations always count, bit 6 sequence numbers that wrap around, bit 7
 * little memory. A chunk's head: bit 0 the side, bits 1-3 its fate (enum fate), bits 4-6 the time before it (in steps
 * that grow fourfold, from a millisecond), bit 7 leaves the other side's data unacknowledged. Every connection must
 * produce a record; ASan watches the memory. test/gen/corpus.py makes seeds, and fuzz_service.dict has the first bytes
 * of the protocols.
 *
 * Compiling the signatures takes ten times as long as an input, so an engine serves 200 inputs with the same options,
 * each a day after the previous one and completely ended by connlog_finish().
 */
#include "check.h"

#include <connlog.h>

#include <stdlib.h>
#include <string.h>

enum fate {
	SENT,
	CUT,     /* only half is captured */
	HOLE,    /* after a hole of 100 bytes */
	HELD,    /* arrives after the packet that follows it */
	OVERLAP, /* the first half repeats earlier sequence numbers */
	FIN,
	RST,
	CONNECT, /* a new connection, from this side to the port in the first two bytes, which further chunks use */
};

#define UDP 0x10000

/* in the same order as in corpus.py */
static const uint32_t ports[] = { 40000, UDP | 40000,
	                              /* TCP */
	                              21, 22, 25, 53, 79, 80, 88, 135, 139, 143, 389, 443, 445, 502, 587, 636, 993, 1080,
	                              1434, 1883, 2811, 3128, 3268, 3306, 3389, 5222, 5269, 5432, 6379, 6667, 8080, 20000,
	                              /* UDP */
	                              UDP | 53, UDP | 67, UDP | 68, UDP | 88, UDP | 123, UDP | 137, UDP | 161, UDP | 162,
	                              UDP | 389, UDP | 443, UDP | 514, UDP | 784, UDP | 853, UDP | 1812, UDP | 3389,
	                              UDP | 4011, UDP | 5060, UDP | 5353, UDP | 5355, UDP | 20000 };

enum { TH_FIN = 1, TH_SYN = 2, TH_RST = 4, TH_ACK = 16 };

#define INPUTS 200 /* per engine */

/* The state kept between inputs. */
struct kept {
	connlog_engine *e;
	connlog_writer *writer[2];
	unsigned        inputs;
	uint64_t        records, created, ended;
	int64_t         usec;
};

struct run {
	struct kept *kept;
	bool         udp;
	bool         swapped; /* the second host opened this connection */
	uint16_t     port[2];
	uint32_t     seq[2], acked[2], sent[2];
	uint32_t     connections;
	uint64_t     packets;
	uint8_t     *held;
	size_t       held_cap, held_len;
};

static int
on_record(void *arg, const connlog_record *r)
{
	struct kept *k = arg;

	k->records++;
	for (size_t i = 0; i < 2; i++) {
		check(connlog_writer_record(k->writer[i], r) == CONNLOG_OK, "a record cannot be written");
		check(connlog_writer_bytes(k->writer[i]).n > 0, "a record is written as nothing");
		connlog_writer_clear(k->writer[i]);
	}
	return CONNLOG_OK;
}

static void
on_counter(void *arg, const char *group, const char *name, uint64_t value)
{
	struct kept *k = arg;

	if (strcmp(group, "connections") == 0 && strcmp(name, "created") == 0)
		k->created = value;
	else if (strcmp(group, "connections") == 0 && strcmp(name, "ended") == 0)
		k->ended = value;
}

static connlog_engine *
new_engine(uint8_t flags)
{
	static const struct {
		uint8_t     bit;
		const char *name, *value;
	} given[] = {
		{ 0, "ignore_checksums", "T" },  { 2, "dpd_ignore_ports", "T" },
		{ 16, "dpd_buffer_size", "64" }, { 32, "DPD::ignore_violations_after", "0" },
		{ 128, "max_connections", "2" },
	};
	char             err[256];
	connlog_options *o = connlog_options_new();

	check(o != NULL, "no options");
	for (size_t i = 0; i < sizeof given / sizeof *given; i++)
		if ((flags & given[i].bit) == given[i].bit)
			check(connlog_options_set(o, given[i].name, given[i].value, err, sizeof err) == CONNLOG_OK, err);
	check(connlog_options_set(o, "dpd_match_only_beginning", flags & 1 ? "T" : "F", err, sizeof err) == CONNLOG_OK,
	      err);
	connlog_engine *e = connlog_engine_new(o, err, sizeof err);
	connlog_options_free(o);
	check(e != NULL, err);
	return e;
}

/* Returns the engine for these options, and its writers; a new one now and then. */
static struct kept *
kept_for(uint8_t flags)
{
	static struct kept                  all[256];
	static const connlog_writer_options formats[2] = { { .format = "zeek", .fields = "all" },
		                                               { .format = "json", .fields = "all" } };
	char                                err[256];
	struct kept                        *k = &all[flags & (1 | 2 | 16 | 32 | 128)];

	if (k->inputs++ % INPUTS == 0) {
		if (k->e)
			connlog_engine_free(k->e);
		k->e = new_engine(flags);
		connlog_on_record(k->e, on_record, k);
		k->usec = INT64_C(1700000000) * 1000000;
		k->records = 0;
	}
	for (size_t i = 0; i < 2 && !k->writer[i]; i++) {
		k->writer[i] = connlog_writer_new(&formats[i], err, sizeof err);
		check(k->writer[i] != NULL, err);
	}
	k->usec += INT64_C(86400) * 1000000;
	return k;
}

/* ---- packets */

static uint8_t *
put(uint8_t *at, uint32_t value, unsigned size)
{
	while (size-- > 0)
		*at++ = (uint8_t)(value >> 8 * size);
	return at;
}

static void
hand_over(struct run *run, const uint8_t *packet, size_t cap, size_t len)
{
	run->packets++;
	const connlog_packet p = { .data = packet,
		                       .caplen = (uint32_t)cap,
		                       .len = (uint32_t)len,
		                       .link = 101,
		                       .sec = run->kept->usec / 1000000,
		                       .nsec = (uint32_t)(run->kept->usec % 1000000) * 1000 };
	check(connlog_packets(run->kept->e, &p, 1) == CONNLOG_OK, "a packet is refused");
}

static void
let_go(struct run *run)
{
	if (run->held)
		hand_over(run, run->held, run->held_cap, run->held_len);
	free(run->held);
	run->held = NULL;
}

/* Sends a packet. Each has memory of exactly its size, so that ASan detects the first byte read after it. */
static void
packet(struct run *run, int side, uint8_t flags, uint32_t seq, const uint8_t *data, size_t n, enum fate fate)
{
	const size_t head = run->udp ? 28 : 40;
	const size_t len = head + n, cap = fate == CUT ? head + n / 2 : len;
	uint8_t     *p = malloc(len), *at = p;
	const int    host = side ^ run->swapped;

	check(p != NULL, "no memory");
	at = put(at, 0x4500, 2);
	at = put(at, (uint32_t)len, 2);
	at = put(at, 0, 4);
	at = put(at, run->udp ? 0x4011 : 0x4006, 2);
	at = put(at, 0, 2);
	at = put(at, 0x0a000001u + (uint32_t)host, 4);
	at = put(at, 0x0a000001u + (uint32_t)!host, 4);
	at = put(at, run->port[side], 2);
	at = put(at, run->port[!side], 2);
	if (run->udp) {
		at = put(at, (uint32_t)(8 + n), 2);
		at = put(at, 0, 2);
	} else {
		at = put(at, seq, 4);
		at = put(at, flags & TH_ACK ? run->acked[side] : 0, 4);
		at = put(at, 0x5000u | flags, 2);
		at = put(at, 60000, 2);
		at = put(at, 0, 4);
	}
	if (n > 0)
		memcpy(at, data, n);
	if (cap < len) {
		uint8_t *less = realloc(p, cap);
		p = less ? less : p;
	}
	if (fate == HELD && !run->held) {
		run->held = p;
		run->held_cap = cap;
		run->held_len = len;
		return;
	}
	hand_over(run, p, cap, len);
	free(p);
	let_go(run);
}

static void
open_connection(struct run *run, uint16_t port, bool swapped, uint8_t options)
{
	let_go(run);
	run->swapped = swapped;
	run->port[0] = (uint16_t)(50000 + run->connections++ % 1000);
	run->port[1] = port;
	run->seq[0] = options & 64 ? 0xffffff00u : 1000;
	run->seq[1] = 5000;
	run->acked[0] = run->seq[1];
	run->acked[1] = run->seq[0];
	run->sent[0] = run->sent[1] = 0;
	if (run->udp || (options & 4))
		return;
	if (!(options & 8))
		packet(run, 0, TH_SYN, run->seq[0], NULL, 0, SENT);
	run->acked[1] = ++run->seq[0];
	packet(run, 1, TH_SYN | TH_ACK, run->seq[1], NULL, 0, SENT);
	run->acked[0] = ++run->seq[1];
	packet(run, 0, TH_ACK, run->seq[0], NULL, 0, SENT);
}

static void
chunk(struct run *run, uint8_t head, uint8_t options, const uint8_t *data, size_t n)
{
	const int       side = head & 1;
	const enum fate fate = head >> 1 & 7;

	run->kept->usec += INT64_C(1000) << 2 * (head >> 4 & 7);
	if (fate == CONNECT) {
		if (n >= 2)
			open_connection(run, (uint16_t)(data[0] << 8 | data[1]), run->swapped ^ side, options);
		return;
	}
	if (fate == HOLE)
		run->seq[side] += 100;
	if (!(head & 128))
		run->acked[side] = run->seq[!side];
	uint32_t back = fate == OVERLAP ? (uint32_t)n / 2 : 0;
	if (back > run->sent[side])
		back = run->sent[side];
	const uint8_t flags = (uint8_t)(TH_ACK | (fate == FIN ? TH_FIN : 0) | (fate == RST ? TH_RST : 0));
	packet(run, side, flags, run->seq[side] - back, data, n, fate);
	run->seq[side] += (uint32_t)n - back + (fate == FIN);
	run->sent[side] += (uint32_t)n - back;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	if (n < 2)
		return 0;
	const uint8_t  options = data[0];
	const uint32_t port = ports[data[1] % (sizeof ports / sizeof *ports)];
	struct kept   *k = kept_for(options);
	struct run     run = { .kept = k, .udp = (port & UDP) != 0 };
	const uint64_t before = k->records;

	open_connection(&run, port & 0xffff, false, options);
	for (data += 2, n -= 2; n >= 3;) {
		size_t len = (size_t)data[1] << 8 | data[2];
		if (len > n - 3)
			len = n - 3;
		if (len > 65000)
			len = 65000;
		chunk(&run, data[0], options, data + 3, len);
		data += 3 + len;
		n -= 3 + len;
	}
	let_go(&run);
	check(connlog_finish(k->e) == CONNLOG_OK, "the end is refused");
	connlog_counters(k->e, on_counter, k);
	check(k->created == k->ended, "a connection is still open");
	check(k->ended == k->records, "a connection ended without a record");
	check(run.packets == 0 || k->records > before, "packets came, and no record");
	return 0;
}
