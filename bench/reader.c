/* reader.c - counts the packets of a capture with libpcap and does nothing else, as a baseline for connlog. */
#include <pcap.h>
#include <stdint.h>
#include <stdio.h>

static void
count(u_char *arg, const struct pcap_pkthdr *header, const u_char *data)
{
	(void)header;
	(void)data;
	++*(uint64_t *)(void *)arg;
}

int
main(int argc, char **argv)
{
	char     err[PCAP_ERRBUF_SIZE] = "usage: reader FILE";
	pcap_t  *p = argc == 2 ? pcap_open_offline(argv[1], err) : NULL;
	uint64_t packets = 0;

	if (!p || pcap_loop(p, -1, count, (u_char *)(void *)&packets) != 0) {
		fprintf(stderr, "reader: %s\n", p ? pcap_geterr(p) : err);
		return 1;
	}
	pcap_close(p);
	printf("%llu\n", (unsigned long long)packets);
	return 0;
}
