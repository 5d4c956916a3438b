/* packet.h - frames of the synthetic captures, and the file that they are written to. */
#ifndef CONNLOG_BENCH_PACKET_H
#define CONNLOG_BENCH_PACKET_H

#include <stddef.h>
#include <stdint.h>

enum { FIN = 1, SYN = 2, RST = 4, PSH = 8, ACK = 16 };
#define HEADERS 54 /* Ethernet, IPv4, TCP */
#define SEGMENT 1460

/* Store the lower bits of a number in network byte order. */
static inline void
be16(uint8_t *p, size_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static inline void
be32(uint8_t *p, uint32_t v)
{
	be16(p, v >> 16);
	be16(p + 2, v & 0xffff);
}

/* A pcap file being written: microseconds, Ethernet. */
struct out {
	int      fd;
	size_t   used;
	uint64_t packets, bytes, usec;
	uint8_t  buffer[1 << 20];
};

/* One side of a packet; host order. */
struct end {
	uint32_t ip;
	uint16_t port;
};

void out_open(struct out *o, const char *path);
void out_close(struct out *o);
void put_tcp(struct out *o, struct end from, struct end to, uint32_t seq, uint32_t ack, unsigned flags,
             const void *data, size_t n);
void put_udp(struct out *o, struct end from, struct end to, const void *data, size_t n);
/* Writes an IPv4 packet unchanged, except for the header's checksum, which is filled in. */
void     put_ip(struct out *o, uint8_t *packet, size_t n);
uint64_t random64(uint64_t *state);

#endif
