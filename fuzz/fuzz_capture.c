/* fuzz_capture.c - any bytes through the capture readers, plain or compressed, with and without a filter.
 *
 * The last byte chooses how many packets are requested per read and whether there is a filter. Every byte of every
 * packet is read, so that the sanitizers detect a packet that extends beyond its window.
 */
#include <stdlib.h>

#include "capture/source.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	connlog_packet          p[16];
	connlog_source_progress progress;
	connlog_source         *s;
	uint64_t                packets = 0;
	volatile unsigned       sum = 0; /* volatile, so that the reads are kept */
	char                    err[200];
	uint8_t                 choice;
	int                     r;

	if (size == 0)
		return 0;
	choice = data[size - 1];
	s = source_memory(data, size - 1, choice & 16 ? "ip or ip6" : NULL, err, sizeof err);
	if (!s)
		abort();
	while ((r = connlog_source_read(s, p, 1 + (choice & 15), err, sizeof err)) != CONNLOG_END) {
		for (int i = 0; i < r; i++, packets++) {
			if (p[i].nsec >= 1000000000)
				abort();
			for (uint32_t k = 0; k < p[i].caplen; k++)
				sum = sum + p[i].data[k];
		}
	}
	connlog_source_progress_get(s, &progress);
	if (progress.packets != packets || progress.bytes > size)
		abort();
	connlog_source_free(s);
	return 0;
}
