/* iface.h - what the kernel says about a network interface. */
#ifndef CONNLOG_CAPTURE_IFACE_H
#define CONNLOG_CAPTURE_IFACE_H

#include <stdbool.h>
#include <stdint.h>

/* These ask through a socket of any kind, in the network that it was made in. */
int      iface_index(int fd, const char *name); /* 0: there is none of that name */
bool     iface_up(int fd, const char *name);
int      iface_type(int fd, const char *name); /* ARPHRD_...; -1 for none */
unsigned iface_mtu(int fd, const char *name);  /* 0 where it is not known */

/* Writes which features make one long packet of several, in either direction, and are on, as ethtool wants them to turn them
 * off: "gro off lro off".  Returns whether there are any. */
#define IFACE_GLUE_MAX 64
bool iface_glue(int fd, const char *name, bool sent, char out[IFACE_GLUE_MAX]);

/* Returns the packets that the card had no room for since the interface was made, asked for through a socket of
 * iface_drops_open(); 0 where it is not known.  What the kernel calls dropped does not count: it has been captured, and only
 * nobody else wanted it, such as frames of a VLAN that this host is not in. */
uint64_t iface_drops(int netlink, const char *name);
int      iface_drops_open(void); /* -1: there are none */

#endif
