/* traffic.h - packets for tests that use the library as programs do: IPv4 without a link layer and without checksums
 * (ignore_checksums=T), all from one buffer, since the library does not keep packets. */
#ifndef TEST_TRAFFIC_H
#define TEST_TRAFFIC_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <connlog.h>

enum { RAW = 12, TCP = 6, UDP = 17, FIN = 1, SYN = 2, RST = 4, ACK = 16 };

/* A connection between 10.0.0.1:`port` and 10.0.0.2:`service`; `client` is added to the first address. */
struct talk {
	connlog_engine *engine;
	uint32_t        client;
	uint16_t        port, service;
	uint32_t        seq[2]; /* next sequence numbers of originator and responder */
	int64_t         usec;   /* time of the next packet */
};

static inline uint8_t *
store(uint8_t *p, uint64_t v, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		p[i] = (uint8_t)(v >> 8 * (n - 1 - i));
	return p + n;
}

/* Returns the engine's result. */
static inline int
send_packet(struct talk *t, int proto, bool orig, unsigned flags, const char *payload)
{
	const size_t   n = strlen(payload), header = proto == TCP ? 20 : 8, all = 20 + header + n;
	const uint32_t mine = t->seq[!orig], theirs = t->seq[orig];
	uint8_t        b[2048], *p = b;

	assert_true(all <= sizeof b);
	p = store(p, 0x4500, 2);
	p = store(p, all, 2);
	p = store(p, 0, 4);
	p = store(p, (uint64_t)(0x4000 | proto) << 16, 4);
	p = store(p, orig ? 0x0a000001 + t->client : 0x0a000002, 4);
	p = store(p, orig ? 0x0a000002 : 0x0a000001 + t->client, 4);
	p = store(p, orig ? t->port : t->service, 2);
	p = store(p, orig ? t->service : t->port, 2);
	if (proto == TCP) {
		p = store(p, mine, 4);
		p = store(p, flags & ACK ? theirs : 0, 4);
		p = store(p, 0x5000 | flags, 2);
		p = store(p, 8192, 2);
		p = store(p, 0, 4);
		t->seq[!orig] += (uint32_t)n + !!(flags & (SYN | FIN));
	} else {
		p = store(p, 8 + n, 2);
		p = store(p, 0, 2);
	}
	memcpy(p, payload, n);
	const connlog_packet packet = { .data = b,
		                            .caplen = (uint32_t)all,
		                            .len = (uint32_t)all,
		                            .link = RAW,
		                            .sec = t->usec / 1000000,
		                            .nsec = (uint32_t)(t->usec % 1000000) * 1000 };
	t->usec += 1000;
	return connlog_packets(t->engine, &packet, 1);
}

/* Sends a complete TCP connection with one request and its response. Returns the engine's last result. */
static inline int
tcp_talk(struct talk *t, const char *question, const char *answer)
{
	send_packet(t, TCP, true, SYN, "");
	send_packet(t, TCP, false, SYN | ACK, "");
	send_packet(t, TCP, true, ACK, "");
	send_packet(t, TCP, true, ACK, question);
	send_packet(t, TCP, false, ACK, answer);
	send_packet(t, TCP, true, FIN | ACK, "");
	send_packet(t, TCP, false, FIN | ACK, "");
	return send_packet(t, TCP, true, ACK, "");
}

/* Returns an engine that ignores checksums. */
static inline connlog_engine *
traffic_engine(void)
{
	char             err[256] = "";
	connlog_options *o = connlog_options_new();

	assert_int_equal(connlog_options_set(o, "ignore_checksums", "T", err, sizeof err), CONNLOG_OK);
	assert_int_equal(connlog_options_set(o, "seed", "traffic", err, sizeof err), CONNLOG_OK);
	connlog_engine *e = connlog_engine_new(o, err, sizeof err);
	connlog_options_free(o);
	assert_non_null(e);
	return e;
}

#endif
