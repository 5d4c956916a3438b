/* talkers.c - see talkers.h. */
#include "sensor/talkers.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LEAST 1.0 /* bytes below which an address is not reported */
#define FADE  0.7 /* factor by which a weight decreases in a second */

enum {
	WAYS = 8,
	BUCKETS = 512, /* a power of two */
	ETHERNET = 1,  /* link type */
	ETHER_HEADER = 14,
	TAG = 4,
	IPV4_LEAST = 20,
	IPV6_LEAST = 40,
};

struct talker {
	uint8_t address[16]; /* IPv4 mapped into IPv6 */
	double  rank;        /* bytes, including inherited ones; 0: free */
	double  sent, received, packets;
};

struct talkers {
	double        weight; /* seconds, fading like everything else */
	struct talker at[BUCKETS][WAYS];
};

struct talkers *
talkers_new(void)
{
	return calloc(1, sizeof(struct talkers));
}

void
talkers_free(struct talkers *t)
{
	free(t);
}

/* ---- counting */

/* Returns the bucket. An attacker who makes addresses share a bucket hides its smaller ones from this display; nothing
 * else depends on it. */
static unsigned
bucket_of(const uint8_t address[16])
{
	uint64_t half[2];

	memcpy(half, address, sizeof half);
	const uint64_t h = (half[0] ^ half[1] * UINT64_C(0x9e3779b97f4a7c15)) * UINT64_C(0xd6e8feb86659fd93);
	return (unsigned)(h >> 40) % BUCKETS;
}

static struct talker *
find(struct talkers *t, const uint8_t address[16])
{
	struct talker *bucket = t->at[bucket_of(address)], *least = bucket;

	for (unsigned i = 0; i < WAYS; i++) {
		if (memcmp(bucket[i].address, address, 16) == 0)
			return &bucket[i];
		if (bucket[i].rank < least->rank)
			least = &bucket[i];
	}
	const double inherited = least->rank;
	*least = (struct talker){ .rank = inherited };
	memcpy(least->address, address, 16);
	return least;
}

static void
count(struct talkers *t, const uint8_t address[16], double bytes, bool sends)
{
	struct talker *at = find(t, address);

	at->rank += bytes;
	at->packets++;
	if (sends)
		at->sent += bytes;
	else
		at->received += bytes;
}

static void
map_ipv4(uint8_t out[16], const uint8_t *address)
{
	memset(out, 0, 10);
	memset(out + 10, 0xff, 2);
	memcpy(out + 12, address, 4);
}

/* Reads both addresses of a frame. Returns whether it has any. */
static bool
addresses_of(const connlog_packet *p, uint8_t from[16], uint8_t to[16])
{
	const uint8_t *d = p->data;
	size_t         at = ETHER_HEADER;

	if (p->link != ETHERNET || p->caplen < ETHER_HEADER)
		return false;
	unsigned type = (unsigned)d[12] << 8 | d[13];
	while ((type == 0x8100 || type == 0x88a8) && p->caplen >= at + TAG) {
		type = (unsigned)d[at + 2] << 8 | d[at + 3];
		at += TAG;
	}
	if (type == 0x0800 && p->caplen >= at + IPV4_LEAST) {
		map_ipv4(from, d + at + 12);
		map_ipv4(to, d + at + 16);
		return true;
	}
	if (type == 0x86dd && p->caplen >= at + IPV6_LEAST) {
		memcpy(from, d + at + 8, 16);
		memcpy(to, d + at + 24, 16);
		return true;
	}
	return false;
}

void
talkers_packets(struct talkers *t, const connlog_packet *p, size_t n)
{
	uint8_t from[16], to[16];

	for (size_t i = 0; i < n; i++)
		if (addresses_of(&p[i], from, to)) {
			count(t, from, p[i].len, true);
			count(t, to, p[i].len, false);
		}
}

/* ---- reporting */

/* Sorts the largest first. */
static int
compare(const void *a, const void *b)
{
	const struct talker *x = *(const struct talker *const *)a, *y = *(const struct talker *const *)b;
	const double         mine = x->sent + x->received, other = y->sent + y->received;

	return (mine < other) - (mine > other);
}

static void
write_address(const uint8_t address[16], char out[INET6_ADDRSTRLEN])
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	if (memcmp(address, mapped, sizeof mapped) == 0)
		inet_ntop(AF_INET, address + sizeof mapped, out, INET6_ADDRSTRLEN);
	else
		inet_ntop(AF_INET6, address, out, INET6_ADDRSTRLEN);
}

static void
fade(struct talker *t)
{
	t->rank *= FADE;
	t->sent *= FADE;
	t->received *= FADE;
	t->packets *= FADE;
}

size_t
talkers_take(struct talkers *t, double seconds, struct talker_rates out[TALKERS_SHOWN])
{
	struct talker **found = malloc(BUCKETS * WAYS * sizeof *found);
	size_t          k = 0;

	t->weight += seconds;
	for (size_t i = 0; found != NULL && i < BUCKETS * WAYS; i++)
		if (t->at[i / WAYS][i % WAYS].sent + t->at[i / WAYS][i % WAYS].received > LEAST)
			found[k++] = &t->at[i / WAYS][i % WAYS];
	if (k > 0)
		qsort(found, k, sizeof *found, compare);
	k = k < TALKERS_SHOWN ? k : TALKERS_SHOWN;
	for (size_t i = 0; i < k; i++) {
		const struct talker *from = found[i];
		out[i] = (struct talker_rates){ .sent = from->sent / t->weight,
			                            .received = from->received / t->weight,
			                            .packets = from->packets / t->weight };
		write_address(from->address, out[i].address);
	}
	free(found);
	for (size_t i = 0; i < BUCKETS * WAYS; i++)
		fade(&t->at[i / WAYS][i % WAYS]);
	t->weight *= FADE;
	return k;
}

static void
put(FILE *f, const struct talker_rates *at, size_t n, const char *name, const char *help, size_t member)
{
	fprintf(f, "# HELP connlog_talker_%s %s\n# TYPE connlog_talker_%s gauge\n", name, help, name);
	for (size_t i = 0; i < n; i++) {
		double value;
		memcpy(&value, (const char *)&at[i] + member, sizeof value);
		fprintf(f, "connlog_talker_%s{address=\"%s\"} %.1f\n", name, at[i].address, value);
	}
}

char *
talkers_text(const struct talker_rates *at, size_t n, size_t *size)
{
	char *text = NULL;
	FILE *f = open_memstream(&text, size);

	if (f == NULL)
		return NULL;
	put(f, at, n, "sent_bytes_per_second", "What the address has sent lately.", offsetof(struct talker_rates, sent));
	put(f, at, n, "received_bytes_per_second", "What the address has received lately.",
	    offsetof(struct talker_rates, received));
	put(f, at, n, "packets_per_second", "Packets to the address and from it lately.",
	    offsetof(struct talker_rates, packets));
	if (fclose(f) == 0)
		return text;
	free(text);
	return NULL;
}
