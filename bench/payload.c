/* payload.c - see payload.h.  TLS by RFC 8446 (1.3 with the names of 1.2 outside), DNS by RFC 1035. */
#include "payload.h"

#include <stdio.h>
#include <string.h>

#define MESSAGE_MAX 1460
#define HTTP_HEAD   67 /* bytes of the response header: the length takes four digits */

static size_t
clamp(size_t n, size_t least)
{
	return n < least ? least : n > MESSAGE_MAX ? MESSAGE_MAX : n;
}

static void
noise(uint8_t *p, size_t n, uint64_t random)
{
	for (size_t i = 0; i < n; i++) /* with the top bit set it is neither text nor a record header */
		p[i] = (uint8_t)(0x80 | (random + i * 29) >> (i & 7));
}

/* Writes a ClientHello or ServerHello with a cipher suite and one extension, padded (RFC 7685) to `want` bytes. */
static size_t
hello(bool client, size_t want, uint64_t random, uint8_t *p)
{
	static const uint8_t client_tail[] = { 0, 2, 0x13, 0x01, 1, 0 }; /* cipher suites, compression methods */
	static const uint8_t server_tail[] = { 0x13, 0x01, 0 };
	const size_t         n = clamp(want, 120);
	size_t               at = 0;

	const uint8_t head[] = { 22,
		                     3,
		                     1,
		                     (uint8_t)((n - 5) >> 8),
		                     (uint8_t)(n - 5),
		                     client ? 1 : 2,
		                     0,
		                     (uint8_t)((n - 9) >> 8),
		                     (uint8_t)(n - 9),
		                     3,
		                     3 };
	memcpy(p, head, sizeof head);
	at = sizeof head;
	for (size_t i = 0; i < 32; i++)
		p[at++] = (uint8_t)(random >> (i & 31));
	p[at++] = 0; /* no session id */
	memcpy(p + at, client ? client_tail : server_tail, client ? sizeof client_tail : sizeof server_tail);
	at += client ? sizeof client_tail : sizeof server_tail;
	const size_t  pad = n - at - 6;
	const uint8_t extension[] = { (uint8_t)((pad + 4) >> 8), (uint8_t)(pad + 4), 0, 21,
		                          (uint8_t)(pad >> 8),       (uint8_t)pad };
	memcpy(p + at, extension, sizeof extension);
	memset(p + at + sizeof extension, 0, pad);
	return n;
}

static size_t
tls(bool from_client, unsigned nth, size_t want, uint64_t random, uint8_t *p)
{
	if (nth == 0)
		return hello(from_client, want, random, p);
	const size_t  n = clamp(want, 30);
	const uint8_t head[] = { 23, 3, 3, (uint8_t)((n - 5) >> 8), (uint8_t)(n - 5) };
	memcpy(p, head, sizeof head);
	noise(p + 5, n - 5, random);
	return n;
}

static size_t
http(bool from_client, unsigned nth, size_t want, uint64_t random, uint8_t *p)
{
	char   text[160];
	size_t head;

	if (from_client)
		return (size_t)snprintf(
			(char *)p, MESSAGE_MAX,
			"GET /%016llx/%u HTTP/1.1\r\nHost: www.example.com\r\nUser-Agent: bench\r\nAccept: */*\r\n\r\n",
			(unsigned long long)random, nth);
	const size_t n = clamp(want, 100);
	head =
		(size_t)snprintf(text, sizeof text,
	                     "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %4zu\r\n\r\n", n - HTTP_HEAD);
	memcpy(p, text, head);
	memset(p + head, 'x', n - head);
	return n;
}

static size_t
dns(bool from_client, uint64_t random, uint8_t *p)
{
	static const uint8_t question[] = "\3www\7example\3com\0\0\1\0\1"; /* the literal's own NUL is left out below */
	static const uint8_t answer[] = { 0xc0, 0x0c, 0, 1, 0, 1, 0, 0, 1, 0x2c, 0, 4, 203, 0, 113, 5 };
	const uint8_t        head[12] = {
			   (uint8_t)(random >> 8), (uint8_t)random, from_client ? 1 : 0x81, from_client ? 0 : 0x80, 0, 1, 0,
        from_client ? 0 : 1
	};

	memcpy(p, head, sizeof head);
	memcpy(p + sizeof head, question, sizeof question - 1);
	if (from_client)
		return sizeof head + sizeof question - 1;
	memcpy(p + sizeof head + sizeof question - 1, answer, sizeof answer);
	return sizeof head + sizeof question - 1 + sizeof answer;
}

size_t
payload(enum kind kind, bool from_client, unsigned nth, size_t want, uint64_t random, uint8_t *p)
{
	switch (kind) {
	case TLS:
		return tls(from_client, nth, want, random, p);
	case HTTP:
		return http(from_client, nth, want, random, p);
	case DNS:
		return dns(from_client, random, p);
	case NO_PROTOCOL:
		break;
	}
	const size_t n = clamp(want, 1);
	noise(p, n, random);
	return n;
}
