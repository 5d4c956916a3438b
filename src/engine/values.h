/* values.h - option values as written in Zeek's scripts. Each function returns false and changes nothing if the text is
 * not a valid value. */
#ifndef CONNLOG_ENGINE_VALUES_H
#define CONNLOG_ENGINE_VALUES_H

#include "engine/options.h"

bool value_bool(const char *text, bool *out);                         /* T, F, true, false, 1, 0 */
bool value_count(const char *text, uint64_t *out);                    /* 123 */
bool value_size(const char *text, uint64_t *out);                     /* 123, 64K, 512M, 2G, 1T: powers of 1024 */
bool value_counts(const char *text, struct count_set *out, bool add); /* 10,100,1000; "" or {}: none */
bool value_interval(const char *text, double *out);     /* 5sec 1.5 min 1hr 2days; a plain number is seconds */
bool value_ages(const char *text, struct age_set *out); /* 5min,1hr in ascending order; "": none */
/* rtt,orig_retrans,quality: what to measure for columns, as MEASURE() bits; "" or {}: nothing. */
bool value_measures(const char *text, uint32_t *out, bool add);
bool value_share(const char *text, struct share *out);               /* 0/4; "": everything */
bool value_string(const char *text, char **out);                     /* makes a copy and frees the previous one */
bool value_subnets(const char *text, struct net_set *out, bool add); /* "" or {}: none */
/* 80/tcp,53/udp; if `udp` is NULL, only TCP ports are accepted. */
bool value_ports(const char *text, struct port_set *tcp, struct port_set *udp, bool add);

#endif
