/* version.c - what this is and what it was built with. */
#include "connlog.h"

const char *
connlog_version(void)
{
	return "connlog " CONNLOG_VERSION "\n"
		   "captures: pcap, pcapng, gzip, zstd; live through libpcap\n"
		   "formats: zeek, json\n";
}
