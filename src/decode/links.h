/* links.h - the known link types: the one table behind the decoder, --version and warnings.
 *
 * Zeek: scripts/base/packet-protocols/root/main.zeek. As there, any other link type is treated as raw IP; the last
 * three really are raw IP.
 */
#ifndef CONNLOG_DECODE_LINKS_H
#define CONNLOG_DECODE_LINKS_H

/* X(DLT_ value as libpcap has it on Linux, libpcap's name, what a frame begins with: enum layer) */
#define LINK_TYPES(X)                                                                                                  \
	X(0, "NULL", LAYER_NULL)                                                                                           \
	X(1, "EN10MB", LAYER_ETHERNET)                                                                                     \
	X(9, "PPP", LAYER_PPP)                                                                                             \
	X(10, "FDDI", LAYER_FDDI)                                                                                          \
	X(50, "PPP_SERIAL", LAYER_PPP_SERIAL)                                                                              \
	X(105, "IEEE802_11", LAYER_WLAN)                                                                                   \
	X(113, "LINUX_SLL", LAYER_SLL)                                                                                     \
	X(127, "IEEE802_11_RADIO", LAYER_RADIOTAP)                                                                         \
	X(239, "NFLOG", LAYER_NFLOG)                                                                                       \
	X(276, "LINUX_SLL2", LAYER_SLL2)                                                                                   \
	X(12, "RAW", LAYER_IP)                                                                                             \
	X(228, "IPV4", LAYER_IP)                                                                                           \
	X(229, "IPV6", LAYER_IP)

#endif
