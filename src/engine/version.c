/* version.c - the version and the build's features. Formats and link types have tables of their own that can be
 * listed. */
#include "connlog.h"

/* CONNLOG_LUA and CONNLOG_PCRE2 come from the Makefile, such as LuaJIT-2.1.0, Lua-5.4.4 or none, and PCRE2-10.42 or
 * nothing. */
#ifndef CONNLOG_PCRE2
#define CONNLOG_PCRE2 none
#endif
#define TEXT(word)  QUOTE(word)
#define QUOTE(word) #word

const char *
connlog_version(void)
{
	return "connlog " CONNLOG_VERSION "\n"
		   "captures: pcap, pcapng, gzip, zstd; live through AF_PACKET and libpcap\n"
		   "scripts: " TEXT(CONNLOG_LUA) "\n"
										 "regular expressions: " TEXT(CONNLOG_PCRE2) "\n";
}
