/* packet.c - see packet.h. Every frame has correct lengths and checksums; packets are one microsecond apart. */
#include "packet.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define START     1700000000u
#define FRAME_MIN 60

static void
flush(struct out *o)
{
	for (size_t done = 0; done < o->used;) {
		ssize_t n = write(o->fd, o->buffer + done, o->used - done);
		if (n < 0) {
			perror("bench: writing a capture");
			exit(1);
		}
		done += (size_t)n;
	}
	o->used = 0;
}

void
out_open(struct out *o, const char *path)
{
	static const uint32_t header[6] = { 0xa1b2c3d4, 2 | 4 << 16, 0, 0, 262144, 1 };

	o->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	if (o->fd < 0) {
		perror(path);
		exit(1);
	}
	o->packets = o->bytes = o->usec = 0;
	memcpy(o->buffer, header, sizeof header);
	o->used = sizeof header;
}

void
out_close(struct out *o)
{
	flush(o);
	if (close(o->fd) != 0) {
		perror("bench: closing a capture");
		exit(1);
	}
}

/* Returns the sum of 16-bit words in the machine's byte order, not folded, as RFC 1071 allows. */
static uint64_t
sum(const uint8_t *p, size_t n)
{
	uint64_t s = 0;
	uint32_t word;
	uint8_t  rest[4] = { 0 };

	for (; n >= 4; p += 4, n -= 4) {
		memcpy(&word, p, 4);
		s += word;
	}
	memcpy(rest, p, n);
	memcpy(&word, rest, 4);
	return s + word;
}

static void
put_checksum(uint8_t *at, uint64_t s)
{
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	const uint16_t folded = (uint16_t)~s;
	memcpy(at, &folded, 2);
}

/* Begins a frame: the record header, Ethernet and IPv4. Returns the address of the transport header. */
static uint8_t *
begin(struct out *o, struct end from, struct end to, uint8_t proto, size_t ip_len)
{
	const size_t   frame = ip_len + 14 < FRAME_MIN ? FRAME_MIN : ip_len + 14;
	const uint32_t record[4] = { START + (uint32_t)(o->usec / 1000000), (uint32_t)(o->usec % 1000000), (uint32_t)frame,
		                         (uint32_t)frame };

	if (sizeof o->buffer - o->used < 16 + frame)
		flush(o);
	uint8_t *p = o->buffer + o->used;
	memset(p, 0, 16 + FRAME_MIN);
	memcpy(p, record, 16);
	p += 16;
	memcpy(p, "\x02\0\0\0\0\x01\x02\0\0\0\0\x02\x08", 13);
	p += 14;
	p[0] = 0x45;
	be16(p + 2, (unsigned)ip_len);
	be16(p + 4, (unsigned)o->packets & 0xffff);
	p[8] = 64;
	p[9] = proto;
	be32(p + 12, from.ip);
	be32(p + 16, to.ip);
	put_checksum(p + 10, sum(p, 20));
	o->used += 16 + frame;
	o->packets++;
	o->bytes += frame;
	o->usec++;
	be16(p + 20, from.port);
	be16(p + 22, to.port);
	return p + 20;
}

/* Fills in the checksum at `at` of a segment of `n` bytes that follows its IPv4 header. */
static void
finish(uint8_t *segment, size_t n, uint8_t proto, uint8_t *at)
{
	const uint8_t length[4] = { 0, proto, (uint8_t)(n >> 8), (uint8_t)n };

	put_checksum(at, sum(segment - 8, 8) + sum(length, 4) + sum(segment, n));
}

void
put_tcp(struct out *o, struct end from, struct end to, uint32_t seq, uint32_t ack, unsigned flags, const void *data,
        size_t n)
{
	uint8_t *p = begin(o, from, to, 6, 40 + n);

	be32(p + 4, seq);
	be32(p + 8, ack);
	p[12] = 5 << 4;
	p[13] = (uint8_t)flags;
	be16(p + 14, 64240);
	if (n)
		memcpy(p + 20, data, n);
	finish(p, 20 + n, 6, p + 16);
}

void
put_udp(struct out *o, struct end from, struct end to, const void *data, size_t n)
{
	uint8_t *p = begin(o, from, to, 17, 28 + n);

	be16(p + 4, (unsigned)(8 + n));
	memcpy(p + 8, data, n);
	finish(p, 8 + n, 17, p + 6);
}

void
put_ip(struct out *o, uint8_t *packet, size_t n)
{
	uint8_t *p = begin(o, (struct end){ 0 }, (struct end){ 0 }, 0, n) - 20;

	memset(packet + 10, 0, 2);
	put_checksum(packet + 10, sum(packet, 20));
	memcpy(p, packet, n);
}

/* splitmix64 */
uint64_t
random64(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}
