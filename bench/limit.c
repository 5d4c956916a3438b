/* limit.c - the least work for any program that counts packets per connection: limit FILE
 *
 * Maps a capture of Ethernet, IPv4, and TCP or UDP, as written by gen.c, and adds each packet to an entry of 64 bytes,
 * found by a hash of the two endpoints and prefetched: no states, no timers, no reassembly, no log. Prints the numbers
 * of packets and connections.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_HEADER   24
#define RECORD_HEADER 16
#define LEAST         (14 + 20 + 8)
#define BATCH         32
#define START         (UINT64_C(1) << 16)

struct entry {
	_Alignas(64) uint64_t ends[2]; /* address and port, the lower first; 0: free */
	uint64_t packets[2], bytes[2]; /* from the lower endpoint, and from the other */
	uint32_t first[2], last[2];    /* seconds, microseconds */
};

struct table {
	struct entry *at;
	uint64_t      mask, used;
};

struct packet {
	uint64_t       ends[2], hash;
	const uint8_t *record;
	unsigned       from;
};

static void *
pages(size_t n)
{
	void *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED) {
		perror("limit");
		exit(1);
	}
	(void)madvise(p, n, MADV_HUGEPAGE);
	return p;
}

static uint64_t
hash_of(const uint64_t ends[2])
{
	const uint64_t h = (ends[0] ^ 0x243f6a8885a308d3u) * 0x9e3779b97f4a7c15u ^ (ends[1] + 0x13198a2e03707344u);
	return (h ^ h >> 32) * 0xd6e8feb86659fd93u >> 16;
}

static struct entry *
find(const struct table *t, const uint64_t ends[2], uint64_t hash)
{
	for (uint64_t i = hash & t->mask;; i = (i + 1) & t->mask)
		if (t->at[i].ends[1] == 0 || (t->at[i].ends[0] == ends[0] && t->at[i].ends[1] == ends[1]))
			return &t->at[i];
}

static void
grow(struct table *t)
{
	const struct table old = *t;
	t->mask = old.at ? 2 * old.mask + 1 : START - 1;
	t->at = pages((t->mask + 1) * sizeof *t->at);
	for (uint64_t i = 0; old.at && i <= old.mask; i++)
		if (old.at[i].ends[1] != 0)
			*find(t, old.at[i].ends, hash_of(old.at[i].ends)) = old.at[i];
	if (old.at)
		munmap(old.at, (old.mask + 1) * sizeof *old.at);
}

/* Reads the tuple of a record. Returns where the next record begins. */
static const uint8_t *
take(struct packet *p, const uint8_t *record)
{
	const uint8_t *ip = record + RECORD_HEADER + 14, *ports = ip + (ip[0] & 15) * 4u;
	uint32_t       caplen, address[2];
	uint16_t       port[2];
	memcpy(&caplen, record + 8, sizeof caplen);
	memcpy(address, ip + 12, sizeof address);
	memcpy(port, ports, sizeof port);
	const uint64_t a = (uint64_t)address[0] << 16 | port[0], b = (uint64_t)address[1] << 16 | port[1];
	p->from = a > b;
	p->ends[0] = (p->from ? b : a) | (uint64_t)ip[9] << 48;
	p->ends[1] = p->from ? a : b;
	p->hash = hash_of(p->ends);
	p->record = record;
	return record + RECORD_HEADER + caplen;
}

static void
add(struct table *t, const struct packet *p)
{
	struct entry *e = find(t, p->ends, p->hash);
	uint32_t      len;
	memcpy(&len, p->record + 12, sizeof len);
	if (e->ends[1] == 0) {
		memcpy(e->ends, p->ends, sizeof e->ends);
		memcpy(e->first, p->record, sizeof e->first);
		t->used++;
	}
	memcpy(e->last, p->record, sizeof e->last);
	e->packets[p->from]++;
	e->bytes[p->from] += len;
}

int
main(int argc, char **argv)
{
	struct stat    st;
	struct table   t = { 0 };
	struct packet  batch[BATCH];
	uint64_t       packets = 0;
	const int      fd = argc == 2 ? open(argv[1], O_RDONLY) : -1;
	const uint8_t *map = fd >= 0 && fstat(fd, &st) == 0 && st.st_size >= FILE_HEADER
	                         ? mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0)
	                         : MAP_FAILED;

	if (map == MAP_FAILED) {
		fprintf(stderr, "usage: limit FILE, a capture that gen has written\n");
		return 1;
	}
	(void)madvise((void *)(uintptr_t)map, (size_t)st.st_size, MADV_SEQUENTIAL);
	grow(&t);
	const uint8_t *at = map + FILE_HEADER, *end = map + st.st_size;
	while (end - at >= RECORD_HEADER + LEAST) {
		unsigned n = 0;
		if ((t.used + BATCH) * 2 > t.mask)
			grow(&t);
		for (; n < BATCH && end - at >= RECORD_HEADER + LEAST; n++) {
			at = take(&batch[n], at);
			__builtin_prefetch(&t.at[batch[n].hash & t.mask], 1);
		}
		for (unsigned i = 0; i < n; i++)
			add(&t, &batch[i]);
		packets += n;
	}
	printf("%llu %llu\n", (unsigned long long)packets, (unsigned long long)t.used);
	return 0;
}
