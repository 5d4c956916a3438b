/* names.h - names of IP protocols. */
#ifndef CONNLOG_CONN_NAMES_H
#define CONNLOG_CONN_NAMES_H

#include <stdint.h>

/* Returns Zeek's name of an IP protocol number, or NULL if it has none. */
const char *ip_proto_name(uint8_t proto);

#endif
