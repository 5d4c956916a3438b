/* attack.c - writes captures designed to consume memory: attack NAME COUNT FILE
 *
 *   syns       COUNT different SYNs without a reply
 *   pairs      COUNT pairs of endpoints, each with a UDP datagram and a reply
 *   hellos     COUNT connections, each with a handshake and the first bytes of a TLS hello that does not continue
 *   holes      COUNT connections, each with a handshake and segments with gaps between them
 *   fragments  COUNT first fragments of datagrams that do not continue
 *   tunnels    COUNT UDP datagrams in IP in IP, with new endpoints in each layer, every second one also in VXLAN
 *
 * Packets are 1 µs apart. An HTTP connection begins before all that and continues for a while after it: it has to be
 * logged as if nothing had been in between. FILE may be /dev/stdout. Prints the number of connections to standard
 * error.
 */
#include "packet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct out out;

static const struct end user = { 0xc0000201u, 40000 }, server = { 0xc6336401u, 80 };
static uint32_t         asked, answered; /* bytes of request and response */

static struct end
client_of(uint64_t i)
{
	return (struct end){ 0x0a000000u | ((uint32_t)(i * 11400715u) & 0xffffff),
		                 (uint16_t)(1024 + (i >> 24) * 61 + i * 40503 % 60000) };
}

static struct end
server_of(uint64_t i, uint16_t port)
{
	return (struct end){ 0xc6120000u | (uint32_t)(i * 2654435761u >> 15 & 0x1ffff), port };
}

static void
talk(void)
{
	static const char request[] = "GET /page HTTP/1.1\r\nHost: example.com\r\n\r\n";
	static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

	put_tcp(&out, user, server, 1001 + asked, 5001 + answered, PSH | ACK, request, sizeof request - 1);
	asked += sizeof request - 1;
	put_tcp(&out, server, user, 5001 + answered, 1001 + asked, PSH | ACK, answer, sizeof answer - 1);
	answered += sizeof answer - 1;
	put_tcp(&out, user, server, 1001 + asked, 5001 + answered, ACK, NULL, 0);
}

static void
begin(void)
{
	put_tcp(&out, user, server, 1000, 0, SYN, NULL, 0);
	put_tcp(&out, server, user, 5000, 1001, SYN | ACK, NULL, 0);
	put_tcp(&out, user, server, 1001, 5001, ACK, NULL, 0);
	talk();
	talk();
}

/* Advances time, by enough for an emergency to end. */
static void
end(void)
{
	out.usec += 20000000;
	for (int i = 0; i < 3000; i++, out.usec += 10000)
		talk();
	put_tcp(&out, user, server, 1001 + asked, 5001 + answered, FIN | ACK, NULL, 0);
	put_tcp(&out, server, user, 5001 + answered, 1002 + asked, FIN | ACK, NULL, 0);
	put_tcp(&out, user, server, 1002 + asked, 5002 + answered, ACK, NULL, 0);
}

static void
syn(uint64_t i)
{
	put_tcp(&out, client_of(i), server_of(i & 63, 80), (uint32_t)(i * 2654435761u), 0, SYN, NULL, 0);
}

static void
pair(uint64_t i)
{
	const struct end  a = client_of(i), b = server_of(i & 1023, (uint16_t)(7000 + i % 50000));
	static const char text[] = "anything that is no protocol";

	put_udp(&out, a, b, text, sizeof text);
	put_udp(&out, b, a, text, sizeof text);
}

static uint32_t
handshake(uint64_t i, struct end a, struct end b)
{
	const uint32_t seq = (uint32_t)(i * 2654435761u);

	put_tcp(&out, a, b, seq, 0, SYN, NULL, 0);
	put_tcp(&out, b, a, 7000, seq + 1, SYN | ACK, NULL, 0);
	put_tcp(&out, a, b, seq + 1, 7001, ACK, NULL, 0);
	return seq + 1;
}

