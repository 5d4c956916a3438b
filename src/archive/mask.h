/* mask.h - a frame written anew with other addresses, so that it can be shared.
 *
 * The new bytes start as zeros, and only what is known to hold no address is copied: fields of headers that are decoded.  Addresses
 * are replaced as in records (connlog_anonymize.h).  Everything else stays zero: payload, unless it is to be kept, values of options, padding,
 * protocols that are not decoded.  Lengths never change.  Checksums are made right again; one that was wrong becomes another wrong one.
 *
 * As in the decoder, a layer is a function that handles the header at `at` and returns the next layer (decode/walk.h); nothing here
 * decides what is a packet of a connection.
 */
#ifndef CONNLOG_ARCHIVE_MASK_H
#define CONNLOG_ARCHIVE_MASK_H

#include "base/bytes.h"
#include "decode/ip.h"
#include "record/anonymize.h"

enum mask_layer {
	MASK_ETHERNET,
	MASK_VLAN,
	MASK_VNTAG,
	MASK_PBB,
	MASK_MPLS,
	MASK_PPPOE,
	MASK_LLC,
	MASK_FDDI,
	MASK_NFLOG,
	MASK_NULL,
	MASK_PPP,
	MASK_PPP_SERIAL,
	MASK_SLL,
	MASK_SLL2,
	MASK_RADIOTAP,
	MASK_WLAN,
	MASK_AMSDU,
	MASK_ARP,
	MASK_IP,
	MASK_QUOTE, /* an IP packet in an ICMP error, which may be cut short */
	MASK_GRE,
	MASK_TCP,
	MASK_UDP,
	MASK_ICMP,
	MASK_PAYLOAD,
	MASK_DONE,
};

/* A checksum that is set when everything it covers is there. */
struct mask_sum {
	uint64_t pseudo;     /* sum of the pseudo-header */
	size_t   field;      /* where it is */
	size_t   at, n;      /* what it covers */
	bool     good;       /* it was right, or nobody can say */
	bool     never_zero; /* zero would mean that there is none (UDP) */
};

/* What a transport header's checksum covers besides it. */
struct mask_ip {
	struct addr src, dst, new_src, new_dst; /* with Home Address option and Routing header honoured */
	uint8_t     proto;
	bool        v4, quoted;
	bool        cut; /* not all of the payload was captured */
	uint32_t    len; /* of the payload, as the header says */
};

enum { MASK_RESTS = 8 };

struct mask_rest {
	size_t at, end;
};

struct mask {
	/* Set by the caller. */
	const connlog_anonymizer *with;
	bool                      keep_payload;
	bool         whole; /* the buffer is an IP datagram put together, whose header may still be a fragment's */
	struct bytes old;
	uint8_t *new; /* as many bytes, zeros */
	/* Called for a fragment that was captured whole, whose payload stays zero.  NULL: never. */
	void (*fragment)(void *arg, const struct mask *m, const struct ip_header *h, struct bytes ip);
	void *arg;

	size_t           at, end;           /* of the old bytes: what is left of the current piece */
	struct mask_rest rests[MASK_RESTS]; /* of A-MSDUs: what follows the current packet */
	unsigned         n_rests;
	struct mask_ip   ip;

	/* Results. */
	struct mask_sum *sums; /* outermost first; allocated */
	size_t           n_sums, sums_room;
	bool             failed; /* out of memory, or libcrypto failed: `new` must not be used */
};

/* Writes the new bytes, except for the checksums of transport protocols.  `link` is the DLT_ value of a frame. */
void mask_frame(struct mask *m, int32_t link);
void mask_datagram(struct mask *m);
/* Sets these checksums. */
void mask_finish(const struct mask_sum *sums, size_t n, uint8_t *new);

/* ---- for the layers ----------------------------------------------------------------------------------------------------------- */

static inline size_t
mask_left(const struct mask *m)
{
	return m->end - m->at;
}

static inline const uint8_t *
mask_old(const struct mask *m)
{
	return m->old.p + m->at;
}

/* Copies up to `n` bytes at the offset `from`, as far as the piece goes. */
void mask_keep(struct mask *m, size_t from, size_t n);
/* Copies `n` bytes, which are there, and goes on behind them. */
void mask_take(struct mask *m, size_t n);
/* Keeps at most the next `n` bytes as the piece. */
void mask_head(struct mask *m, size_t n);
/* Replace an address, if all of it is there. */
void mask_link_address(struct mask *m, size_t from);
void mask_v4(struct mask *m, size_t from);
void mask_v6(struct mask *m, size_t from);
/* Replaces the address that the decoder takes for the packet's. */
struct addr mask_addr(struct mask *m, struct addr a);
/* Adds a checksum; `was` is the pseudo-header's sum over the old bytes.  It counts as right if not all it covers is there. */
void mask_add_sum(struct mask *m, struct mask_sum sum, uint64_t was, bool all_there);

enum mask_layer mask_link(struct mask *m, enum mask_layer layer); /* mask_link.c */
enum mask_layer mask_arp(struct mask *m);                         /* mask_link.c */
enum mask_layer mask_wlan(struct mask *m, enum mask_layer layer); /* mask_wlan.c */
enum mask_layer mask_ip(struct mask *m, bool quoted);             /* mask_ip.c */
enum mask_layer mask_tcp(struct mask *m);                         /* mask_transport.c */
enum mask_layer mask_udp(struct mask *m);
enum mask_layer mask_icmp(struct mask *m);
enum mask_layer mask_gre(struct mask *m);                                         /* mask_tunnel.c */
enum mask_layer mask_udp_payload(struct mask *m, uint16_t sport, uint16_t dport); /* mask_tunnel.c */

#endif
