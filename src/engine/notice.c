/* notice.c - see notice.h.  Zeek: base/misc/find-checksum-offloading.zeek and find-filtered-trace.zeek. */
#include "engine/notice.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "capture/dlt.h"

#define OFFLOADING_MIN 10 /* wrong checksums of one host before it is reported */
#define TWICE_MIN      20
#define TWICE_WITHIN   0.1 /* seconds between a packet and its duplicate from a second tap */
#define FILTERED_MIN   3
#define COMPARED_ALL   4096 /* packets at the beginning that are all compared; of later ones */
#define COMPARED_OF    16 /* one in so many is, chosen by the low byte of its identification, which both copies share */

static void __attribute__((format(printf, 2, 3))) tell(const struct notices *n, const char *format, ...)
{
	char    text[512];
	va_list args;

	if (!n->fn)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	n->fn(n->arg, text);
}

void
notice_text(void *notices, const char *text)
{
	const struct notices *n = notices;
	if (n->fn)
		n->fn(n->arg, text);
}

static void
tell_offloading(struct notices *n, const struct notice_host *h)
{
	char host[ADDR_TEXT_MAX];

	addr_format(&h->host, host);
	n->told_offloading = true;
	tell(n,
	     "%" PRIu64 " of %" PRIu64
	     " checksums of %s are wrong: the capture was probably taken on that host, whose network "
	     "card computes them later (checksum offloading). Its packets are left out; read again with -C to count them",
	     h->bad, h->bad + h->good, host);
}

static void
checksums(struct notices *n, const struct pkt *p)
{
	struct notice_host *h = &n->hosts[(p->src.b[15] ^ p->src.b[14] ^ p->src.b[13]) % NOTICE_HOSTS];
	const bool          same = addr_equal(&h->host, &p->src);

	if (!p->l4_bad) {
		h->good += same;
		return;
	}
	n->any_bad = true;
	if (!same) {
		if (h->bad > 1) { /* the host with more errors keeps the entry */
			h->bad--;
			return;
		}
		*h = (struct notice_host){ .host = p->src };
	}
	if (++h->bad >= OFFLOADING_MIN && h->bad > h->good && !n->told_offloading)
		tell_offloading(n, h);
}

/* Counts a packet as a duplicate if it has the same IPv4 identification and checksum as a recent one from the same host
 * in the same connection. Only the last packet of an identification is remembered: if a sender gives all packets the
 * same identification, many of them have equal checksums by chance, but neighbours do not. */
static __attribute__((noinline)) void
repeats(struct notices *n, const struct pkt *p, uint32_t hash)
{
	static const uint8_t checksum_at[] = { 0, 16, 6, 2 }; /* offset in the header, by enum transport */
	const uint8_t       *checksum = bytes_at(p->payload, checksum_at[p->transport], 2);
	const uint32_t       id = load_be16(p->ip.p + 4);
	if (!checksum || id == 0)
		return;
	n->sampled += n->sampled < COMPARED_ALL;
	const uint32_t        mark = (hash ^ p->src.b[15] ^ id << 16) * 0x9e3779b1u;
	const uint32_t        print = (uint32_t)load_be16(checksum) << 16 | (p->ip_len & 0xffff);
	struct notice_recent *r = &n->recent[mark >> 24];
	n->compared++;
	n->twice += r->mark == mark && r->print == print && fabs(p->ts - r->ts) <= TWICE_WITHIN;
	*r = (struct notice_recent){ mark, print, p->ts };
}

void
notice_packet(struct notices *n, const struct pkt *p, uint32_t hash)
{
	if (p->l4_bad || n->any_bad)
		checksums(n, p);
	if (!n->tcp_payload && p->transport == TRANSPORT_TCP && p->data_len > 0 && !p->tcp_bad)
		n->tcp_payload = true;
	if (p->ip_version == 4 && (p->ip.p[5] % COMPARED_OF == 0 || n->sampled < COMPARED_ALL))
		repeats(n, p, hash);
}

void
notice_links(struct notices *n, const struct decode_counters *c)
{
	char link[DLT_TEXT_MAX];

	while (n->links_told < c->n_unknown_links) {
		dlt_text(c->unknown_links[n->links_told++], link);
		tell(n,
		     "link type %s is not known: its packets are taken for bare IP, as Zeek does, and left out where they are "
		     "no such. `connlog --version` lists the link types; --stats counts these packets",
		     link);
	}
}

void
notice_tcp_end(struct notices *n, uint64_t bytes)
{
	n->tcp_ends++;
	n->tcp_bytes += bytes;
}

void
notices_join(struct notices *n, const struct notices *other)
{
	n->told_offloading = n->told_offloading || other->told_offloading;
	n->compared += other->compared;
	n->twice += other->twice;
	n->tcp_ends += other->tcp_ends;
	n->tcp_bytes += other->tcp_bytes;
	n->tcp_payload = n->tcp_payload || other->tcp_payload;
}

/* Counts checksum errors that are too few to blame one host, or that were rejected before a host was known. */
static void
most_checksums(const struct notices *n, const struct decode_counters *c)
{
	const uint64_t bad = c->bad[1] + c->bad[2] + c->bad[3], checked = c->checked[1] + c->checked[2] + c->checked[3];

	if (c->bad[0] * 2 > c->checked[0])
		tell(n,
		     "%" PRIu64 " of %" PRIu64
		     " IP header checksums are wrong: those packets are left out; read again with -C to "
		     "count them",
		     c->bad[0], c->checked[0]);
	if (!n->told_offloading && bad * 2 > checked)
		tell(n,
		     "%" PRIu64 " of %" PRIu64
		     " checksums of TCP, UDP and ICMP are wrong: those packets are left out; if the capture "
		     "was taken with checksum offloading, read again with -C to count them",
		     bad, checked);
}

void
notice_end(struct notices *n, const struct decode_counters *c)
{
	if (n->ended)
		return;
	n->ended = true;
	most_checksums(n, c);
	if (c->truncated > 0)
		tell(n,
		     "%" PRIu64 " of %" PRIu64 " packets were cut short when they were captured (snaplen): what was cut off is "
		     "missing from histories and missed_bytes. Capture with tcpdump -s 0",
		     c->truncated, c->frames);
	if (n->twice >= TWICE_MIN && n->twice * 5 > n->compared * 2)
		tell(n,
		     "%" PRIu64 " of %" PRIu64
		     " packets that were compared are there twice: the capture probably holds traffic from two places "
		     "(a mirror port in both directions, or the interface any); packets and bytes count double",
		     n->twice, n->compared);
	const uint64_t cut = c->rejected[DECODE_R_truncated_IP_len];
	if (cut * 10 > c->frames) /* too many to be single errors */
		tell(n,
		     "%" PRIu64 " of %" PRIu64
		     " packets are shorter than their IP headers say and are left out: the capture was "
		     "probably cut by a program that did not note what was cut off",
		     cut, c->frames);
	if (n->tcp_ends >= FILTERED_MIN && !n->tcp_payload && n->tcp_bytes > 0 && cut == 0)
		tell(n,
		     "no TCP packet carries data although the sequence numbers tell of %" PRIu64
		     " bytes: the capture is probably "
		     "filtered to SYN, FIN and RST. detect_filtered_trace=T leaves such gaps out",
		     n->tcp_bytes);
}