static void
hello(uint64_t i)
{
	/* A record of 2,000 bytes with a hello of 1,996, of which 300 are sent. */
	static const uint8_t head[] = { 22, 3, 1, 0x07, 0xd0, 1, 0, 0x07, 0xcc, 3, 3 };
	uint8_t              data[300] = { 0 };
	const struct end     a = client_of(i), b = server_of(i & 1023, 443);

	memcpy(data, head, sizeof head);
	put_tcp(&out, a, b, handshake(i, a, b), 7001, PSH | ACK, data, sizeof data);
}

static void
hole(uint64_t i)
{
	static const uint8_t data[200] = "\x16\x03\x01 this may be a hello";
	const struct end     a = client_of(i), b = server_of(i & 1023, 443);
	const uint32_t       seq = handshake(i, a, b);

	for (uint32_t k = 0; k < 6; k++)
		put_tcp(&out, a, b, seq + 300 + k * 400, 7001, PSH | ACK, data, sizeof data);
}

/* Writes the header of a packet of `n` bytes, without a checksum. */
static void
ip_header(uint8_t *p, uint32_t from, uint32_t to, uint8_t proto, size_t n)
{
	memset(p, 0, 20);
	p[0] = 0x45;
	be16(p + 2, n);
	p[8] = 64;
	p[9] = proto;
	be32(p + 12, from);
	be32(p + 16, to);
}

static void
checksum(uint8_t *p)
{
	uint32_t sum = 0;

	for (int i = 0; i < 20; i += 2)
		sum += (uint32_t)p[i] << 8 | p[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	be16(p + 10, ~sum & 0xffff);
}

static void
fragment(uint64_t i)
{
	uint8_t p[220] = { 0 };

	ip_header(p, client_of(i).ip, server_of(i & 1023, 0).ip, 17, sizeof p);
	be16(p + 4, i & 0xffff);
	p[6] = 0x20; /* more fragments follow */
	put_ip(&out, p, sizeof p);
}

/* Writes UDP in IP in IP, every second one also in VXLAN. */
static void
tunnel(uint64_t i)
{
	enum { IPS = 3, UDP = 8, DATA = 20, VXLAN = 16 + 14 };
	uint8_t          shell[VXLAN + IPS * 20 + UDP + DATA] = { 0x08 }, *p = shell + 8 + 14;
	size_t           left = IPS * 20 + UDP + DATA;
	const struct end a = client_of(i), b = server_of(i & 1023, 4789);

	memcpy(shell + 8, "\x02\0\0\0\0\x03\x02\0\0\0\0\x04\x08\0", 14);
	for (uint32_t k = 0; k < IPS; k++, p += 20, left -= 20) {
		ip_header(p, (uint32_t)(a.ip + (k << 16)), b.ip + k, k < IPS - 1 ? 4 : 17, left);
		checksum(p);
	}
	be16(p, a.port);
	be16(p + 2, 9999);
	be16(p + 4, UDP + DATA);
	p = shell + 8 + 14;
	if (i % 2)
		put_udp(&out, a, b, shell, sizeof shell - 8);
	else
		put_ip(&out, p, IPS * 20 + UDP + DATA);
}

int
main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*put)(uint64_t i);
		double connections; /* for one COUNT */
	} attacks[] = { { "syns", syn, 1 },   { "pairs", pair, 1 },         { "hellos", hello, 1 },
		            { "holes", hole, 1 }, { "fragments", fragment, 0 }, { "tunnels", tunnel, 1.5 } };

	for (size_t k = 0; argc == 4 && k < sizeof attacks / sizeof attacks[0]; k++)
		if (strcmp(attacks[k].name, argv[1]) == 0) {
			const uint64_t n = strtoull(argv[2], NULL, 10);
			out_open(&out, argv[3]);
			begin();
			for (uint64_t i = 0; i < n; i++)
				attacks[k].put(i);
			end();
			out_close(&out);
			fprintf(stderr, "%.0f\n", 1 + (double)n * attacks[k].connections);
			return 0;
		}
	fprintf(stderr, "usage: attack syns|pairs|hellos|holes|fragments|tunnels COUNT FILE\n");
	return 2;
}
