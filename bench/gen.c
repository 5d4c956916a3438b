/* gen.c - writes the synthetic captures that `make bench` measures: gen NAME SCALE FILE, or gen grow CONNECTIONS
 * PACKETS FILE
 *
 *   flood   5 million SYNs of 60 bytes, each with a new tuple
 *   mix     10 million packets of 1 million concurrent connections, 80 % of them TCP; 40 % of them carry TLS,
 *           20 % HTTP, 20 % DNS, 20 % bytes of no protocol; few connections have most of the packets
 *   bulk    64 connections, full-size segments, 2 GB, an acknowledgement for every second segment
 *   idle    1 million connections, each with a handshake and nothing more
 *   churn   100 thousand short connections, some hundred at a time: handshake, a few messages, and FINs; one in eight is
 *           a SYN without a reply, and one in eight is reset
 *   grow    CONNECTIONS handshakes, then PACKETS of 60 bytes of these connections, chosen at random with equal probability
 *
 * SCALE multiplies packets and connections (for bulk: bytes). Packets are 1 µs apart, so all connections of a capture
 * are open at its end. Prints "packets connections bytes", bytes being those of the frames.
 */
#include "packet.h"
#include "payload.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct out out;

/* The state of a connection that its next packet needs. */
struct flow {
	uint32_t seq[2]; /* next sequence numbers of client and server */
	uint16_t sent[2];
};

static struct end
client_of(uint64_t i)
{
	/* An odd factor: gives a different address for each of the first 16 million, in scattered order. */
	const uint32_t host = (uint32_t)(i * 11400715u) & 0xffffff;

	return (struct end){ 0x0a000000u | host, (uint16_t)(1024 + i * 40503 % 60000) };
}

static struct end
server_of(uint64_t i, uint16_t port)
{
	return (struct end){ 0xc6120000u | (uint32_t)(i * 2654435761u >> 15 & 0x1ffff), port };
}

static uint64_t
flood(double scale)
{
	const uint64_t n = (uint64_t)(5e6 * scale);

	for (uint64_t i = 0; i < n; i++)
		put_tcp(&out, client_of(i), server_of(i & 63, 80), (uint32_t)(i * 2654435761u), 0, SYN, NULL, 0);
	return n;
}

static enum kind
kind_of(uint64_t i)
{
	static const enum kind kinds[5] = { TLS, HTTP, DNS, NO_PROTOCOL, TLS };

	return kinds[(i * 2654435761u >> 16) % 5];
}

static struct end
server_for(uint64_t i, enum kind kind)
{
	static const uint16_t ports[] = { [TLS] = 443, [HTTP] = 80, [DNS] = 53, [NO_PROTOCOL] = 49999 };

	return server_of(i, ports[kind]);
}

/* Writes one of the three packets of a handshake. */
static void
shake(struct flow *f, struct end c, struct end s, int step)
{
	if (step == 0)
		put_tcp(&out, c, s, f->seq[0]++, 0, SYN, NULL, 0);
	else if (step == 1)
		put_tcp(&out, s, c, f->seq[1]++, f->seq[0], SYN | ACK, NULL, 0);
	else
		put_tcp(&out, c, s, f->seq[0], f->seq[1], ACK, NULL, 0);
}

/* Writes the handshakes of the TCP connections among `n`, step by step: all SYNs, then all SYN-ACKs, then all ACKs. */
static void
handshakes(struct flow *flows, uint64_t n, bool only_tcp)
{
	for (int step = 0; step < 3; step++)
		for (uint64_t i = 0; i < n; i++) {
			const enum kind kind = only_tcp ? NO_PROTOCOL : kind_of(i);
			if (kind != DNS)
				shake(&flows[i], client_of(i), server_for(i, kind), step);
		}
}

static struct flow *
new_flows(uint64_t n, uint64_t *random)
{
	struct flow *flows = calloc(n ? n : 1, sizeof *flows);

	if (!flows) {
		fprintf(stderr, "gen: no memory\n");
		exit(1);
	}
	for (uint64_t i = 0; i < n; i++) {
		const uint64_t r = random64(random);
		flows[i].seq[0] = (uint32_t)r;
		flows[i].seq[1] = (uint32_t)(r >> 32);
	}
	return flows;
}

/* Returns the length of a message: four in ten fill a segment, the others are short with a long tail. */
static size_t
length(uint64_t r)
{
	if (r % 1000 < 370)
		return SEGMENT;
	const double u = (double)(r >> 11) / (double)(UINT64_C(1) << 53);
	const double pareto = 40 / pow(1 - u, 0.8);
	return pareto > SEGMENT ? SEGMENT : (size_t)pareto;
}

/* Writes the next message of a connection; now and then a side that has sent waits for the other. */
static void
say(struct flow *f, uint64_t i, uint64_t r)
{
	uint8_t          message[SEGMENT];
	const enum kind  kind = kind_of(i);
	const struct end ends[2] = { client_of(i), server_for(i, kind) };
	/* HTTP and DNS reply to each request; in the others the server sends more than the client. */
	const bool by_turns = kind == HTTP || kind == DNS || f->sent[1] == 0;
	const int  side = by_turns ? f->sent[0] > f->sent[1] : r % 10 < 7;
	size_t     n =
		payload(kind, side == 0, f->sent[side], length(random64(&r)), kind == DNS ? i + f->sent[side] : r, message);

	f->sent[side]++;
	if (kind == DNS) {
		put_udp(&out, ends[side], ends[!side], message, n);
		return;
	}
	put_tcp(&out, ends[side], ends[!side], f->seq[side], f->seq[!side], PSH | ACK, message, n);
	f->seq[side] += (uint32_t)n;
}

static uint64_t
mix(double scale)
{
	const uint64_t n = (uint64_t)(1e6 * scale), packets = (uint64_t)(1e7 * scale);
	uint64_t       random = 1;
	struct flow   *flows = new_flows(n, &random);

	handshakes(flows, n, false);
	for (uint64_t i = 0; i < n; i++)
		if (kind_of(i) == DNS)
			say(&flows[i], i, random64(&random));
	while (out.packets < packets) {
		const uint64_t r = random64(&random);
		const double   u = (double)(r >> 11) / (double)(UINT64_C(1) << 53);
		uint64_t       i = (uint64_t)((double)n * u * u * u); /* most packets belong to few connections */
		say(&flows[i], i, r);
	}
	free(flows);
	return n;
}

static uint64_t
bulk(double scale)
{
	enum { CONNECTIONS = 64 };
	const uint64_t bytes = (uint64_t)(2e9 * scale);
	uint64_t       random = 2;
	struct flow   *flows = new_flows(CONNECTIONS, &random);
	uint8_t        data[SEGMENT];

	payload(NO_PROTOCOL, false, 0, SEGMENT, 3, data);
	handshakes(flows, CONNECTIONS, true);
	while (out.bytes < bytes) {
		const uint64_t   i = random64(&random) % CONNECTIONS;
		const struct end c = client_of(i), s = server_for(i, NO_PROTOCOL);
		struct flow     *f = &flows[i];

		put_tcp(&out, s, c, f->seq[1], f->seq[0], ACK, data, SEGMENT);
		f->seq[1] += SEGMENT;
		if (f->sent[1]++ & 1)
			put_tcp(&out, c, s, f->seq[0], f->seq[1], ACK, NULL, 0);
	}
	free(flows);
	return CONNECTIONS;
}

static uint64_t
idle(double scale)
{
	const uint64_t n = (uint64_t)(1e6 * scale);
	uint64_t       random = 4;
	struct flow   *flows = new_flows(n, &random);

	handshakes(flows, n, true);
	free(flows);
	return n;
}

/* Ends a connection of `churn`. */
static void
part(struct flow *f, struct end c, struct end s, bool reset)
{
	if (reset) {
		put_tcp(&out, s, c, f->seq[1], f->seq[0], RST | ACK, NULL, 0);
		return;
	}
	put_tcp(&out, c, s, f->seq[0]++, f->seq[1], FIN | ACK, NULL, 0);
	put_tcp(&out, s, c, f->seq[1]++, f->seq[0], FIN | ACK, NULL, 0);
	put_tcp(&out, c, s, f->seq[0], f->seq[1], ACK, NULL, 0);
}

static uint64_t
churn(double scale)
{
	enum { AT_ONCE = 500, MESSAGES = 4, STEPS = 3 + MESSAGES + 1 };
	const uint64_t n = (uint64_t)(1e5 * scale);
	uint64_t       random = 6;
	struct flow   *flows = new_flows(n, &random);

	for (uint64_t first = 0; first < n; first += AT_ONCE)
		for (int step = 0; step < STEPS; step++)
			for (uint64_t i = first; i < n && i < first + AT_ONCE; i++) {
				const enum kind  kind = kind_of(i);
				const struct end c = client_of(i), s = server_for(i, kind);
				if (kind != DNS && i % 8 == 7 && step > 0)
					continue; /* there was no reply */
				if (step >= 3 && step < 3 + MESSAGES)
					say(&flows[i], i, random64(&random));
				else if (kind != DNS && step < 3)
					shake(&flows[i], c, s, step);
				else if (kind != DNS)
					part(&flows[i], c, s, i % 8 == 6);
			}
	free(flows);
	return n;
}

/* Takes connections a thousand at a time, so that none of them waits for its second packet until it times out. */
static uint64_t
grow(double connections, double packets)
{
	enum { AT_ONCE = 1000 };
	const uint64_t n = (uint64_t)connections;
	uint64_t       random = 5;
	struct flow   *flows = new_flows(n, &random);

	for (uint64_t first = 0; first < n; first += AT_ONCE)
		for (int step = 0; step < 3; step++)
			for (uint64_t i = first; i < n && i < first + AT_ONCE; i++)
				shake(&flows[i], client_of(i), server_for(i, NO_PROTOCOL), step);
	for (uint64_t k = 0; k < (uint64_t)packets; k++) {
		const uint64_t i = random64(&random) % n;
		struct flow   *f = &flows[i];
		put_tcp(&out, client_of(i), server_for(i, NO_PROTOCOL), f->seq[0]++, f->seq[1], ACK, "x", 1);
	}
	free(flows);
	return n;
}

static int
done(uint64_t connections)
{
	out_close(&out);
	printf("%llu %llu %llu\n", (unsigned long long)out.packets, (unsigned long long)connections,
	       (unsigned long long)out.bytes);
	return 0;
}

int
main(int argc, char **argv)
{
	static const struct {
		const char *name;
		uint64_t (*write)(double scale);
	} captures[] = { { "flood", flood }, { "mix", mix }, { "bulk", bulk }, { "idle", idle }, { "churn", churn } };

	if (argc == 5 && strcmp(argv[1], "grow") == 0) {
		out_open(&out, argv[4]);
		return done(grow(strtod(argv[2], NULL), strtod(argv[3], NULL)));
	}
	for (size_t i = 0; argc == 4 && i < sizeof captures / sizeof captures[0]; i++)
		if (strcmp(captures[i].name, argv[1]) == 0) {
			out_open(&out, argv[3]);
			return done(captures[i].write(strtod(argv[2], NULL)));
		}
	fprintf(stderr, "usage: gen flood|mix|bulk|idle|churn SCALE FILE\n       gen grow CONNECTIONS PACKETS FILE\n");
	return 2;
}
